/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot out of JSON that somebody else wrote: any member may be missing or of any type, and is then absent. Text is
 * unescaped to the bytes that it stands for, so that it is escaped once more, not twice, when it is shown.
 */
#include <stdlib.h>
#include <string.h>

#include "forms.h"
#include "snapjson.h"
#include "uapi.h"

#define GET(o, key) cJSON_GetObjectItemCaseSensitive(o, key)

/* \xNN and \\ as buf_text writes them for JSON. */
static const char *unescaped(struct arena *a, const char *s, size_t *len)
{
	char *out, *to;

	if (!s)
		return NULL;
	to = out = arena_alloc(a, strlen(s) + 1);
	while (*s) {
		char hex[3] = {0};

		if (s[0] == '\\' && s[1] == 'x' && strspn(s + 2, "0123456789abcdef") >= 2) {
			memcpy(hex, s + 2, 2);
			*to++ = (char)strtoul(hex, NULL, 16);
			s += 4;
		} else {
			s += s[0] == '\\' && s[1] == '\\';
			*to++ = *s++;
		}
	}
	if (len)
		*len = (size_t)(to - out);
	return out;
}

static const char *text(struct arena *a, const cJSON *o, size_t *len)
{
	return unescaped(a, cJSON_GetStringValue(o), len);
}

const char *json_read_str(struct arena *a, const cJSON *o)
{
	return text(a, o, NULL);
}

static bool number(const cJSON *o, uint64_t *v)
{
	double d = cJSON_GetNumberValue(o);

	if (!cJSON_IsNumber(o) || !(d > -9.2e18 && d < 1.8e19))
		return false;
	*v = d < 0 ? (uint64_t)(int64_t)d : (uint64_t)d;
	return true;
}

struct snap_num json_read_num(const cJSON *o)
{
	struct snap_num n = {0};

	n.known = number(o, &n.v);
	return n;
}

static uint64_t plain(const cJSON *o)
{
	return json_read_num(o).v;
}

bool json_read_hex(const cJSON *o, uint64_t *v)
{
	const char *s = cJSON_GetStringValue(o);
	char *end;

	if (!s || strncmp(s, "0x", 2) || !s[2])
		return false;
	*v = strtoull(s, &end, 16);
	return !*end;
}

static uint64_t hexnum(const cJSON *o)
{
	uint64_t v = 0;

	return json_read_hex(o, &v) ? v : 0;
}

bool json_read_names(struct arena *a, const cJSON *list, struct snap_names *out)
{
	const cJSON *item;

	*out = (struct snap_names){0};
	if (!cJSON_IsArray(list))
		return false;
	out->v = arena_alloc(a, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof(*out->v));
	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item))
			out->v[out->n++] = json_read_str(a, item);
	}
	return true;
}

/* Names of flags back into their word. */
static uint32_t flags(const struct uapi_flags *set, const cJSON *list)
{
	const cJSON *item;
	uint64_t v, word = 0;

	cJSON_ArrayForEach(item, list)
	{
		if (json_read_hex(item, &v))
			word |= v;
		for (const struct uapi_name *b = set->bits; cJSON_IsString(item) && b->name; b++)
			if (!strcmp(b->name, item->valuestring))
				word |= b->value;
	}
	return (uint32_t)word;
}

static struct value *value(struct arena *a, const cJSON *o, const char *key)
{
	struct value *v;
	const cJSON *item;
	uint64_t u;

	if (cJSON_IsNumber(o)) {
		v = value_new(a, o->valuedouble < 0 ? V_INT : V_UINT, key);
		v->u = plain(o);
		return v;
	}
	if (json_read_hex(o, &u)) {
		v = value_new(a, V_HEX, key);
		v->u = u;
		return v;
	}
	if (cJSON_IsString(o))
		return value_name(a, key, json_read_str(a, o));
	if (cJSON_IsArray(o)) {
		const cJSON *first = o->child;

		v = value_new(a, !first || cJSON_IsString(first) ? V_FLAGS : V_LIST, key);
		cJSON_ArrayForEach(item, o)
		{
			if (cJSON_IsNull(item))
				v->cut = true;
			else
				value_add(v, value(a, item, NULL));
		}
		return v;
	}
	if (!cJSON_IsObject(o))
		return NULL;
	if (cJSON_IsString(GET(o, "string"))) {
		size_t n;
		const char *s = text(a, GET(o, "string"), &n);

		return value_str(a, key, s, n, cJSON_IsTrue(GET(o, "cut")));
	}
	if (GET(o, "fd") || GET(o, "fixed_slot")) {
		v = value_new(a, GET(o, "fd") ? V_FD : V_SLOT, key);
		v->i = (int64_t)plain(GET(o, GET(o, "fd") ? "fd" : "fixed_slot"));
		v->s = json_read_str(a, GET(o, "file"));
		return v;
	}
	v = value_new(a, V_STRUCT, key);
	cJSON_ArrayForEach(item, o)
	{
		if (item->string)
			value_add(v, value(a, item, arena_strdup(a, item->string)));
	}
	return v;
}

static void bytes(struct arena *a, const char *s, struct sqe_arg *arg)
{
	size_t n = strlen(s) / 2;
	uint8_t *out = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		char two[3] = {s[2 * i], s[2 * i + 1], 0};

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	arg->raw = RAW_BYTES;
	arg->bytes = out;
	arg->n_bytes = n;
}

static void args(struct arena *a, const cJSON *o, const cJSON *decoded, struct sqe_fields *f)
{
	const cJSON *item;
	size_t cap = 0;

	cJSON_ArrayForEach(item, o)
	{
		struct sqe_arg arg = {0};

		if (!item->string)
			continue;
		arg.name = arena_strdup(a, item->string);
		if (json_read_hex(item, &arg.word))
			arg.raw = strncmp(arg.name, "off", 3) ? RAW_HEX : RAW_OFFSET;
		else if (cJSON_IsString(item))
			bytes(a, item->valuestring, &arg);
		else if (number(item, &arg.word))
			arg.raw = item->valuedouble < 0 ? RAW_INT : RAW_DEC;
		if (GET(decoded, item->string))
			arg.decoded = value(a, GET(decoded, item->string), NULL);
		f->args = arena_grow(a, f->args, f->n_args, &cap, sizeof(arg));
		f->args[f->n_args++] = arg;
	}
}

static void sqe(struct arena *a, const cJSON *o, struct snap_sqe *e)
{
	struct sqe_fields *f = &e->f;
	const cJSON *fixed = GET(o, "fixed_slot"), *fd = GET(o, "fd");

	*e = (struct snap_sqe){.index = json_read_num(GET(o, "index")), .slot = json_read_num(GET(o, "slot"))};
	e->in_range = !cJSON_IsFalse(GET(o, "in_range"));
	f->name = json_read_str(a, GET(o, "opcode"));
	if (!f->name)
		f->name = "?";
	f->opcode = (unsigned)plain(GET(o, "opcode_value"));
	f->flags_known = cJSON_IsArray(GET(o, "flags"));
	f->flags = flags(&uapi_sqe_flags, GET(o, "flags"));
	f->fixed = cJSON_IsNumber(fixed);
	f->has_fd = f->fixed || cJSON_IsNumber(fd);
	f->fd = (int)(int64_t)plain(f->fixed ? fixed : fd);
	f->file = json_read_str(a, GET(o, "file"));
	f->user_data = hexnum(GET(o, "user_data"));
	f->personality_known = cJSON_IsNumber(GET(o, "personality"));
	f->personality = (unsigned)plain(GET(o, "personality"));
	args(a, GET(o, "args"), GET(o, "decoded"), f);
}

static void cqe(const cJSON *o, struct snap_cqe *e)
{
	const cJSON *extra = GET(o, "extra"), *id = GET(o, "buffer_id");

	*e = (struct snap_cqe){.index = json_read_num(GET(o, "index")), .user_data = hexnum(GET(o, "user_data"))};
	e->res = (int32_t)(int64_t)plain(GET(o, "res"));
	e->flags = flags(&uapi_cqe_flags, GET(o, "flags"));
	if (cJSON_IsNumber(id))
		e->flags |= (uint32_t)plain(id) << UAPI_CQE_BUFFER_SHIFT;
	e->big = cJSON_IsArray(extra);
	for (int i = 0; e->big && i < 2; i++)
		e->extra[i] = hexnum(cJSON_GetArrayItem(extra, i));
}

/* The items of a list as an array; NULL with *n 0 if it is none. */
static void *array(struct arena *a, const cJSON *list, size_t size, size_t *n, bool *known)
{
	*known = cJSON_IsArray(list);
	*n = *known ? (size_t)cJSON_GetArraySize(list) : 0;
	return arena_alloc(a, *n * size);
}

static struct snap_cqe *cqes(struct arena *a, const cJSON *list, size_t *n, bool *known)
{
	struct snap_cqe *out = array(a, list, sizeof(*out), n, known);
	const cJSON *item = *known ? list->child : NULL;

	for (size_t i = 0; item; item = item->next)
		cqe(item, &out[i++]);
	return out;
}

static void queues(struct arena *a, const cJSON *o, struct snap_ring *r)
{
	const cJSON *s = GET(o, "sq"), *c = GET(o, "cq"), *item;
	size_t i = 0;

	r->sq = (struct snap_sq){json_read_num(GET(s, "entries")), json_read_num(GET(s, "head")),
		json_read_num(GET(s, "tail")), json_read_num(GET(s, "kernel_head")), json_read_num(GET(s, "dropped")),
		json_read_num(GET(s, "sqe_size")), false, false, {0}, NULL, 0, json_read_num(GET(s, "followed"))};
	r->sq.flags_known = json_read_names(a, GET(s, "flags"), &r->sq.flags);
	r->sq.pending = array(a, GET(s, "pending"), sizeof(*r->sq.pending), &r->sq.n_pending, &r->sq.pending_known);
	item = r->sq.pending_known ? GET(s, "pending")->child : NULL;
	for (; item; item = item->next)
		sqe(a, item, &r->sq.pending[i++]);
	r->cq.entries = json_read_num(GET(c, "entries"));
	r->cq.head = json_read_num(GET(c, "head"));
	r->cq.tail = json_read_num(GET(c, "tail"));
	r->cq.kernel_tail = json_read_num(GET(c, "kernel_tail"));
	r->cq.overflow = json_read_num(GET(c, "overflow"));
	r->cq.cqe_size = json_read_num(GET(c, "cqe_size"));
	r->cq.flags_known = json_read_names(a, GET(c, "flags"), &r->cq.flags);
	r->cq.unreaped = cqes(a, GET(c, "unreaped"), &r->cq.n_unreaped, &r->cq.unreaped_known);
	r->cq.overflowed = cqes(a, GET(c, "overflowed"), &r->cq.n_overflowed, &r->cq.overflowed_known);
	r->cq.overflowed_cut = json_read_num(GET(c, "overflowed_cut"));
}

static void cuts(struct arena *a, const cJSON *o, struct snap_ring *r)
{
	const cJSON *item;

	if (!cJSON_IsObject(o))
		return;
	r->cuts = arena_alloc(a, ((size_t)cJSON_GetArraySize(o) + 1) * sizeof(*r->cuts));
	cJSON_ArrayForEach(item, o)
	{
		if (item->string && cJSON_IsNumber(item))
			r->cuts[r->n_cuts++] = (struct snap_cut){unescaped(a, item->string, NULL), plain(item)};
	}
}

static void ring(struct arena *a, const cJSON *o, struct snap_ring *r)
{
	const cJSON *setup = GET(o, "setup_flags"), *why = GET(o, "unavailable"), *item;
	bool known;
	size_t i = 0;

	r->id = plain(GET(o, "ring_id"));
	r->brief = !GET(o, "registered");
	r->moved = cJSON_IsTrue(GET(o, "moved"));
	r->setup_known = cJSON_IsObject(setup);
	r->setup_value = json_read_num(GET(setup, "value"));
	json_read_names(a, GET(setup, "names"), &r->setup_names);
	json_read_names(a, GET(o, "inferred"), &r->inferred);
	queues(a, o, r);
	cuts(a, GET(o, "cut"), r);
	form_read(&form_owner, a, GET(o, "owner"), &r->owner);
	r->holders = form_read_list(&form_holder, a, GET(o, "holders"), &r->n_holders, &known);
	r->held_by = form_read_list(&form_held, a, GET(o, "held_by"), &r->n_held_by, &known);
	form_read(&form_sqpoll, a, GET(o, "sqpoll"), &r->sqpoll);
	form_read(&form_restrictions, a, GET(o, "restrictions"), &r->restrictions);
	form_read(&form_registered, a, GET(o, "registered"), &r->registered);
	form_read(&form_inflight, a, GET(o, "inflight"), &r->inflight);
	form_read(&form_workers, a, GET(o, "workers"), &r->workers);
	r->disagreements = form_read_list(&form_disagreement, a, GET(o, "disagreements"), &r->n_disagreements, &known);
	r->hidden = cJSON_IsTrue(GET(o, "hidden"))    ? SNAP_YES
		    : cJSON_IsFalse(GET(o, "hidden")) ? SNAP_NO
						      : SNAP_UNKNOWN;
	r->unavailable = array(a, cJSON_IsObject(why) ? why : NULL, 0, &r->n_unavailable, &known);
	if (!cJSON_IsObject(why))
		return;
	r->unavailable = arena_alloc(a, ((size_t)cJSON_GetArraySize(why) + 1) * sizeof(*r->unavailable));
	cJSON_ArrayForEach(item, why)
	{
		if (item->string && cJSON_IsString(item))
			r->unavailable[i++] =
				(struct snap_reason){unescaped(a, item->string, NULL), json_read_str(a, item)};
	}
	r->n_unavailable = i;
}

static const char *document(struct arena *a, const cJSON *o, struct snap_doc *doc)
{
	const cJSON *kernel = GET(o, "kernel"), *sources = GET(o, "sources"), *list, *item;
	const char *format = cJSON_GetStringValue(GET(o, "format"));
	struct snap_num version = json_read_num(GET(o, "version"));
	bool known;
	size_t i = 0;

	if (!format || strcmp(format, "uringctl-dump"))
		return "JSON, but no dump of uringctl (its \"format\" is not \"uringctl-dump\")";
	if (!version.known)
		return "a dump without a version";
	if (version.v > SNAP_JSON_VERSION)
		return arena_printf(a, "a dump of version %llu: this program reads up to version %d",
			(unsigned long long)version.v, SNAP_JSON_VERSION);
	if (!cJSON_IsArray(GET(o, "rings")))
		return "a dump without a list of rings";
	doc->head = (struct snap_head){json_read_str(a, GET(o, "tool")), json_read_str(a, GET(o, "time")),
		json_read_str(a, GET(kernel, "release")), cJSON_IsTrue(GET(kernel, "btf")),
		cJSON_IsTrue(GET(sources, "proc")), cJSON_IsTrue(GET(sources, "memory")),
		cJSON_IsTrue(GET(sources, "kernel")), json_read_str(a, GET(sources, "kernel_unavailable"))};
	list = GET(o, "rings");
	doc->rings = array(a, list, sizeof(*doc->rings), &doc->n_rings, &known);
	for (item = list->child; item; item = item->next)
		ring(a, item, &doc->rings[i++]);
	list = GET(o, "skipped");
	doc->skipped = array(a, list, sizeof(*doc->skipped), &doc->n_skipped, &known);
	i = 0;
	for (item = known ? list->child : NULL; item; item = item->next)
		doc->skipped[i++] = (struct snap_skip){json_read_num(GET(item, "pid")),
			json_read_num(GET(item, "ring_id")), json_read_str(a, GET(item, "reason")),
			cJSON_IsTrue(GET(item, "late"))};
	doc->threads.v =
		form_read_list(&form_thread, a, GET(o, "threads_without_ring"), &doc->threads.n, &doc->threads.known);
	return NULL;
}

const char *snap_json_read(struct arena *a, const char *json, size_t len, struct snap_doc *doc)
{
	const char *end = NULL, *why;
	cJSON *o;

	*doc = (struct snap_doc){0};
	o = cJSON_ParseWithLengthOpts(json, len, &end, false);
	if (!o)
		return arena_printf(a, "no JSON, or cut off: it goes wrong at byte %zu of %zu",
			end ? (size_t)(end - json) : 0, len);
	why = document(a, o, doc);
	cJSON_Delete(o);
	return why;
}
