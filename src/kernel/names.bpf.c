// SPDX-License-Identifier: GPL-2.0-or-later
/* The names of files that are known by their address alone: component by component, up through the mounts. */
#include "common.h"

enum { COMPONENTS = 40, ONE_NAME = 256 };

/* what one name has come to */
struct {
	uint64_t dentry, mount;
} climb;

static __always_inline void one_component(struct rec_name *r, struct dentry *d)
{
	uint32_t len = r->len;
	long got;

	if (len > NAME_ROOM - ONE_NAME) {
		r->flags |= NAME_CUT;
		return;
	}
	got = bpf_probe_read_kernel_str(r->text + len, ONE_NAME, GET(d, d_name.name));
	if (got > 0)
		r->len = len + (uint32_t)got;
}

/* Goes one up. False at the root. */
static __always_inline bool up(struct rec_name *r)
{
	struct dentry *d = (void *)climb.dentry, *parent;
	struct mount *m = (void *)climb.mount, *above;

	if (d == GET(m, mnt.mnt_root)) {
		above = GET(m, mnt_parent);
		if (!above || above == m) {
			r->flags |= NAME_ROOTED;
			return false;
		}
		climb.dentry = (uint64_t)GET(m, mnt_mountpoint);
		climb.mount = (uint64_t)above;
		return true;
	}
	one_component(r, d);
	parent = GET(d, d_parent);
	climb.dentry = (uint64_t)parent;
	return parent && parent != d;
}

static __always_inline void one_name(struct rec_name *r, struct file *f)
{
	struct vfsmount *mnt = GET(f, f_path.mnt);
	struct dentry *d = GET(f, f_path.dentry);
	struct inode *inode = GET(f, f_inode);

	r->len = r->flags = 0;
	r->family = r->type = 0;
	r->ino = GET(inode, i_ino);
	r->mode = GET(inode, i_mode);
	r->dev = GET(inode, i_sb, s_dev);
	r->magic = GET(inode, i_sb, s_magic);
	if (r->magic == MAGIC_SOCKFS) {
		r->len = socket_protocol(inode, r->text, &r->family, &r->type);
		return;
	}
	climb.dentry = (uint64_t)d;
	climb.mount = (uint64_t)mnt - AT(mount, mnt);
	if (!GET(d, d_hash.pprev) && GET(d, d_parent) != d)
		r->flags |= NAME_DELETED;
#pragma clang loop unroll(disable)
	for (int i = 0; i < COMPONENTS; i++) {
		if (!up(r))
			return;
	}
	r->flags |= NAME_CUT;
}

SEC("iter/task")
int walk_names(struct bpf_iter__task *it)
{
	(void)it;
	x.len = x.n = 0;
	for (uint32_t i = 0; i < NAMES_AT_ONCE; i++) {
		struct rec_name *r = x.names[i] ? room(sizeof(*r)) : NULL;

		if (!r)
			break;
		one_name(r, (void *)x.names[i]);
	}
	return answer(WALK_DONE);
}
