/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot as JSON. Numbers go out as raw text, so that every one of 64 bits keeps all its digits; keys are constants that
 * cJSON need not copy.
 */
#include <stdlib.h>
#include <string.h>

#include "forms.h"
#include "snapjson.h"
#include "uapi.h"

/* Keys are constants: cJSON keeps the pointer. */
#define ADD(o, key, item) cJSON_AddItemToObjectCS(o, key, item)

static cJSON *raw_number(uint64_t v, bool minus)
{
	char s[24], *p = s + sizeof(s);

	*--p = '\0';
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	if (minus)
		*--p = '-';
	return cJSON_CreateRaw(p);
}

cJSON *json_uint(uint64_t v)
{
	return raw_number(v, false);
}

cJSON *json_int(int64_t v)
{
	return raw_number(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

static cJSON *num(struct snap_num n)
{
	return n.known ? json_uint(n.v) : cJSON_CreateNull();
}

cJSON *json_hex(uint64_t v)
{
	char s[24], *p = s + sizeof(s);

	*--p = '\0';
	do
		*--p = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	*--p = 'x';
	*--p = '0';
	return cJSON_CreateString(p);
}

/* Text from a target: valid UTF-8 whatever its bytes were. */
static cJSON *text(const char *s, size_t n)
{
	struct buf b = {0};
	cJSON *item;

	buf_text(&b, s, n, ESC_JSON);
	item = cJSON_CreateString(b.data ? b.data : "");
	buf_free(&b);
	return item;
}

cJSON *json_str(const char *s)
{
	return s ? text(s, strlen(s)) : cJSON_CreateNull();
}

cJSON *json_names(const struct snap_names *n)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < n->n; i++)
		cJSON_AddItemToArray(list, json_str(n->v[i]));
	return list;
}

static cJSON *names(bool known, const struct snap_names *n)
{
	return known ? json_names(n) : cJSON_CreateNull();
}

static cJSON *flag_names(const struct uapi_flags *set, uint64_t word)
{
	const char *found[UAPI_MAX_NAMES];
	cJSON *list = cJSON_CreateArray();
	uint64_t rest;
	size_t n = uapi_flag_names(set, word, found, UAPI_MAX_NAMES, &rest);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateStringReference(found[i]));
	if (rest)
		cJSON_AddItemToArray(list, json_hex(rest));
	return list;
}

static cJSON *value(const struct value *v)
{
	cJSON *o;

	switch (v->kind) {
	case V_UINT:
		return json_uint(v->u);
	case V_INT:
		return json_int(v->i);
	case V_HEX:
		return json_hex(v->u);
	case V_NAME:
		return text(v->s, strlen(v->s));
	case V_STR:
		o = cJSON_CreateObject();
		ADD(o, "string", text(v->s, v->n));
		if (v->cut)
			ADD(o, "cut", cJSON_CreateTrue());
		return o;
	case V_FLAGS:
	case V_LIST:
		o = cJSON_CreateArray();
		for (const struct value *c = v->child; c; c = c->next)
			cJSON_AddItemToArray(o, value(c));
		if (v->cut)
			cJSON_AddItemToArray(o, cJSON_CreateNull());
		return o;
	case V_STRUCT:
		o = cJSON_CreateObject();
		for (const struct value *c = v->child; c; c = c->next)
			cJSON_AddItemToObject(o, c->key, value(c));
		return o;
	default:
		o = cJSON_CreateObject();
		ADD(o, v->kind == V_SLOT ? "fixed_slot" : "fd", json_int(v->i));
		ADD(o, "file", json_str(v->s));
		return o;
	}
}

static cJSON *raw_arg(const struct sqe_arg *a)
{
	struct buf b = {0};
	cJSON *item;

	switch (a->raw) {
	case RAW_UNKNOWN:
		return cJSON_CreateNull();
	case RAW_DEC:
		return json_uint(a->word);
	case RAW_INT:
		return json_int((int64_t)a->word);
	case RAW_BYTES:
		for (size_t i = 0; i < a->n_bytes; i++)
			buf_printf(&b, "%02x", a->bytes[i]);
		item = cJSON_CreateString(b.data ? b.data : "");
		buf_free(&b);
		return item;
	default:
		return json_hex(a->word);
	}
}

void snap_json_sqe(cJSON *o, const struct sqe_fields *f)
{
	cJSON *args, *decoded;
	bool any = false;

	ADD(o, "opcode", json_str(f->name));
	ADD(o, "opcode_value", json_uint(f->opcode));
	ADD(o, "flags", f->flags_known ? flag_names(&uapi_sqe_flags, f->flags) : cJSON_CreateNull());
	ADD(o, "fd", f->has_fd && !f->fixed ? json_int(f->fd) : cJSON_CreateNull());
	if (f->has_fd && f->fixed)
		ADD(o, "fixed_slot", json_int(f->fd));
	ADD(o, "file", json_str(f->file));
	ADD(o, "user_data", json_hex(f->user_data));
	ADD(o, "personality", f->personality_known ? json_uint(f->personality) : cJSON_CreateNull());
	args = cJSON_CreateObject();
	decoded = cJSON_CreateObject();
	for (size_t i = 0; i < f->n_args; i++) {
		cJSON_AddItemToObject(args, f->args[i].name, raw_arg(&f->args[i]));
		if (f->args[i].decoded) {
			cJSON_AddItemToObject(decoded, f->args[i].name, value(f->args[i].decoded));
			any = true;
		}
	}
	ADD(o, "args", args);
	if (any)
		ADD(o, "decoded", decoded);
	else
		cJSON_Delete(decoded);
}

static cJSON *sqe(const struct snap_sqe *e)
{
	cJSON *o = cJSON_CreateObject();

	ADD(o, "index", num(e->index));
	ADD(o, "slot", num(e->slot));
	if (e->in_range)
		snap_json_sqe(o, &e->f);
	else
		ADD(o, "in_range", cJSON_CreateFalse());
	return o;
}

static cJSON *cqe(const struct snap_cqe *e)
{
	cJSON *o = cJSON_CreateObject(), *extra;
	uint32_t flags = e->flags;

	if (e->index.known)
		ADD(o, "index", num(e->index));
	ADD(o, "user_data", json_hex(e->user_data));
	ADD(o, "res", json_int(e->res));
	ADD(o, "error", json_str(cqe_error(e->res, e->flags)));
	if (flags & UAPI_CQE_BUFFER)
		flags &= (1u << UAPI_CQE_BUFFER_SHIFT) - 1;
	ADD(o, "flags", flag_names(&uapi_cqe_flags, flags));
	ADD(o, "buffer_id",
		e->flags & UAPI_CQE_BUFFER ? json_uint(e->flags >> UAPI_CQE_BUFFER_SHIFT) : cJSON_CreateNull());
	if (e->big) {
		extra = cJSON_CreateArray();
		cJSON_AddItemToArray(extra, json_hex(e->extra[0]));
		cJSON_AddItemToArray(extra, json_hex(e->extra[1]));
		ADD(o, "extra", extra);
	}
	return o;
}

static void cqes(struct form_out *out, const char *section, bool known, const struct snap_cqe *e, size_t n)
{
	size_t end = buf_list(out->b), i;

	if (!known) {
		buf_puts(out->b, "null");
		return;
	}
	for (i = 0; i < n && form_next(out, i, end); i++)
		form_print(out->b, cqe(&e[i]));
	form_end(out, section, i, n);
}

static void pending(struct form_out *out, const struct snap_sq *s)
{
	size_t end = buf_list(out->b), i;

	if (!s->pending_known) {
		buf_puts(out->b, "null");
		return;
	}
	for (i = 0; i < s->n_pending && form_next(out, i, end); i++)
		form_print(out->b, sqe(&s->pending[i]));
	form_end(out, "sq.pending", i, s->n_pending);
}

/* An object's members up to here, the last of which is key. */
static void open_at(struct buf *b, cJSON *o, const char *key)
{
	form_print(b, o);
	b->len--;
	buf_printf(b, ",\"%s\":", key);
}

static void sq(struct form_out *out)
{
	const struct snap_sq *s = &out->r->sq;
	cJSON *o = cJSON_CreateObject();

	ADD(o, "entries", num(s->entries));
	ADD(o, "head", num(s->head));
	ADD(o, "tail", num(s->tail));
	ADD(o, "kernel_head", num(s->kernel_head));
	ADD(o, "dropped", num(s->dropped));
	ADD(o, "flags", names(s->flags_known, &s->flags));
	if (out->r->brief) {
		form_print(out->b, o);
		return;
	}
	ADD(o, "sqe_size", num(s->sqe_size));
	if (s->followed.known)
		ADD(o, "followed", num(s->followed));
	open_at(out->b, o, "pending");
	pending(out, s);
	buf_putc(out->b, '}');
}

static void cq(struct form_out *out)
{
	const struct snap_cq *c = &out->r->cq;
	cJSON *o = cJSON_CreateObject();

	ADD(o, "entries", num(c->entries));
	ADD(o, "head", num(c->head));
	ADD(o, "tail", num(c->tail));
	ADD(o, "kernel_tail", num(c->kernel_tail));
	ADD(o, "overflow", num(c->overflow));
	ADD(o, "flags", names(c->flags_known, &c->flags));
	if (out->r->brief) {
		form_print(out->b, o);
		return;
	}
	ADD(o, "cqe_size", num(c->cqe_size));
	if (c->overflowed_cut.known)
		ADD(o, "overflowed_cut", num(c->overflowed_cut));
	open_at(out->b, o, "unreaped");
	cqes(out, "cq.unreaped", c->unreaped_known, c->unreaped, c->n_unreaped);
	buf_puts(out->b, ",\"overflowed\":");
	cqes(out, "cq.overflowed", c->overflowed_known, c->overflowed, c->n_overflowed);
	buf_putc(out->b, '}');
}

static void section(struct form_out *out, const char *name, const struct form *f, const void *from)
{
	buf_printf(out->b, ",\"%s\":", name);
	form_write(out, name, f, from);
}

static void list(struct form_out *out, const char *name, const struct form *f, const void *from, size_t n)
{
	buf_printf(out->b, ",\"%s\":", name);
	form_write_list(out, name, f, from, n);
}

static void unavailable(struct form_out *out)
{
	const struct snap_ring *r = out->r;

	buf_puts(out->b, ",\"unavailable\":{");
	for (size_t i = 0; i < r->n_unavailable; i++) {
		buf_puts(out->b, i ? "," : "");
		form_string(out->b, r->unavailable[i].section);
		buf_putc(out->b, ':');
		form_string(out->b, r->unavailable[i].why);
	}
	buf_putc(out->b, '}');
}

/* What was left out, here or when the file was written that this comes from. */
static void cut(struct form_out *out)
{
	for (size_t i = 0; i < out->n_cuts; i++) {
		buf_printf(out->b, "%s\"%s\":", i ? "," : ",\"cut\":{", out->cuts[i].section);
		buf_dec(out->b, out->cuts[i].n);
	}
	if (out->n_cuts)
		buf_putc(out->b, '}');
}

static void ring(struct form_out *out)
{
	const struct snap_ring *r = out->r;
	struct buf *b = out->b;

	buf_puts(b, "{\"ring_id\":");
	buf_dec(b, r->id);
	buf_puts(b, ",\"setup_flags\":");
	if (r->setup_known) {
		buf_puts(b, "{\"value\":");
		form_num(b, r->setup_value);
		buf_puts(b, ",\"names\":");
		form_names(b, &r->setup_names);
		buf_putc(b, '}');
	} else {
		buf_puts(b, "null");
	}
	buf_puts(b, ",\"sq\":");
	sq(out);
	buf_puts(b, ",\"cq\":");
	cq(out);
	section(out, "owner", &form_owner, &r->owner);
	list(out, "holders", &form_holder, r->holders, r->n_holders);
	if (r->n_held_by)
		list(out, "held_by", &form_held, r->held_by, r->n_held_by);
	buf_printf(b, ",\"hidden\":%s", r->hidden == SNAP_UNKNOWN ? "null" : r->hidden == SNAP_YES ? "true" : "false");
	section(out, "sqpoll", &form_sqpoll, &r->sqpoll);
	if (!r->brief) {
		section(out, "restrictions", &form_restrictions, &r->restrictions);
		section(out, "registered", &form_registered, &r->registered);
		section(out, "inflight", &form_inflight, &r->inflight);
		section(out, "workers", &form_workers, &r->workers);
	}
	buf_printf(b, ",\"moved\":%s", r->moved ? "true" : "false");
	list(out, "disagreements", &form_disagreement, r->disagreements, r->n_disagreements);
	buf_puts(b, ",\"inferred\":");
	form_names(b, &r->inferred);
	cut(out);
	unavailable(out);
	buf_putc(b, '}');
}

void form_print(struct buf *b, cJSON *item)
{
	char *s = cJSON_PrintBuffered(item, 4096, false);

	if (s)
		buf_puts(b, s);
	cJSON_free(s);
	cJSON_Delete(item);
}

void snap_json_begin(struct buf *b, const struct snap_head *h)
{
	cJSON *o = cJSON_CreateObject(), *sub = cJSON_CreateObject();

	ADD(o, "format", cJSON_CreateString("uringctl-dump"));
	ADD(o, "version", json_uint(SNAP_JSON_VERSION));
	ADD(o, "tool", json_str(h->tool));
	ADD(o, "time", json_str(h->time));
	ADD(sub, "release", json_str(h->release));
	ADD(sub, "btf", cJSON_CreateBool(h->btf));
	ADD(o, "kernel", sub);
	sub = cJSON_CreateObject();
	ADD(sub, "proc", cJSON_CreateBool(h->proc));
	ADD(sub, "memory", cJSON_CreateBool(h->memory));
	ADD(sub, "kernel", cJSON_CreateBool(h->kernel));
	if (h->kernel_why)
		ADD(sub, "kernel_unavailable", json_str(h->kernel_why));
	ADD(o, "sources", sub);
	form_print(b, o);
	b->len--; /* the object goes on */
	buf_puts(b, ",\n\"rings\":[");
}

void snap_json_ring(struct buf *b, const struct snap_ring *r, bool first)
{
	struct form_out out = {.b = b, .r = r};

	buf_puts(b, first ? "\n" : ",\n");
	buf_part(b);
	ring(&out);
}

void snap_json_end(struct buf *b, const struct snap_skip *skipped, size_t n, const struct snap_threads *threads)
{
	static const struct snap_ring whole; /* nothing of it is left out */
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < n; i++) {
		cJSON *o = cJSON_CreateObject();

		if (skipped[i].pid.known)
			ADD(o, "pid", num(skipped[i].pid));
		if (skipped[i].ring_id.known)
			ADD(o, "ring_id", num(skipped[i].ring_id));
		ADD(o, "reason", json_str(skipped[i].reason));
		if (skipped[i].late)
			ADD(o, "late", cJSON_CreateTrue());
		cJSON_AddItemToArray(list, o);
	}
	buf_puts(b, "\n],\n\"skipped\":");
	form_print(b, list);
	buf_puts(b, ",\n\"threads_without_ring\":");
	if (threads && threads->known)
		form_write_list(&(struct form_out){.b = b, .r = &whole}, "threads_without_ring", &form_thread,
			threads->v, threads->n);
	else
		buf_puts(b, "null");
	buf_puts(b, "}\n");
}
