/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file system of silent: a FUSE server that leaves some requests unanswered. */
#ifndef SILENT_H
#define SILENT_H

#include <stdbool.h>

/* Where it is mounted, in a mount namespace of its own. */
#define SILENT_DIR "/tmp"
/*
 * The files; of each, one kind of request is never answered. "page" never answers READ: opened for reading it is cached, opened for
 * reading and writing it is FOPEN_DIRECT_IO.
 */
#define SILENT_PAGE SILENT_DIR "/page"
#define SILENT_FLUSH SILENT_DIR "/flush"
#define SILENT_POLL SILENT_DIR "/poll"
#define SILENT_XATTR SILENT_DIR "/xattr"
#define SILENT_STAT SILENT_DIR "/stat"

/*
 * Gives this process a mount namespace, as uid 65534 a user namespace too, and mounts. Returns the descriptor of /dev/fuse: when its last
 * duplicate is closed, by the end of this process at the latest, every request that is left fails. -1, and why: what could not be done.
 */
int silent_mount(bool user, const char **why);
/* Answers what is there, without waiting. Returns how many requests are left unanswered. */
unsigned silent_serve(int fuse);

#endif
