/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SQE into named arguments, by the row of its opcode. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "decode.h"
#include "uapi.h"

const char *cqe_error(int32_t res, uint32_t flags)
{
	if (res >= 0 || res < -4095 || (flags & UAPI_CQE_NOTIF && res == INT32_MIN))
		return NULL;
	return strerrorname_np(-res);
}

static bool known(const struct sqe *sqe, unsigned at, unsigned size)
{
	for (unsigned i = at; i < at + size && i < 64; i++)
		if (!(sqe->known >> i & 1))
			return false;
	return true;
}

static bool exists(const struct uapi_arg *a, const struct sqe *sqe, uint64_t word)
{
	unsigned at = SQE_OP_FLAGS, size = 4;
	uint64_t flags;

	switch (a->when) {
	case W_NONZERO:
		return word || !known(sqe, a->at, a->size);
	case W_BUFSEL:
		return sqe->b[SQE_FLAGS] & UAPI_SQE_BUFFER_SELECT;
	case W_NO_BUFSEL:
		return !(sqe->b[SQE_FLAGS] & UAPI_SQE_BUFFER_SELECT);
	case W_FLAG:
	case W_NO_FLAG:
		break;
	case W_PRIO_FLAG:
		at = SQE_IOPRIO;
		size = 2;
		break;
	case W_LEN_FLAG:
		at = SQE_LEN;
		break;
	default:
		return true;
	}
	flags = uapi_word(sqe->b, at, size);
	return (a->when == W_NO_FLAG) != ((flags & a->aux) != 0);
}

static const char *file_of(const struct peek *p, int fd, bool slot)
{
	if (slot)
		return p->slot && fd >= 0 ? p->slot(p->ctx, (unsigned)fd) : NULL;
	return p->file ? p->file(p->ctx, fd) : NULL;
}

static struct value *fd_value(struct arena *a, const struct peek *p, int fd, bool slot)
{
	struct value *v = value_new(a, slot ? V_SLOT : V_FD, NULL);

	v->i = fd;
	v->s = file_of(p, fd, slot);
	return v;
}

static struct value *ioprio(struct arena *a, uint64_t word)
{
	static const struct uapi_name classes[] = {{1, "RT"}, {2, "BE"}, {3, "IDLE"}, {0, NULL}};
	const char *name = uapi_name(classes, word >> 13);
	struct value *v;

	if (!name)
		return NULL;
	v = value_new(a, V_STRUCT, NULL);
	value_add(v, value_name(a, "class", name));
	value_add(v, value_uint(a, "level", word & 7));
	if (word >> 3 & 0x3ff)
		value_add(v, value_uint(a, "hint", word >> 3 & 0x3ff));
	return v;
}

/* An ioctl number names its direction, its driver's letter and its size. */
static struct value *ioctl_number(struct arena *a, uint64_t word)
{
	static const char *const dirs[] = {"_IO", "_IOW", "_IOR", "_IOWR"};
	unsigned type = word >> 8 & 0xff, size = word >> 16 & 0x3fff, dir = word >> 30 & 3;

	if (!isalpha((int)type) || type > 0x7f)
		return NULL;
	return value_name(a, NULL,
		dir ? arena_printf(a, "%s('%c', %#x, %u)", dirs[dir], (char)type, (unsigned)word & 0xff, size)
		    : arena_printf(a, "_IO('%c', %#x)", (char)type, (unsigned)word & 0xff));
}

static const char *op_name(struct arena *a, const struct peek *p, unsigned opcode)
{
	const struct uapi_op *op = uapi_op(opcode);
	const char *name = op ? op->name : p->newer_op ? p->newer_op(p->ctx, opcode) : NULL;

	return name ? name : arena_printf(a, "OP_%u", opcode);
}

static enum raw_kind raw_kind(unsigned kind)
{
	switch (kind) {
	case K_INT:
	case K_FD:
	case K_FD_FLAG31:
	case K_DIRFD:
	case K_IDTYPE_ID:
		return RAW_INT;
	case K_HEX:
	case K_CMD_OP:
	case K_PTR:
	case K_PATH:
	case K_XNAME:
	case K_IOVEC:
	case K_MSGHDR:
	case K_SOCKADDR:
	case K_TIMESPEC:
	case K_OPEN_HOW:
	case K_DATA_OUT:
	case K_SENDBUF:
	case K_FDS:
	case K_EPOLL_EVENT:
	case K_FUTEXV:
		return RAW_HEX;
	case K_OFFSET:
		return RAW_OFFSET;
	case K_CMD_DATA:
		return RAW_BYTES;
	default:
		return RAW_DEC;
	}
}

static struct value *meaning(
	struct arena *a, const struct uapi_arg *arg, const struct sqe *sqe, const struct peek *p, uint64_t word)
{
	const char *name;
	uint64_t aux = 0;

	switch (arg->kind) {
	case K_DEC:
	case K_INT:
	case K_HEX:
	case K_PTR:
	case K_CMD_DATA:
	case K_IDTYPE_ID:
		return NULL;
	case K_OFFSET:
		return word == UINT64_MAX ? value_name(a, NULL, "current") : NULL;
	case K_MODE:
		return value_name(a, NULL, arena_printf(a, "%#o", (unsigned)word));
	case K_FLAGS:
		return value_flags(a, NULL, arg->flags, word);
	case K_CHOICE:
		name = uapi_name(arg->flags->choices, word);
		return name ? value_name(a, NULL, name) : NULL;
	case K_IOPRIO:
		return ioprio(a, word);
	case K_FD:
	case K_DIRFD:
		return fd_value(a, p, (int32_t)word, false);
	case K_FD_FLAG31:
		return fd_value(a, p, (int32_t)word, uapi_word(sqe->b, SQE_OP_FLAGS, 4) >> 31);
	case K_SLOT:
		if ((uint32_t)word == (uint32_t)UAPI_FILE_INDEX_ALLOC)
			return value_name(a, NULL, "ALLOC");
		return word ? fd_value(a, p, (int32_t)(word - 1), true) : value_name(a, NULL, "none");
	case K_FIXED:
		return fd_value(a, p, (int32_t)word, true);
	case K_OP:
		return value_name(a, NULL, op_name(a, p, (unsigned)word));
	case K_CMD_OP:
		return ioctl_number(a, word);
	case K_SOCKADDR:
		/* 16 bits where addr_len stands, 64 in addr2 */
		aux = uapi_word(sqe->b, arg->aux, arg->aux == SQE_FILE_INDEX ? 2 : 8);
		if (!known(sqe, arg->aux, arg->aux == SQE_FILE_INDEX ? 2 : 8))
			return NULL;
		break;
	default:
		aux = arg->aux;
	}
	if (arg->kind != K_PATH && arg->kind != K_XNAME && arg->kind != K_TIMESPEC && !known(sqe, SQE_LEN, 4))
		return NULL; /* how much there is to follow is not known */
	return sqe_follow(a, sqe, p, arg->kind, word, uapi_word(sqe->b, SQE_LEN, 4), aux);
}

static bool socket_name(const char *file)
{
	return file && (!strncmp(file, "socket:", 7) || !strncmp(file, "TCP", 3) || !strncmp(file, "UDP", 3) ||
			       !strncmp(file, "UNIX", 4));
}

void sqe_decode(struct arena *a, const struct sqe *sqe, const struct peek *p, struct sqe_fields *f)
{
	const struct uapi_op *op;
	bool in_slot = sqe->b[SQE_FLAGS] & UAPI_SQE_FIXED_FILE, looked = false;
	const char *file = NULL;
	size_t n = 0;

	*f = (struct sqe_fields){
		.opcode = sqe->b[SQE_OPCODE],
		.flags = sqe->b[SQE_FLAGS],
		.flags_known = known(sqe, SQE_FLAGS, 1),
		.fd = (int32_t)uapi_word(sqe->b, SQE_FD, 4),
		.user_data = uapi_word(sqe->b, SQE_USER_DATA, 8),
		.personality = (unsigned)uapi_word(sqe->b, SQE_PERSONALITY, 2),
		.personality_known = known(sqe, SQE_PERSONALITY, 2),
	};
	f->name = op_name(a, p, f->opcode);
	op = uapi_op(f->opcode);
	if (!op) {
		/* An opcode nobody here knows: its words are all that can be said. */
		f->args = arena_alloc(a, sizeof(*f->args));
		f->args[0] = (struct sqe_arg){
			.name = "sqe", .raw = RAW_BYTES, .bytes = sqe->b, .n_bytes = sqe->big ? 128 : 64};
		f->n_args = 1;
		return;
	}
	if (op->form) {
		looked = op->fd == FD_FILE;
		file = looked ? file_of(p, f->fd, in_slot) : NULL;
		op = op->form(op, sqe->b, socket_name(file));
	}
	f->has_fd = op->fd != FD_NONE;
	f->fixed = op->fd == FD_SLOT_ONLY || (op->fd == FD_FILE && in_slot);
	if (f->has_fd)
		f->file = looked && f->fixed == in_slot ? file : file_of(p, f->fd, f->fixed);
	for (const struct uapi_arg *arg = op->args; arg->name; arg++)
		n += exists(arg, sqe, arg->kind == K_CMD_DATA ? 0 : uapi_word(sqe->b, arg->at, arg->size));
	f->args = arena_alloc(a, n * sizeof(*f->args));
	for (const struct uapi_arg *arg = op->args; arg->name; arg++) {
		uint64_t word = arg->kind == K_CMD_DATA ? 0 : uapi_word(sqe->b, arg->at, arg->size);
		struct sqe_arg *out;

		if (!exists(arg, sqe, word))
			continue;
		out = &f->args[f->n_args++];
		*out = (struct sqe_arg){.name = arg->name, .raw = raw_kind(arg->kind), .word = word};
		if (!known(sqe, arg->at, arg->size)) {
			out->raw = RAW_UNKNOWN;
			continue;
		}
		if (out->raw == RAW_BYTES) {
			out->bytes = sqe->b + arg->at;
			out->n_bytes = sqe->big ? 80 : arg->size;
		} else if (out->raw == RAW_INT) {
			out->word = (uint64_t)(int64_t)(int32_t)word;
		}
		out->decoded = meaning(a, arg, sqe, p, word);
	}
}
