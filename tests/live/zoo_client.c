/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo_client.h"

const char *built(const char *program)
{
	static char paths[8][256];
	static int next;
	const char *dir = getenv("BUILD");
	char *path = paths[next++ % 8];

	snprintf(path, 256, "%s/%s", dir ? dir : "build", program);
	return path;
}

struct zoo zoo_open(const char *exhibit)
{
	struct zoo z = {0};
	int in[2], out[2];
	char *line = NULL;
	size_t cap = 0;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		abort();
	z.pid = fork();
	if (!z.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(built("ringzoo"), "ringzoo", exhibit, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	z.in = in[1];
	z.out = fdopen(out[0], "r");
	if (getline(&line, &cap, z.out) <= 0 || !(z.truth = cJSON_Parse(line))) {
		printf("Bail out! ringzoo %s said nothing\n", exhibit);
		exit(1);
	}
	free(line);
	return z;
}

void zoo_close(struct zoo *z)
{
	close(z->in);
	kill(z->pid, SIGKILL);
	waitpid(z->pid, NULL, 0);
	fclose(z->out);
	cJSON_Delete(z->truth);
}

const char *zoo_unsupported(const struct zoo *z)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(z->truth, "unsupported"));
}

int zoo_pid(const struct zoo *z)
{
	const cJSON *ring = cJSON_GetArrayItem(cJSON_GetObjectItem(z->truth, "rings"), 0);

	return (int)cJSON_GetNumberValue(cJSON_GetObjectItem(ring, "pid"));
}

/* What the tool's JSON does not have under the same name. */
static int special(const char *key)
{
	static const char *const keys[] = {"pid", "fd", "truth_setup", "data", "peer", "no_mmap", "scribbles",
		"file_names", "personality", "with_kernel", "without_kernel", "count_files", "count_buffers",
		"count_requests", "unordered", "timed", "stuck_in", "hidden_ring"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i], key))
			return 1;
	return 0;
}

static const char *say(const char *path, const char *what, const cJSON *truth, const cJSON *got)
{
	static char text[2048];
	char *t = cJSON_PrintUnformatted(truth), *g = got ? cJSON_PrintUnformatted(got) : NULL;

	snprintf(text, sizeof(text), "%s: %s: the truth is %.700s, the tool says %.700s", path, what, t,
		g ? g : "nothing");
	free(t);
	free(g);
	return text;
}

static const char *compare(const cJSON *truth, const cJSON *got, const char *path, int depth)
{
	char sub[256];
	const cJSON *item;
	const char *why;
	int i = 0;

	if (!got)
		return say(path, "missing", truth, got);
	if (cJSON_IsObject(truth)) {
		if (!cJSON_IsObject(got))
			return say(path, "not an object", truth, got);
		cJSON_ArrayForEach(item, truth)
		{
			/* the specials are special in a ring, not in what stands in it */
			if (special(item->string) && (depth == 0 || !strcmp(item->string, "data")))
				continue;
			snprintf(sub, sizeof(sub), "%s.%s", path, item->string);
			why = compare(item, cJSON_GetObjectItemCaseSensitive(got, item->string), sub, depth + 1);
			if (why)
				return why;
		}
		return NULL;
	}
	if (cJSON_IsArray(truth)) {
		if (!cJSON_IsArray(got) || cJSON_GetArraySize(got) != cJSON_GetArraySize(truth))
			return say(path, "not as many", truth, got);
		cJSON_ArrayForEach(item, truth)
		{
			snprintf(sub, sizeof(sub), "%s[%d]", path, i);
			why = compare(item, cJSON_GetArrayItem(got, i++), sub, depth + 1);
			if (why)
				return why;
		}
		return NULL;
	}
	return cJSON_Compare(truth, got, 1) ? NULL : say(path, "different", truth, got);
}

const char *differs(const cJSON *truth, const cJSON *got)
{
	return compare(truth, got, "ring", 0);
}
