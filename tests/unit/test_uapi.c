/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables against what others say of the same ABI: the system's headers as far as they go, the running kernel's types. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/stat.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "decode.h"
#include "kbtf.h"
#include "uapi.h"

static const char *only(const struct uapi_flags *set, uint64_t v)
{
	const char *names[UAPI_MAX_NAMES];
	uint64_t rest;
	size_t n = uapi_flag_names(set, v, names, UAPI_MAX_NAMES, &rest);

	return n == 1 && !rest ? names[0] : n ? "several" : "none";
}

static void against_headers(void **state)
{
	(void)state;
#define SAME(set, prefix, name) assert_string_equal(only(&(set), prefix##name), #name)
	SAME(uapi_setup_flags, IORING_SETUP_, IOPOLL);
	SAME(uapi_setup_flags, IORING_SETUP_, SQPOLL);
	SAME(uapi_setup_flags, IORING_SETUP_, SQ_AFF);
	SAME(uapi_setup_flags, IORING_SETUP_, CQSIZE);
	SAME(uapi_setup_flags, IORING_SETUP_, CLAMP);
	SAME(uapi_setup_flags, IORING_SETUP_, ATTACH_WQ);
	SAME(uapi_setup_flags, IORING_SETUP_, R_DISABLED);
	SAME(uapi_setup_flags, IORING_SETUP_, SUBMIT_ALL);
	SAME(uapi_setup_flags, IORING_SETUP_, COOP_TASKRUN);
	SAME(uapi_setup_flags, IORING_SETUP_, TASKRUN_FLAG);
	SAME(uapi_setup_flags, IORING_SETUP_, SQE128);
	SAME(uapi_setup_flags, IORING_SETUP_, CQE32);
	SAME(uapi_setup_flags, IORING_SETUP_, SINGLE_ISSUER);
	SAME(uapi_setup_flags, IORING_SETUP_, DEFER_TASKRUN);
	SAME(uapi_sqe_flags, IOSQE_, FIXED_FILE);
	SAME(uapi_sqe_flags, IOSQE_, IO_DRAIN);
	SAME(uapi_sqe_flags, IOSQE_, IO_LINK);
	SAME(uapi_sqe_flags, IOSQE_, IO_HARDLINK);
	SAME(uapi_sqe_flags, IOSQE_, ASYNC);
	SAME(uapi_sqe_flags, IOSQE_, BUFFER_SELECT);
	SAME(uapi_sqe_flags, IOSQE_, CQE_SKIP_SUCCESS);
	SAME(uapi_sq_ring_flags, IORING_SQ_, NEED_WAKEUP);
	SAME(uapi_sq_ring_flags, IORING_SQ_, CQ_OVERFLOW);
	SAME(uapi_sq_ring_flags, IORING_SQ_, TASKRUN);
	SAME(uapi_cqe_flags, IORING_CQE_F_, BUFFER);
	SAME(uapi_cqe_flags, IORING_CQE_F_, MORE);
	SAME(uapi_cqe_flags, IORING_CQE_F_, SOCK_NONEMPTY);
	SAME(uapi_cqe_flags, IORING_CQE_F_, NOTIF);
	assert_string_equal(only(&uapi_open_flags, O_RDWR), "O_RDWR");
	assert_string_equal(only(&uapi_poll_events, (uint32_t)EPOLLET), "EPOLLET");
	assert_string_equal(only(&uapi_poll_events, POLLRDHUP), "POLLRDHUP");
	assert_string_equal(uapi_op(IORING_OP_SENDMSG_ZC)->name, "SENDMSG_ZC");
	assert_string_equal(uapi_op(IORING_OP_SOCKET)->name, "SOCKET");
	assert_string_equal(uapi_op(IORING_OP_NOP)->name, "NOP");
	assert_string_equal(
		uapi_name(uapi_register_ops, IORING_REGISTER_FILE_ALLOC_RANGE), "REGISTER_FILE_ALLOC_RANGE");
	assert_string_equal(uapi_name(uapi_register_ops, IORING_REGISTER_RESTRICTIONS), "REGISTER_RESTRICTIONS");
}

/* open's flags are numbers that the libc has too, in its own header */
static void open_flags(void **state)
{
	static const struct {
		unsigned v;
		const char *name;
	} rows[] = {{O_CREAT, "O_CREAT"}, {O_EXCL, "O_EXCL"}, {O_TRUNC, "O_TRUNC"}, {O_APPEND, "O_APPEND"},
		{O_NONBLOCK, "O_NONBLOCK"}, {O_DSYNC, "O_DSYNC"}, {O_SYNC, "O_SYNC"}, {O_DIRECTORY, "O_DIRECTORY"},
		{O_NOFOLLOW, "O_NOFOLLOW"}, {O_CLOEXEC, "O_CLOEXEC"}, {O_PATH, "O_PATH"}, {O_TMPFILE, "O_TMPFILE"},
		{O_NOATIME, "O_NOATIME"}, {O_DIRECT, "O_DIRECT"}};
	const char *names[UAPI_MAX_NAMES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t rest;

		/* the access mode is always named, O_RDONLY here */
		assert_int_equal(uapi_flag_names(&uapi_open_flags, rows[i].v, names, UAPI_MAX_NAMES, &rest), 2);
		assert_string_equal(names[1], rows[i].name);
		assert_int_equal(rest, 0);
	}
}

static void unknown_bits(void **state)
{
	const char *names[UAPI_MAX_NAMES];
	uint64_t rest;

	(void)state;
	assert_int_equal(uapi_flag_names(&uapi_sqe_flags, 0xff, names, UAPI_MAX_NAMES, &rest), 7);
	assert_int_equal(rest, 0x80);
	assert_int_equal(uapi_flag_names(&uapi_sqe_flags, 0, names, UAPI_MAX_NAMES, &rest), 0);
	assert_int_equal(uapi_flag_names(&uapi_sqe_flags, 0xff, names, 2, &rest), 2); /* room for two */
}

/* Every argument stands within an SQE, and every row can be found by its name. */
static void rows_are_sound(void **state)
{
	(void)state;
	assert_null(uapi_op(UAPI_OPS));
	assert_null(uapi_op(255));
	for (unsigned i = 0; i < UAPI_OPS; i++) {
		const struct uapi_op *op = uapi_op(i);

		assert_int_equal(uapi_op_number(op->name, strlen(op->name)), (int)i);
		for (const struct uapi_arg *a = op->args; a->name; a++) {
			assert_true(
				a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8 || a->kind == K_CMD_DATA);
			assert_true(a->at + a->size <= 64);
			assert_true((a->kind == K_FLAGS || a->kind == K_CHOICE) == (a->flags != NULL));
			for (const struct uapi_arg *b = op->args; b != a; b++)
				if (!strcmp(a->name, b->name))
					assert_true(a->when != W_ALWAYS && b->when != W_ALWAYS);
		}
	}
	assert_int_equal(uapi_op_number("REA", 3), -1);
	assert_int_equal(uapi_op_number("", 0), -1);
}

/* The running kernel's own names. */
static void against_btf(void **state)
{
	unsigned known = 0;

	(void)state;
	if (!kbtf_present())
		skip();
	for (unsigned i = 0; i < UAPI_OPS; i++) {
		const char *name = kbtf_op_name(i);

		known += name != NULL;
		if (name)
			assert_string_equal(name, uapi_op(i)->name);
	}
	assert_true(known >= 34); /* 5.10 has that many */
	assert_null(kbtf_op_name(254));
	kbtf_free();
}

static void header_by_btf(void **state)
{
	struct ring_header h;

	(void)state;
	if (!kbtf_present())
		skip();
	assert_int_equal(kbtf_io_rings(&h), 0);
	assert_true(!memcmp(&h, &ring_header_known[0], sizeof(h)) || !memcmp(&h, &ring_header_known[1], sizeof(h)));
	kbtf_free();
}

static void errors(void **state)
{
	(void)state;
	assert_string_equal(cqe_error(-EAGAIN, 0), "EAGAIN");
	assert_string_equal(cqe_error(-ECANCELED, 0), "ECANCELED");
	assert_null(cqe_error(0, 0));
	assert_null(cqe_error(INT32_MAX, 0));
	assert_null(cqe_error(INT32_MIN, 0));
	assert_null(cqe_error(-4000, 0));
}

/* Any bytes are an SQE; each argument comes out under a name, once. */
static void any_bytes(void **state)
{
	struct peek peek = {0};

	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		for (unsigned fill = 0; fill < 256; fill += 51) {
			struct arena a = {0};
			struct sqe sqe = {.known = ~0ull};
			struct sqe_fields f;

			memset(sqe.b, (int)fill, sizeof(sqe.b));
			sqe.b[0] = (uint8_t)op;
			sqe_decode(&a, &sqe, &peek, &f);
			assert_non_null(f.name);
			for (size_t i = 0; i < f.n_args; i++)
				for (size_t k = 0; k < i; k++)
					assert_string_not_equal(f.args[i].name, f.args[k].name);
			arena_free(&a);
		}
	}
}

/* What is not known of an SQE is not shown as 0. */
static void partly_known(void **state)
{
	struct arena a = {0};
	struct peek peek = {0};
	struct sqe sqe = {.known = 0x3fff0fffff3};
	struct sqe_fields f;
	int seen = 0;

	(void)state;
	sqe.b[0] = 22;
	sqe_decode(&a, &sqe, &peek, &f);
	for (size_t i = 0; i < f.n_args; i++) {
		if (!strcmp(f.args[i].name, "len")) {
			assert_int_equal(f.args[i].raw, RAW_UNKNOWN);
			seen++;
		}
		if (!strcmp(f.args[i].name, "offset"))
			assert_int_equal(f.args[i].raw, RAW_OFFSET);
	}
	assert_int_equal(seen, 1);
	assert_false(f.personality_known);
	arena_free(&a);
}

/* Pointers into memory that ends, lies or is not there. */
static ssize_t short_memory(void *ctx, uint64_t addr, void *dst, size_t n)
{
	size_t left = addr >= 0x1000 && addr < 0x1008 ? (size_t)(0x1008 - addr) : 0;

	(void)ctx;
	if (!left)
		return -1;
	n = n < left ? n : left;
	memset(dst, 'x', n);
	return (ssize_t)n;
}

static void bad_pointers(void **state)
{
	struct peek peek = {.mem = short_memory, .data = 100};

	(void)state;
	for (unsigned op = 0; op < UAPI_OPS; op++) {
		static const uint64_t addresses[] = {0, 1, 0x1000, 0x1004, UINT64_MAX, UINT64_MAX - 7};

		for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
			struct arena a = {0};
			struct sqe sqe = {.known = ~0ull};
			struct sqe_fields f;

			sqe.b[0] = (uint8_t)op;
			memcpy(sqe.b + 8, &addresses[i], 8);
			memcpy(sqe.b + 16, &addresses[i], 8);
			memset(sqe.b + 24, 0xff, 4);
			memcpy(sqe.b + 48, &addresses[i], 8);
			sqe_decode(&a, &sqe, &peek, &f);
			/* eight bytes without an end are no string */
			for (size_t k = 0; k < f.n_args; k++)
				if (!strcmp(f.args[k].name, "path"))
					assert_null(f.args[k].decoded);
			arena_free(&a);
		}
	}
}

static ssize_t zeros(void *ctx, uint64_t addr, void *dst, size_t n)
{
	(void)ctx;
	(void)addr;
	memset(dst, 0, n);
	return (ssize_t)n;
}

/* A 32-bit program's vectors are laid out otherwise: their address is shown, not nonsense. */
static void thirty_two_bits(void **state)
{
	static const uint8_t ops[] = {1, 2, 9, 10, 48};

	(void)state;
	for (int compat = 0; compat < 2; compat++) {
		struct peek peek = {.mem = zeros, .compat = compat};

		for (size_t i = 0; i < sizeof(ops); i++) {
			struct arena a = {0};
			struct sqe sqe = {.known = ~0ull};
			struct sqe_fields f;

			sqe.b[SQE_OPCODE] = ops[i];
			sqe.b[SQE_ADDR] = 8;
			sqe.b[SQE_LEN] = 1;
			sqe_decode(&a, &sqe, &peek, &f);
			assert_int_equal(f.args[0].decoded == NULL, compat);
			arena_free(&a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_headers),
		cmocka_unit_test(open_flags),
		cmocka_unit_test(unknown_bits),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(against_btf),
		cmocka_unit_test(header_by_btf),
		cmocka_unit_test(errors),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(partly_known),
		cmocka_unit_test(bad_pointers),
		cmocka_unit_test(thirty_two_bits),
	};

	return cmocka_run_group_tests_name("uapi", tests, NULL, NULL);
}
