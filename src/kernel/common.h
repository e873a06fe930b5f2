/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all BPF programs here use. */
#ifndef URINGTOP_KERNEL_COMMON_H
#define URINGTOP_KERNEL_COMMON_H

#include "view.h"

#include "krecords.h"

extern struct exchange x;

/* A field of whatever size the kernel gives it. p is a pointer that nobody vouches for. */
#define NUM(p, field) BPF_CORE_READ_BITFIELD_PROBED(p, field)
#define GET(p, ...) BPF_CORE_READ(p, __VA_ARGS__)
#define HAS(type, field) bpf_core_field_exists(struct type, field)
#define AT(type, field) bpf_core_field_offset(struct type, field)
/* The address of a field, from the address of its structure. */
#define ADDR(p, type, field) ((void *)(p) + AT(type, field))

#define likely(c) __builtin_expect(!!(c), 1)
#define unlikely(c) __builtin_expect(!!(c), 0)

static __always_inline uint64_t load(const void *p)
{
	uint64_t v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), p);
	return v;
}

/* What the kernel does with a ring's file: learnt from a ring of our own. Whatever else calls itself a ring is none. */
extern uint64_t ring_fops;

/* The ring behind a file, NULL if it is none. */
static __always_inline struct io_ring_ctx *ring_of(struct file *file)
{
	return ring_fops && (uint64_t)GET(file, f_op) == ring_fops ? GET(file, private_data) : NULL;
}

/* Is anybody holding the file? It may have been given back, and be another by now. */
static __always_inline bool file_alive(struct file *file)
{
	if (HAS(file, f_ref)) {
		return GET(file, f_ref.refcnt.counter) >= 0;
	}
	return GET(file, f_count.counter) > 0;
}

/* Has its last descriptor been closed? It is on its way out then, and takes no more requests (io_ring_ctx_wait_and_kill). */
static __always_inline bool ring_closed(struct io_ring_ctx *ctx)
{
	enum { DEAD = 2 }; /* __PERCPU_REF_DEAD, include/linux/percpu-refcount.h, 5.10 to 7.3 */

	return GET(ctx, refs.percpu_count_ptr) & DEAD;
}

/*
 * Is there still a ring at this address, which no file vouches for? The tasks that use a ring have a node each in its list, and the nodes
 * are taken out of it before the ring is freed (io_ring_exit_work): whatever memory is there then, it heads no list of nodes that
 * name it.
 */
static __always_inline bool ring_in_use(struct io_ring_ctx *ctx)
{
	uint64_t head = (uint64_t)ADDR(ctx, io_ring_ctx, tctx_list), first = load((void *)head);
	struct io_tctx_node *n = (void *)(first - AT(io_tctx_node, ctx_node));

	if (!HAS(io_tctx_node, ctx) || !first || first == head || ring_closed(ctx))
		return false;
	return load((void *)first + AT(list_head, prev)) == head && GET(n, ctx) == ctx;
}

/* The ring that is asked for, NULL if it is gone. */
static __always_inline struct io_ring_ctx *asked_ring(void)
{
	struct file *file = (void *)x.file;

	if (!file)
		return x.ctx && ring_in_use((void *)x.ctx) ? (void *)x.ctx : NULL;
	if (ring_of(file) != (void *)x.ctx || GET(file, f_inode, i_ino) != x.ino || !file_alive(file))
		return NULL;
	return (void *)x.ctx;
}

/*
 * Ends a step. The ring is looked at again: what was read while it went away means nothing. The iterator's own rule makes it
 * stay where it is when a program returns 1, and read() says EAGAIN: that is how a step is asked for with one system call.
 */
static __always_inline int answer(uint32_t status)
{
	x.status = asked_ring() ? status : WALK_GONE;
	return 1;
}

/* A pid as the caller's pid namespace has it, 0 if it is not in there. */
static __always_inline int32_t number_in(struct pid *pid, const struct pid *mine)
{
	uint32_t level = GET(mine, level);
	struct upid u = {0}, m = {0};

	if (!pid || level > GET(pid, level) || level > 32)
		return 0;
	bpf_probe_read_kernel(&m, sizeof(m), (void *)mine + AT(pid, numbers) + level * sizeof(m));
	bpf_probe_read_kernel(&u, sizeof(u), (void *)pid + AT(pid, numbers) + level * sizeof(u));
	return u.ns == m.ns ? u.nr : 0;
}

static __always_inline struct pid *my_pid(void)
{
	struct task_struct *me = (void *)bpf_get_current_task();

	return GET(me, thread_pid);
}

/* The thread group's id: a task that has ended has lost its own. */
static __always_inline int32_t tgid_of(struct task_struct *t, const struct pid *mine)
{
	return number_in(GET(t, group_leader, thread_pid), mine);
}

static __always_inline int32_t tid_of(struct task_struct *t, const struct pid *mine)
{
	return number_in(GET(t, thread_pid), mine);
}

static __always_inline void task_ids(struct task_ids *out, struct task_struct *t, const struct pid *mine)
{
	out->tgid = tgid_of(t, mine);
	out->tid = tid_of(t, mine);
	bpf_probe_read_kernel_str(out->comm, sizeof(out->comm), ADDR(t, task_struct, comm));
	if (HAS(task_struct, __state)) {
		out->state = GET(t, __state);
	} else {
		out->state = (uint32_t)GET(t, state);
	}
	out->exit_state = (uint32_t)GET(t, exit_state);
	out->cpu = -1;
	out->cpu_ns = GET(t, utime) + GET(t, stime);
}

static __always_inline void cred_ids(struct cred_ids *out, const struct cred *c)
{
	out->uid = GET(c, euid.val);
	out->gid = GET(c, egid.val);
	bpf_probe_read_kernel(&out->cap_effective, sizeof(out->cap_effective), ADDR(c, cred, cap_effective));
}

enum { MAGIC_SOCKFS = 0x534f434b }; /* include/uapi/linux/magic.h */

/* The protocol of a socket by its inode. Returns the length of its name, 0: it is not known. */
static __always_inline uint32_t socket_protocol(struct inode *inode, char name[32], uint16_t *family, uint16_t *type)
{
	struct socket_alloc *s;
	struct proto *prot;
	struct sock *sk;
	long got;

	*family = *type = 0;
	if (!HAS(socket_alloc, vfs_inode) || !HAS(proto, name))
		return 0;
	s = (void *)inode - AT(socket_alloc, vfs_inode);
	sk = GET(s, socket.sk);
	prot = GET(sk, __sk_common.skc_prot);
	if (!sk || !prot)
		return 0;
	got = bpf_probe_read_kernel_str(name, 32, ADDR(prot, proto, name));
	if (got <= 1)
		return 0;
	*family = GET(sk, __sk_common.skc_family);
	*type = (uint16_t)NUM(sk, sk_type);
	return (uint32_t)got;
}

/* Where the next record goes; NULL: no room for it in this step. */
static __always_inline void *room(uint32_t size)
{
	uint32_t at = x.len;

	if (size > OUT_SIZE || at > OUT_SIZE - size)
		return NULL;
	x.len = at + size;
	x.n++;
	return x.out + at;
}

#endif
