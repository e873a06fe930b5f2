/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values: small trees in an arena, children in the order in which they were added. */
#include "decode.h"
#include "uapi.h"

struct value *value_new(struct arena *a, enum value_kind kind, const char *key)
{
	struct value *v = arena_alloc(a, sizeof(*v));

	v->kind = kind;
	v->key = key;
	return v;
}

struct value *value_name(struct arena *a, const char *key, const char *name)
{
	struct value *v = value_new(a, V_NAME, key);

	v->s = name;
	return v;
}

struct value *value_uint(struct arena *a, const char *key, uint64_t u)
{
	struct value *v = value_new(a, V_UINT, key);

	v->u = u;
	return v;
}

struct value *value_str(struct arena *a, const char *key, const char *s, size_t n, bool cut)
{
	struct value *v = value_new(a, V_STR, key);

	v->s = s;
	v->n = n;
	v->cut = cut;
	return v;
}

void value_add(struct value *parent, struct value *child)
{
	struct value **at = &parent->child;

	if (!child)
		return;
	while (*at)
		at = &(*at)->next;
	*at = child;
}

struct value *value_flags(struct arena *a, const char *key, const struct uapi_flags *set, uint64_t word)
{
	const char *names[UAPI_MAX_NAMES];
	struct value *v = value_new(a, V_FLAGS, key);
	uint64_t rest;
	size_t n = uapi_flag_names(set, word, names, UAPI_MAX_NAMES, &rest);

	for (size_t i = 0; i < n; i++)
		value_add(v, value_name(a, NULL, names[i]));
	if (rest) {
		struct value *r = value_new(a, V_HEX, NULL);

		r->u = rest;
		value_add(v, r);
	}
	return v;
}
