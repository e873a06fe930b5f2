/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to a ring's memory, how large it is and how it is laid out: from what the kernel says, checked against what stands
 * there.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kbtf.h"
#include "reading.h"
#include "uapi.h"

/* Do the words stand where this header has them? Then they say what the kernel says. */
static bool header_fits(const struct ring_words *w, const struct fdinfo *f)
{
	return w->sq_mask == f->sq_mask && w->cq_mask == f->cq_mask && w->sq_entries == f->sq_mask + 1 &&
	       w->cq_entries == f->cq_mask + 1;
}

/* The layout that a kernel of this release has, as far as is known. */
static size_t expected_header(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (!uname(&u))
		sscanf(u.release, "%u.%u", &major, &minor);
	return major > 6 || (major == 6 && minor >= 7) ? 0 : 1;
}

/*
 * Where the header's words stand. The layout that this release should have is proved if it shows the kernel's own numbers, and
 * that spares loading BTF. A target may have spoilt its words, or have laid them out like another kernel's: then BTF decides, and
 * only what BTF said is used for other rings. Without BTF it is whichever layout makes sense. 0 or a negative errno.
 */
static int find_header(struct reading *x)
{
	size_t expected;
	int err = 0;

	if (x->b->have_base) {
		const uint32_t *at = x->b->base.offsets;

		x->header = (struct ring_header){
			at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7], at[8], at[9], at[10], at[11], at[12]};
		return ring_read_words(x->acc, &x->header, &x->words);
	}
	expected = expected_header();
	if (!x->b->have_header) {
		x->header = ring_header_known[expected];
		err = ring_read_words(x->acc, &x->header, &x->words);
		if (err || (x->f && x->f->has_queues && header_fits(&x->words, x->f)))
			return err;
		x->b->have_header = !kbtf_io_rings(&x->b->header);
	}
	if (x->b->have_header) {
		x->header = x->b->header;
		return ring_read_words(x->acc, &x->header, &x->words);
	}
	for (size_t i = 0; i < 2; i++) {
		struct ring_geometry g = {0};

		x->header = ring_header_known[i ? !expected : expected];
		err = ring_read_words(x->acc, &x->header, &x->words);
		if (err || !ring_geometry_from_words(&x->header, &x->words, &g))
			return err;
	}
	return -EBADMSG;
}

struct mapping_check {
	struct ring_mapping wanted;
	uint64_t ino;
	bool there;
};

static void compare_mapping(void *ctx, const struct proc_map *m)
{
	struct mapping_check *c = ctx;

	c->there |= m->start == c->wanted.start && m->end == c->wanted.end && m->ino == c->ino;
}

/*
 * Is the ring still mapped where it was seen? A descriptor's fdinfo has shown the ring's number; without it, the process
 * may have ended meanwhile and its pid be that of another.
 */
static bool still_mapped(struct reading *x, const struct ring_mapping *m)
{
	struct mapping_check c = {*m, x->r->id, x->r->numbered};
	struct person *p = person_of(x->b, m->tid);

	return p && proc_maps_ring_at(p->dir, x->b->d->anon_dev, m->start, compare_mapping, &c) == 0 && c.there;
}

/*
 * Tries the ways to the memory in the order of how little they disturb: the target's own mapping leaves no trace at all, a
 * duplicate of the descriptor keeps the ring alive for the microseconds of one copy.
 */
static bool by_mapping(struct reading *x)
{
	const struct found_ring *r = x->r;

	for (size_t i = 0; i < r->n_maps; i++) {
		if (i && r->maps[i].pid == r->maps[i - 1].pid)
			continue;
		ring_access_vm_init(&x->vm, r->maps[i].pid, r->maps, r->n_maps);
		x->acc = &x->vm.base;
		x->err = -find_header(x);
		if (!x->err && !x->f && !still_mapped(x, &r->maps[i]))
			x->err = ESRCH;
		if (!x->err)
			return true;
	}
	return false;
}

bool by_descriptor(struct reading *x)
{
	const struct found_ring *r = x->r;
	bool refused = false;

	for (size_t i = 0; i < r->n_refs; i++) {
		struct person *p = person_of(x->b, r->refs[i].tid);
		int pidfd = p ? person_pidfd(p) : -1;

		if (pidfd < 0) {
			if (x->err == ENXIO)
				x->err = p && r->refs[i].tid != r->refs[i].pid ? EOPNOTSUPP : errno;
			continue;
		}
		ring_access_fd_init(&x->fd, r->refs[i].pid, pidfd, r->refs[i].fd);
		x->acc = &x->fd.base;
		x->err = -find_header(x);
		if (!x->err)
			return true;
		refused |= x->err == ENOMEM || x->err == EINVAL;
	}
	/* only a ring whose memory is the program's own cannot be mapped through its descriptor */
	x->no_mmap = refused && !r->n_maps;
	return false;
}

/* The layout that the setup flags make. */
static struct ring_layout layout_of(uint32_t flags)
{
	return (struct ring_layout){.sqe128 = flags & UAPI_SETUP_SQE128,
		.sqe_mixed = flags & UAPI_SETUP_SQE_MIXED,
		.cqe32 = flags & UAPI_SETUP_CQE32,
		.cqe_mixed = flags & UAPI_SETUP_CQE_MIXED,
		.no_sqarray = flags & UAPI_SETUP_NO_SQARRAY};
}

/* Through the kernel, which needs neither a mapping nor a descriptor, and takes no reference. */
static bool by_kernel(struct reading *x)
{
	const struct ring_base *base = &x->b->base;
	const uint32_t *at = base->offsets;
	struct ring_geometry g = {.sq_entries = base->sq_entries, .cq_entries = base->cq_entries};
	struct ring_layout l = layout_of(base->flags);
	struct ring_header h = {.cqes = at[12]};

	if (!x->b->have_base)
		return false;
	ring_access_kernel_init(&x->kernel, x->b->k, &x->b->key, ring_rings_size(&h, &g, &l), ring_sqes_size(&g, &l));
	x->acc = &x->kernel.base;
	x->err = -find_header(x);
	return !x->err;
}

void find_access(struct reading *x)
{
	bool memory = uses(x->b, SOURCE_MEMORY);

	x->err = memory ? ENXIO : ECANCELED;
	if (!(memory && by_mapping(x)) && !by_kernel(x) && !(memory && by_descriptor(x)))
		x->acc = NULL;
}

const char *why_no_memory(const struct reading *x)
{
	switch (x->err) {
	case ECANCELED:
		return not_asked;
	case EPERM:
	case EACCES:
		return "EPERM: the memory of another user's process (CAP_SYS_PTRACE)";
	case EFAULT:
		return "this kernel lets nobody read the mapping of a ring, and there is no descriptor of it that "
		       "could be duplicated";
	case EBADMSG:
		return "the sizes in the ring's memory make no sense: its program has overwritten them";
	case ESRCH:
	case EBADF:
		return "the process ended or closed the ring while it was read";
	case ERANGE:
		return "the program has unmapped a part of the ring's memory, and there is no descriptor of it that "
		       "could be duplicated";
	case EOPNOTSUPP:
		return "the only descriptor is in a thread's own table, out of which this kernel duplicates nothing "
		       "(6.9 does)";
	case ETIMEDOUT:
		return "the process does not answer";
	case ENOSYS:
		return "this kernel has no pidfd_getfd (5.6 has)";
	case ENXIO:
		return "no process has mapped the ring's memory, and no descriptor of it is within reach";
	case EAGAIN:
		return "ambiguous: nothing tells whether the entries are single or double in size, and they read "
		       "differently";
	default:
		if (x->no_mmap)
			return "a NO_MMAP ring: its memory is the program's own, and the kernel alone knows where (it "
			       "takes the kernel source)";
		return strerrorname_np(x->err) ? strerrorname_np(x->err) : "it could not be read";
	}
}

static void map_lengths(struct reading *x)
{
	struct ring_access_vm v;

	for (size_t i = 0; i < x->r->n_maps; i++) {
		ring_access_vm_init(&v, x->r->maps[i].pid, x->r->maps, x->r->n_maps);
		if (v.rings_len > x->g.rings_len)
			x->g.rings_len = v.rings_len;
		if (v.sqes_len > x->g.sqes_len)
			x->g.sqes_len = v.sqes_len;
	}
}

/* Sizes, from the kernel if it says them. 0 or -EBADMSG. */
int geometry(struct reading *x)
{
	map_lengths(x);
	if (x->b->have_base) {
		x->g.sq_entries = x->b->base.sq_entries;
		x->g.cq_entries = x->b->base.cq_entries;
		return 0;
	}
	if (x->f && x->f->has_queues && x->f->sq_mask < UAPI_MAX_SQ_ENTRIES && x->f->cq_mask < UAPI_MAX_CQ_ENTRIES) {
		x->g.sq_entries = x->f->sq_mask + 1;
		x->g.cq_entries = x->f->cq_mask + 1;
		return 0;
	}
	x->g_inferred = true;
	if (!x->acc || !ring_geometry_from_words(&x->header, &x->words, &x->g))
		return x->acc ? 0 : -EBADMSG;
	if (x->acc != &x->fd.base)
		return -EBADMSG;
	/* its program may have mapped less than there is; through the descriptor the kernel itself sets the bounds */
	x->g.rings_len = x->g.sqes_len = 0;
	return ring_geometry_from_words(&x->header, &x->words, &x->g);
}

bool same_place(const struct reading *x)
{
	return !x->f || !x->f->has_queues ||
	       (x->words.sq_head == x->f->sq_head && x->words.sq_tail == x->f->sq_tail &&
		       x->words.cq_head == x->f->cq_head && x->words.cq_tail == x->f->cq_tail);
}

/* Before 5.15 fdinfo does not speak of the queues; big entries came with 5.19, rings without SQ array with 6.6. */
bool before_big_entries(const struct reading *x)
{
	return x->f && !x->f->has_queues;
}

void decide(struct reading *x, const struct ring_layout *l, size_t n)
{
	x->sure = (struct ring_layout_known){true, true, true, true, true};
	if (x->b->have_base) {
		x->layout = layout_of(x->b->base.flags);
		return;
	}
	x->layout = l[0];
	if (before_big_entries(x)) {
		x->layout = (struct ring_layout){0};
		return;
	}
	for (size_t i = 1; i < n; i++) {
		x->sure.sqe_size &= l[i].sqe128 == l[0].sqe128;
		x->sure.sqe_mixed &= l[i].sqe_mixed == l[0].sqe_mixed;
		x->sure.cqe_size &= l[i].cqe32 == l[0].cqe32;
		x->sure.cqe_mixed &= l[i].cqe_mixed == l[0].cqe_mixed;
		x->sure.sqarray &= l[i].no_sqarray == l[0].no_sqarray;
	}
}

/* How many of the copied entries are nothing but zeros: a sign that they were looked for in the wrong places. */
static size_t blank(const struct ring_copy *c)
{
	static const uint8_t zeros[64];
	size_t n = 0;

	for (size_t i = 0; i < c->n_sq; i++)
		n += c->sq[i].in_range && !memcmp(c->sq[i].sqe.b, zeros, sizeof(zeros));
	for (size_t i = 0; i < c->n_cq; i++)
		n += !c->cq[i].user_data && !c->cq[i].res && !c->cq[i].flags;
	return n;
}

/*
 * 6.6 to 6.18 print no line for the entries of a ring without SQ array, so where lines are missing for entries that would have
 * one, there is no array; else the lines have to agree with the copy.
 */
static bool confirmed(const struct reading *x, const struct ring_layout *l, const struct ring_copy *c)
{
	if (!x->f || !x->f->has_queues)
		return true;
	if (!ring_agrees(c, x->f))
		return false;
	if (x->f->n_sqes || l->no_sqarray || !same_place(x))
		return true;
	for (size_t i = 0; i < c->n_sq; i++)
		if (c->sq[i].in_range && uapi_op(c->sq[i].sqe.b[SQE_OPCODE]))
			return false;
	return true;
}

static bool same_entries(const struct ring_copy *a, const struct ring_copy *b)
{
	if (a->n_sq != b->n_sq || a->n_cq != b->n_cq)
		return false;
	for (size_t i = 0; i < a->n_sq; i++)
		if (a->sq[i].slot != b->sq[i].slot || memcmp(a->sq[i].sqe.b, b->sq[i].sqe.b, 64))
			return false;
	for (size_t i = 0; i < a->n_cq; i++)
		if (memcmp(&a->cq[i], &b->cq[i], offsetof(struct ring_cq_entry, big)))
			return false;
	return true;
}

/*
 * Copies the entries under each layout that is possible and keeps those that the kernel's lines confirm; where several are
 * left, those that find the fewest blank entries. Returns 0 with the entries in *copy; -EAGAIN if layouts are left that show
 * different entries; another negative errno if none can be read.
 */
int copy_entries(struct reading *x, struct ring_copy *copy)
{
	struct ring_layout all[RING_LAYOUTS], good[RING_LAYOUTS];
	struct ring_copy c[RING_LAYOUTS];
	size_t n = ring_layouts(&x->header, &x->g, x->f && x->f->has_queues ? x->f : NULL, all), n_good = 0,
	       least = SIZE_MAX, k = 0;
	int err = 0, first_err = -EBADMSG;

	if (x->b->have_base) {
		decide(x, all, 0);
		return ring_read_entries(x->a, x->acc, &x->header, &x->g, &x->layout, &x->words, copy);
	}
	if (before_big_entries(x) || !n) {
		all[0] = (struct ring_layout){0};
		n = 1;
	}
	for (size_t i = 0; i < n; i++) {
		err = ring_read_entries(x->a, x->acc, &x->header, &x->g, &all[i], &x->words, &c[n_good]);
		if (!i) {
			first_err = err;
			*copy = c[n_good];
		}
		if (!err && confirmed(x, &all[i], &c[n_good])) {
			good[n_good] = all[i];
			least = blank(&c[n_good]) < least ? blank(&c[n_good]) : least;
			n_good++;
		}
	}
	if (!n_good) {
		/* nothing agrees: the ring is moving, or its program writes to entries that it has already published */
		decide(x, all, n);
		return first_err;
	}
	for (size_t i = 0; i < n_good; i++) {
		if (blank(&c[i]) == least) {
			good[k] = good[i];
			c[k++] = c[i];
		}
	}
	decide(x, good, k);
	*copy = c[0];
	for (size_t i = 1; i < k; i++)
		if (!same_entries(&c[0], &c[i]))
			return -EAGAIN;
	return 0;
}
