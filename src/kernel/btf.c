/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /sys/kernel/btf/vmlinux, which everyone may read. */
#include <bpf/btf.h>
#include <string.h>
#include <unistd.h>

#include "kbtf.h"

static const char path[] = "/sys/kernel/btf/vmlinux";
static struct btf *vmlinux;
static bool tried;

bool kbtf_present(void)
{
	return access(path, R_OK) == 0;
}

static struct btf *load(void)
{
	if (!tried) {
		tried = true;
		vmlinux = btf__parse_raw(path);
	}
	return vmlinux;
}

static int member(struct btf *b, const struct btf_type *t, const char *name, uint32_t *out)
{
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		if (!strcmp(btf__name_by_offset(b, btf_members(t)[i].name_off), name)) {
			*out = btf_member_bit_offset(t, i) / 8;
			return 0;
		}
	}
	return -1;
}

int kbtf_io_rings(struct ring_header *h)
{
	struct btf *b = load();
	const struct btf_type *t;
	int id = b ? btf__find_by_name_kind(b, "io_rings", BTF_KIND_STRUCT) : -1;

	if (id < 0)
		return -1;
	t = btf__type_by_id(b, (unsigned)id);
	if (member(b, t, "sq", &h->sq_head) || member(b, t, "cq", &h->cq_head) ||
		member(b, t, "sq_ring_mask", &h->sq_mask) || member(b, t, "cq_ring_mask", &h->cq_mask) ||
		member(b, t, "sq_ring_entries", &h->sq_entries) || member(b, t, "cq_ring_entries", &h->cq_entries) ||
		member(b, t, "sq_dropped", &h->sq_dropped) || member(b, t, "sq_flags", &h->sq_flags) ||
		member(b, t, "cq_flags", &h->cq_flags) || member(b, t, "cq_overflow", &h->cq_overflow) ||
		member(b, t, "cqes", &h->cqes))
		return -1;
	/* struct io_uring { u32 head, tail; }, the tail in a cache line of its own before 6.7 */
	id = btf__find_by_name_kind(b, "io_uring", BTF_KIND_STRUCT);
	if (id < 0 || member(b, btf__type_by_id(b, (unsigned)id), "tail", &h->sq_tail))
		return -1;
	h->cq_tail = h->cq_head + h->sq_tail;
	h->sq_tail += h->sq_head;
	return 0;
}

const char *kbtf_op_name(unsigned opcode)
{
	static const char prefix[] = "IORING_OP_";
	struct btf *b = load();
	const struct btf_type *t;
	int id = b ? btf__find_by_name_kind(b, "io_uring_op", BTF_KIND_ENUM) : -1;

	if (id < 0)
		return NULL;
	t = btf__type_by_id(b, (unsigned)id);
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(b, btf_enum(t)[i].name_off);

		if ((unsigned)btf_enum(t)[i].val == opcode && !strncmp(name, prefix, sizeof(prefix) - 1) &&
			strcmp(name, "IORING_OP_LAST"))
			return name + sizeof(prefix) - 1;
	}
	return NULL;
}

void kbtf_free(void)
{
	btf__free(vmlinux);
	vmlinux = NULL;
	tried = false;
}
