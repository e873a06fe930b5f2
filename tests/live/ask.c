/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "tap.h"

bool slow(void)
{
	return getenv("URINGTOP_SLOW");
}

const char *pid_text(int pid)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return text;
}

cJSON *dump(const struct zoo *z, const char *data, const char *sources)
{
	struct output o = RUN(built("uringctl"), "dump", "--json", "-p", pid_text(zoo_pid(z)), "-s", data, "--source",
		sources ? sources : "proc,memory,kernel");
	cJSON *doc = cJSON_Parse(o.out);

	if (o.status || *o.err || !doc)
		tap_note("status %d, stderr %s", o.status, o.err);
	output_free(&o);
	return doc;
}

const cJSON *find(const cJSON *doc, const cJSON *truth, int nth)
{
	const cJSON *ring, *id = GET(truth, "ring_id"), *holder, *fd;

	cJSON_ArrayForEach(ring, GET(doc, "rings"))
	{
		if (id && cJSON_Compare(id, GET(ring, "ring_id"), 1))
			return ring;
		if (id)
			continue;
		cJSON_ArrayForEach(holder, GET(ring, "holders"))
		{
			cJSON_ArrayForEach(fd, GET(holder, "fds"))
			{
				if (cJSON_Compare(fd, GET(truth, "fd"), 1))
					return ring;
			}
		}
	}
	return id ? NULL : cJSON_GetArrayItem(GET(doc, "rings"), nth);
}

bool old_kernel(const cJSON *truth)
{
	return !GET(truth, "ring_id") && !GET(truth, "hidden_ring");
}

void forget(cJSON *truth, const char *section, const char *key, const char *why)
{
	cJSON *s = section ? GET(truth, section) : truth;

	if (s && GET(s, key)) {
		tap_note("%s%s%s is not compared: %s", section ? section : "", section ? "." : "", key, why);
		cJSON_DeleteItemFromObject(s, key);
	}
}

void overlay(cJSON *truth, const cJSON *over)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, over)
	{
		cJSON *there = GET(truth, item->string);

		if (cJSON_IsObject(item) && cJSON_IsObject(there)) {
			overlay(there, item);
			continue;
		}
		cJSON_DeleteItemFromObject(truth, item->string);
		cJSON_AddItemToObject(truth, item->string, cJSON_Duplicate(item, 1));
	}
}

/* Registered files by name; a name is compared as far as the kernel shows it. */
const char *check_files(const cJSON *truth, const cJSON *ring)
{
	const cJSON *names = GET(truth, "file_names"), *name, *got, *unavailable = GET(ring, "unavailable");
	bool last_part = GET(unavailable, "registered.files.path");
	int slot = 0;

	cJSON_ArrayForEach(name, names)
	{
		const char *want = cJSON_GetStringValue(name), *say = NULL;

		cJSON_ArrayForEach(got, GET(GET(ring, "registered"), "files"))
		{
			if (cJSON_GetNumberValue(GET(got, "slot")) == slot)
				say = cJSON_GetStringValue(GET(got, "file"));
		}
		if (want && last_part)
			want = strpbrk(want, "/[") ? (strrchr(want, '/') ? strrchr(want, '/') + 1 : strchr(want, '['))
						   : want;
		if (say && last_part) {
			if (strncmp(say, ".../", 4))
				return say;
			say += 4;
		}
		if (!want != !say || (want && strcmp(want, say)))
			return say ? say : "nothing";
		slot++;
	}
	return NULL;
}
