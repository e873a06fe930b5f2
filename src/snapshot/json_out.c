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

static cJSON *cqes(bool known, const struct snap_cqe *e, size_t n)
{
	cJSON *list = known ? cJSON_CreateArray() : cJSON_CreateNull();

	for (size_t i = 0; known && i < n; i++)
		cJSON_AddItemToArray(list, cqe(&e[i]));
	return list;
}

static cJSON *sq(const struct snap_ring *r)
{
	const struct snap_sq *s = &r->sq;
	cJSON *o = cJSON_CreateObject(), *list;

	ADD(o, "entries", num(s->entries));
	ADD(o, "head", num(s->head));
	ADD(o, "tail", num(s->tail));
	ADD(o, "kernel_head", num(s->kernel_head));
	ADD(o, "dropped", num(s->dropped));
	ADD(o, "flags", names(s->flags_known, &s->flags));
	if (r->brief)
		return o;
	ADD(o, "sqe_size", num(s->sqe_size));
	list = s->pending_known ? cJSON_CreateArray() : cJSON_CreateNull();
	for (size_t i = 0; s->pending_known && i < s->n_pending; i++)
		cJSON_AddItemToArray(list, sqe(&s->pending[i]));
	ADD(o, "pending", list);
	return o;
}

static cJSON *cq(const struct snap_ring *r)
{
	const struct snap_cq *c = &r->cq;
	cJSON *o = cJSON_CreateObject();

	ADD(o, "entries", num(c->entries));
	ADD(o, "head", num(c->head));
	ADD(o, "tail", num(c->tail));
	ADD(o, "kernel_tail", num(c->kernel_tail));
	ADD(o, "overflow", num(c->overflow));
	ADD(o, "flags", names(c->flags_known, &c->flags));
	if (r->brief)
		return o;
	ADD(o, "cqe_size", num(c->cqe_size));
	ADD(o, "unreaped", cqes(c->unreaped_known, c->unreaped, c->n_unreaped));
	ADD(o, "overflowed", cqes(c->overflowed_known, c->overflowed, c->n_overflowed));
	if (c->overflowed_cut.known)
		ADD(o, "overflowed_cut", num(c->overflowed_cut));
	return o;
}

static cJSON *ring(const struct snap_ring *r)
{
	cJSON *o = cJSON_CreateObject(), *sub;

	ADD(o, "ring_id", json_uint(r->id));
	sub = r->setup_known ? cJSON_CreateObject() : cJSON_CreateNull();
	if (r->setup_known) {
		ADD(sub, "value", num(r->setup_value));
		ADD(sub, "names", names(true, &r->setup_names));
	}
	ADD(o, "setup_flags", sub);
	ADD(o, "sq", sq(r));
	ADD(o, "cq", cq(r));
	ADD(o, "owner", form_write(&form_owner, &r->owner, r->brief));
	ADD(o, "holders", form_write_list(&form_holder, r->holders, r->n_holders, r->brief));
	if (r->n_held_by)
		ADD(o, "held_by", form_write_list(&form_held, r->held_by, r->n_held_by, r->brief));
	ADD(o, "hidden", r->hidden == SNAP_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(r->hidden == SNAP_YES));
	ADD(o, "sqpoll", form_write(&form_sqpoll, &r->sqpoll, r->brief));
	if (!r->brief) {
		ADD(o, "restrictions", form_write(&form_restrictions, &r->restrictions, false));
		ADD(o, "registered", form_write(&form_registered, &r->registered, false));
		ADD(o, "inflight", form_write(&form_inflight, &r->inflight, false));
		ADD(o, "workers", form_write(&form_workers, &r->workers, false));
	}
	ADD(o, "moved", cJSON_CreateBool(r->moved));
	ADD(o, "disagreements", form_write_list(&form_disagreement, r->disagreements, r->n_disagreements, false));
	ADD(o, "inferred", names(true, &r->inferred));
	sub = cJSON_CreateObject();
	for (size_t i = 0; i < r->n_unavailable; i++)
		cJSON_AddItemToObject(
			sub, r->unavailable[i].section, cJSON_CreateStringReference(r->unavailable[i].why));
	ADD(o, "unavailable", sub);
	return o;
}

static void print(struct buf *b, cJSON *item)
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
	print(b, o);
	b->len--; /* the object goes on */
	buf_puts(b, ",\n\"rings\":[");
}

void snap_json_ring(struct buf *b, const struct snap_ring *r, bool first)
{
	buf_puts(b, first ? "\n" : ",\n");
	print(b, ring(r));
}

void snap_json_end(struct buf *b, const struct snap_skip *skipped, size_t n, const struct snap_threads *threads)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < n; i++) {
		cJSON *o = cJSON_CreateObject();

		if (skipped[i].pid.known)
			ADD(o, "pid", num(skipped[i].pid));
		if (skipped[i].ring_id.known)
			ADD(o, "ring_id", num(skipped[i].ring_id));
		ADD(o, "reason", json_str(skipped[i].reason));
		cJSON_AddItemToArray(list, o);
	}
	buf_puts(b, "\n],\n\"skipped\":");
	print(b, list);
	buf_puts(b, ",\n\"threads_without_ring\":");
	print(b, threads && threads->known ? form_write_list(&form_thread, threads->v, threads->n, false)
					   : cJSON_CreateNull());
	buf_puts(b, "}\n");
}
