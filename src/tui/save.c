/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the screen writes: whole, or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) && errno != EINVAL && errno != EROFS ? -errno : 0;
}

int write_file(const char *path, const char *text, size_t len, bool overwrite)
{
	struct stat st;
	mode_t mask = umask(0);
	char *next = NULL;
	int fd, err;

	umask(mask);
	/* something that is no file, /dev/stdout for one, cannot be replaced: it is written to as it is */
	if (overwrite && !stat(path, &st) && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		err = fd < 0 ? -errno : write_all(fd, text, len);
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (asprintf(&next, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(next, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(next);
		return err;
	}
	err = write_all(fd, text, len);
	if (!err && fchmod(fd, 0666 & ~mask))
		err = -errno;
	close(fd);
	if (!err && renameat2(AT_FDCWD, next, AT_FDCWD, path, overwrite ? 0 : RENAME_NOREPLACE)) {
		err = -errno;
		/* a file system that cannot do that: a second name is made, which fails too where there is one */
		if (!overwrite && err == -EINVAL)
			err = link(next, path) ? -errno : 0;
	}
	if (err || !overwrite)
		unlink(next);
	free(next);
	return err;
}

const char *save_frame(struct arena *a, const struct frame *f, const char *path, bool overwrite, bool *exists)
{
	struct buf b = {0};
	int err;

	*exists = false;
	snap_json_begin(&b, &f->doc.head);
	for (size_t i = 0; i < f->doc.n_rings; i++)
		snap_json_ring(&b, &f->doc.rings[i], i == 0);
	snap_json_end(&b, f->doc.skipped, f->doc.n_skipped, &f->doc.threads);
	err = write_file(path, b.data, b.len, overwrite);
	buf_free(&b);
	if (err == -EEXIST && !overwrite) {
		*exists = true;
		return "it exists";
	}
	return err ? arena_strdup(a, strerror(-err)) : NULL;
}
