/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look-ups in the tables of names. */
#include <string.h>

#include "uapi.h"

const char *uapi_name(const struct uapi_name *table, uint64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

size_t uapi_flag_names(const struct uapi_flags *set, uint64_t v, const char **names, size_t max, uint64_t *rest)
{
	size_t n = 0;

	if (set->choices) {
		const char *name = uapi_name(set->choices, v & set->choice_mask);

		if (name && n < max) {
			names[n++] = name;
			v &= ~set->choice_mask;
		}
	}
	for (const struct uapi_name *b = set->bits; b && b->name; b++) {
		if ((v & b->value) == b->value && n < max) {
			names[n++] = b->name;
			v &= ~b->value;
		}
	}
	if (rest)
		*rest = v;
	return n;
}

uint64_t uapi_word(const uint8_t *sqe, unsigned at, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, sqe + at, size);
	return v;
}

int uapi_op_number(const char *name, size_t len)
{
	for (unsigned i = 0; i < UAPI_OPS; i++) {
		const char *n = uapi_op(i)->name;

		if (strlen(n) == len && !memcmp(n, name, len))
			return (int)i;
	}
	return -1;
}

bool uapi_op_moves_bytes(unsigned opcode)
{
	static const char *const names[] = {"READ", "WRITE", "RECV", "SEND", "SPLICE", "TEE"};
	const struct uapi_op *op = uapi_op(opcode);

	for (size_t i = 0; op && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(op->name, names[i], strlen(names[i])))
			return true;
	return false;
}

bool uapi_op_completes_once(unsigned opcode)
{
	static const char *const more[] = {
		"POLL_ADD", "TIMEOUT", "ACCEPT", "RECV", "SEND", "READ_MULTISHOT", "URING_CMD"};
	const struct uapi_op *op = uapi_op(opcode);

	for (size_t i = 0; op && i < sizeof(more) / sizeof(more[0]); i++)
		if (!strncmp(op->name, more[i], strlen(more[i])))
			return false;
	return op;
}

bool uapi_op_polls(unsigned opcode)
{
	const struct uapi_op *op = uapi_op(opcode);

	return op && !strcmp(op->name, "POLL_ADD");
}
