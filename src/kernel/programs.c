/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading: the one place that knows libbpf. What is loaded belongs to this process alone and ends with it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "programs.h"
#include "uring.skel.h"

/* libbpf's messages name addresses of the kernel: none of them is ever shown. */
static int silence(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static bool listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* Loads those of the named programs that are not among the bad ones. NULL with errno. */
static struct uring *try_load(const char *const *names, const char *const *bad)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct bpf_program *prog;
	struct uring *skel;
	uint32_t id;
	int err;

	/*
	 * libbpf looks for what it does not find in the kernel among its modules, and fails if that is forbidden: it takes
	 * CAP_SYS_ADMIN, and nothing here is in a module. Told where to look, it looks nowhere else, but reads that twice.
	 */
	if (bpf_btf_get_next_id(0, &id) && errno == EPERM)
		opts.btf_custom_path = "/sys/kernel/btf/vmlinux";
	skel = uring__open_opts(&opts);

	if (!skel)
		return NULL;
	bpf_object__for_each_program(prog, skel->obj)
	{
		const char *name = bpf_program__name(prog);

		bpf_program__set_autoload(prog, listed(names, name) && !listed(bad, name));
	}
	err = uring__load(skel);
	if (!err && !skel->bss)
		err = -EOPNOTSUPP; /* the exchange has to be memory that both sides see (5.5) */
	if (!err)
		return skel;
	uring__destroy(skel);
	errno = -err;
	return NULL;
}

/* Which of the programs does this kernel refuse? Each is tried alone; so this takes its time, and is done only if it must be. */
static size_t find_bad(const char *const *names, const char **bad)
{
	static const char *const none[] = {NULL};
	size_t n = 0;

	for (; *names && n + 1 < MOST_PROGRAMS; names++) {
		const char *const one[] = {*names, NULL};
		struct uring *skel = try_load(one, none);

		if (skel)
			uring__destroy(skel);
		else
			bad[n++] = *names;
	}
	bad[n] = NULL;
	return n;
}

int programs_load(struct programs *p, const char *const *names)
{
	const char *bad[MOST_PROGRAMS] = {NULL};
	struct bpf_program *prog;

	libbpf_set_print(silence);
	*p = (struct programs){0};
	p->skel = try_load(names, bad);
	/* what no choice of programs changes */
	if (!p->skel && (errno == EPERM || errno == ENOSYS || errno == ENOMEM))
		return -errno;
	if (!p->skel) {
		int err = errno;

		find_bad(names, bad);
		p->skel = try_load(names, bad);
		if (!p->skel)
			return -err;
	}
	bpf_object__for_each_program(prog, p->skel->obj)
	{
		const char *name = bpf_program__name(prog);

		if (p->n < MOST_PROGRAMS && listed(names, name) && !listed(bad, name)) {
			p->iter[p->n].name = name;
			p->iter[p->n++].fd = -1;
		}
	}
	return p->n ? 0 : -ENOEXEC;
}

void programs_free(struct programs *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->iter[i].fd >= 0)
			close(p->iter[i].fd);
		bpf_link__destroy(p->iter[i].link);
	}
	uring__destroy(p->skel);
	*p = (struct programs){0};
}

struct exchange *programs_exchange(struct programs *p)
{
	return &p->skel->bss->x;
}

void programs_fops(struct programs *p, uint64_t fops)
{
	p->skel->bss->ring_fops = fops;
}

/*
 * A program that walks a ring needs no task of its own, only to be run: where iterators can be kept to one task (6.1), it
 * is our own; else it is whichever comes first.
 */
static struct bpf_link *attach(struct bpf_program *prog, bool walks)
{
	union bpf_iter_link_info info = {0};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link;

	info.task.tid = (uint32_t)getpid();
	link = walks ? bpf_program__attach_iter(prog, &opts) : NULL;
	return link ? link : bpf_program__attach_iter(prog, NULL);
}

int programs_iter(struct programs *p, const char *name, bool anew)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (strcmp(p->iter[i].name, name))
			continue;
		if (!p->iter[i].link) {
			struct bpf_program *prog = bpf_object__find_program_by_name(p->skel->obj, name);

			p->iter[i].link = attach(prog, strncmp(name, "find_", 5) != 0);
			if (!p->iter[i].link)
				return -errno;
		}
		if (anew && p->iter[i].fd >= 0) {
			close(p->iter[i].fd);
			p->iter[i].fd = -1;
		}
		if (p->iter[i].fd < 0)
			p->iter[i].fd = bpf_iter_create(bpf_link__fd(p->iter[i].link));
		return p->iter[i].fd < 0 ? -errno : p->iter[i].fd;
	}
	return -ENOEXEC;
}

int programs_iter_of(struct programs *p, const char *name, int32_t tid)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(p->skel->obj, name);
	union bpf_iter_link_info info = {0};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link;
	int fd;

	info.task.tid = (uint32_t)tid;
	link = prog ? bpf_program__attach_iter(prog, &opts) : NULL;
	if (!link)
		return prog ? -errno : -ENOEXEC;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		fd = -errno;
	bpf_link__destroy(link);
	return fd;
}

int programs_step(struct programs *p, const char *name)
{
	struct exchange *x = programs_exchange(p);
	char byte;

	/* an iterator whose task has ended has come to its end: it is started again, once */
	for (int i = 0; i < 2; i++) {
		int fd = programs_iter(p, name, i > 0);
		ssize_t got;

		if (fd < 0)
			return fd;
		x->status = WALK_UNTOUCHED;
		do
			got = read(fd, &byte, 1);
		while (got < 0 && errno == EINTR);
		if (x->status != WALK_UNTOUCHED)
			return (int)x->status;
		if (got < 0 && errno != EAGAIN)
			return -errno;
	}
	return -EIO;
}
