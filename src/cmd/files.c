/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that both programs read, and the descriptors they start with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "snapjson.h"

void fill_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= 2)
		;
	if (fd > 2)
		close(fd);
}

void tell_stuck(size_t n, pid_t one)
{
	if (n)
		complain("%zu helper process%s (pid %d%s) cannot end yet: the kernel lets %s wait for a process that "
			 "does not "
			 "answer; %s as soon as it lets %s",
			n, n == 1 ? "" : "es", (int)one, n == 1 ? "" : " is one", n == 1 ? "it" : "them",
			n == 1 ? "it ends" : "they end", n == 1 ? "it" : "them");
}

void end_helpers(struct helpers *h)
{
	pid_t one = 0;
	size_t n = helpers_free(h, &one);

	tell_stuck(n, one);
}

/* A whole file; NULL, and why not. */
static char *slurp(struct arena *a, const char *path, size_t *len, const char **why)
{
	bool standard = !strcmp(path, "-");
	FILE *f = standard ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t cap = 0, got;

	*len = 0;
	*why = NULL;
	if (f) {
		do {
			if (cap - *len < 65536)
				text = xrealloc(text, cap = cap ? cap * 2 : 1 << 17);
			got = fread(text + *len, 1, cap - *len, f);
			*len += got;
		} while (got && *len <= MOST_FILE);
	}
	if (!f || ferror(f))
		*why = arena_printf(a, "%s (--from wants a file that 'uringctl dump --json' wrote)", strerror(errno));
	else if (*len > MOST_FILE)
		*why = arena_printf(
			a, "larger than %d MiB (no dump is; a part of the rings is saved by -p)", MOST_FILE >> 20);
	if (f && !standard)
		fclose(f);
	if (!*why)
		return text;
	free(text);
	return NULL;
}

const char *read_document(struct arena *a, const char *path, struct snap_doc *doc)
{
	const char *why;
	size_t len;
	char *text = slurp(a, path, &len, &why);

	if (text)
		why = snap_json_read(a, text, len, doc);
	free(text);
	return why;
}
