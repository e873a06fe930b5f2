/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files get numbers; a number is named once, when it is first seen. */
#ifndef URINGTOP_TRACE_TFILES_H
#define URINGTOP_TRACE_TFILES_H

#include "tbpf.h"

enum { KNOWN_FILES = 1024, COMPONENTS = 24, ONE_NAME = 256, AT_FDCWD = -100 };

extern uint32_t file_counts[1024][PROGRAMS];

struct known_file {
	uint64_t inode, dentry, hash, ino;
	uint32_t number, pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAMS *KNOWN_FILES);
	__type(key, uint32_t);
	__type(value, struct known_file);
} known_files SEC(".maps");

static __always_inline bool climb(struct ev_file *e, struct dentry **d, struct mount **m)
{
	struct dentry *parent;
	struct mount *above;
	uint32_t len = e->len;
	long got;

	if (*d == GET(*m, mnt.mnt_root)) {
		above = GET(*m, mnt_parent);
		if (!above || above == *m) {
			e->flags |= NAME_ROOTED;
			return false;
		}
		*d = GET(*m, mnt_mountpoint);
		*m = above;
		return true;
	}
	if (len > TRACE_NAME_ROOM - ONE_NAME) {
		e->flags |= NAME_CUT;
		return false;
	}
	got = bpf_probe_read_kernel_str(e->text + len, ONE_NAME, GET(*d, d_name.name));
	if (got > 0)
		e->len = len + (uint32_t)got;
	parent = GET(*d, d_parent);
	if (!parent || parent == *d)
		return false;
	*d = parent;
	return true;
}

static __noinline int name_file(struct inode *inode, struct dentry *d, struct vfsmount *mnt, uint32_t number)
{
	struct ev_file *e = EVENT(ev_file, EV_FILE, 0, 0, whom(false, (void *)bpf_get_current_task()));
	struct mount *m = (void *)mnt - AT(mount, mnt);

	if (!e)
		return 0;
	e->number = number;
	e->ino = GET(inode, i_ino);
	e->mode = GET(inode, i_mode);
	e->magic = GET(inode, i_sb, s_magic);
	e->flags = e->len = 0;
	e->family = e->sock_type = 0;
	if (e->magic == MAGIC_SOCKFS) {
		e->len = socket_protocol(inode, e->text, &e->family, &e->sock_type);
		bpf_ringbuf_submit(e, wake());
		return (int)number;
	}
	if (!GET(d, d_hash.pprev) && GET(d, d_parent) != d)
		e->flags |= NAME_DELETED;
#pragma clang loop unroll(disable)
	for (int i = 0; i < COMPONENTS; i++)
		if (!climb(e, &d, &m))
			break;
	bpf_ringbuf_submit(e, wake());
	return (int)number;
}

/* The number of a file. What it was called may have changed since it was named; that it is another file is seen. */
static __always_inline uint32_t path_number(
	bool fast, enum program program, struct inode *inode, struct dentry *d, struct vfsmount *mnt)
{
	struct known_file now = {0}, *k;
	uint32_t slot, cpu;

	now.inode = (uint64_t)inode;
	now.dentry = (uint64_t)d;
	now.hash = READ(fast, d, d_name.hash_len);
	now.ino = READ(fast, inode, i_ino);
	slot = (uint32_t)((now.hash ^ now.ino << 20) * 0x9e3779b97f4a7c15 >> 54) + program * KNOWN_FILES;
	k = bpf_map_lookup_elem(&known_files, &slot);
	if (!k)
		return 0;
	if (k->inode == now.inode && k->dentry == now.dentry && k->hash == now.hash && k->ino == now.ino)
		return k->number;
	cpu = bpf_get_smp_processor_id() & 1023;
	now.number = (++file_counts[cpu][program] * PROGRAMS + program) * cpus + cpu;
	if (!name_file(inode, d, mnt, now.number))
		return 0;
	*k = now;
	return now.number;
}

static __always_inline uint32_t file_number(bool fast, enum program program, struct file *f)
{
	return f && want_files ? path_number(fast, program, READ(fast, f, f_inode), READ(fast, f, f_path.dentry),
					 READ(fast, f, f_path.mnt))
			       : 0;
}

static __always_inline struct file *open_file(struct task_struct *t, int32_t fd)
{
	return fd >= 0 && (uint32_t)fd < GET(t, files, fdt, max_fds) ? (void *)load(GET(t, files, fdt, fd) + fd) : NULL;
}

/* What a descriptor is now: a request to close it, or on a name below it, has no file when it completes. */
static __noinline uint32_t descriptor_number(enum program program, uint32_t kind, int32_t fd)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct dentry *d;

	if (!want_files)
		return 0;
	if (kind == FD_DIRECTORY && fd == AT_FDCWD) {
		d = GET(t, fs, pwd.dentry);
		return path_number(false, program, GET(d, d_inode), d, GET(t, fs, pwd.mnt));
	}
	return file_number(false, program, open_file(t, fd));
}

#endif
