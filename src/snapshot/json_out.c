/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot as JSON. Numbers go out as raw text, so that every one of 64 bits keeps all its digits; keys are constants that
 * cJSON need not copy.
 */
#include <stdlib.h>
#include <string.h>

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

static cJSON *unum(uint64_t v)
{
	return raw_number(v, false);
}

static cJSON *sint(int64_t v)
{
	return raw_number(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

static cJSON *num(struct snap_num n)
{
	return n.known ? unum(n.v) : cJSON_CreateNull();
}

static cJSON *hex(uint64_t v)
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

static cJSON *str(const char *s)
{
	return s ? text(s, strlen(s)) : cJSON_CreateNull();
}

static cJSON *names(bool known, const struct snap_names *n)
{
	cJSON *list = known ? cJSON_CreateArray() : cJSON_CreateNull();

	for (size_t i = 0; known && i < n->n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(n->v[i]));
	return list;
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
		cJSON_AddItemToArray(list, hex(rest));
	return list;
}

static cJSON *yes(enum snap_yes y)
{
	return y == SNAP_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(y == SNAP_YES);
}

static cJSON *value(const struct value *v)
{
	cJSON *o;

	switch (v->kind) {
	case V_UINT:
		return unum(v->u);
	case V_INT:
		return sint(v->i);
	case V_HEX:
		return hex(v->u);
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
		ADD(o, v->kind == V_SLOT ? "fixed_slot" : "fd", sint(v->i));
		ADD(o, "file", str(v->s));
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
		return unum(a->word);
	case RAW_INT:
		return sint((int64_t)a->word);
	case RAW_BYTES:
		for (size_t i = 0; i < a->n_bytes; i++)
			buf_printf(&b, "%02x", a->bytes[i]);
		item = cJSON_CreateString(b.data ? b.data : "");
		buf_free(&b);
		return item;
	default:
		return hex(a->word);
	}
}

static cJSON *sqe(const struct snap_sqe *e)
{
	const struct sqe_fields *f = &e->f;
	cJSON *o = cJSON_CreateObject(), *args, *decoded;
	bool any = false;

	ADD(o, "index", num(e->index));
	ADD(o, "slot", num(e->slot));
	if (!e->in_range) {
		ADD(o, "in_range", cJSON_CreateFalse());
		return o;
	}
	ADD(o, "opcode", str(f->name));
	ADD(o, "opcode_value", unum(f->opcode));
	ADD(o, "flags", f->flags_known ? flag_names(&uapi_sqe_flags, f->flags) : cJSON_CreateNull());
	ADD(o, "fd", f->has_fd && !f->fixed ? sint(f->fd) : cJSON_CreateNull());
	if (f->has_fd && f->fixed)
		ADD(o, "fixed_slot", sint(f->fd));
	ADD(o, "file", str(f->file));
	ADD(o, "user_data", hex(f->user_data));
	ADD(o, "personality", f->personality_known ? unum(f->personality) : cJSON_CreateNull());
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
	return o;
}

static cJSON *cqe(const struct snap_cqe *e)
{
	cJSON *o = cJSON_CreateObject(), *extra;
	uint32_t flags = e->flags;

	if (e->index.known)
		ADD(o, "index", num(e->index));
	ADD(o, "user_data", hex(e->user_data));
	ADD(o, "res", sint(e->res));
	ADD(o, "error", str(cqe_error(e->res, e->flags)));
	if (flags & UAPI_CQE_BUFFER)
		flags &= (1u << UAPI_CQE_BUFFER_SHIFT) - 1;
	ADD(o, "flags", flag_names(&uapi_cqe_flags, flags));
	ADD(o, "buffer_id", e->flags & UAPI_CQE_BUFFER ? unum(e->flags >> UAPI_CQE_BUFFER_SHIFT) : cJSON_CreateNull());
	if (e->big) {
		extra = cJSON_CreateArray();
		cJSON_AddItemToArray(extra, hex(e->extra[0]));
		cJSON_AddItemToArray(extra, hex(e->extra[1]));
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
	return o;
}

static cJSON *owner(const struct snap_owner *w)
{
	cJSON *o = w->known ? cJSON_CreateObject() : cJSON_CreateNull();

	if (!w->known)
		return o;
	ADD(o, "mm", str(w->mm));
	ADD(o, "pid", num(w->pid));
	ADD(o, "comm", str(w->comm));
	ADD(o, "exe", str(w->exe));
	ADD(o, "uid", num(w->uid));
	ADD(o, "submitter_tid", num(w->submitter_tid));
	return o;
}

static cJSON *holder(const struct snap_holder *h)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();

	ADD(o, "pid", unum(h->pid));
	ADD(o, "comm", str(h->comm));
	ADD(o, "uid", num(h->uid));
	for (size_t i = 0; i < h->n_fds; i++)
		cJSON_AddItemToArray(list, sint(h->fds[i]));
	ADD(o, "fds", list);
	if (h->n_thread_fds) {
		list = cJSON_CreateArray();
		for (size_t i = 0; i < h->n_thread_fds; i++) {
			cJSON *t = cJSON_CreateObject();

			ADD(t, "tid", sint(h->thread_fds[i].tid));
			ADD(t, "fd", sint(h->thread_fds[i].fd));
			cJSON_AddItemToArray(list, t);
		}
		ADD(o, "thread_fds", list);
	}
	ADD(o, "mapped", yes(h->mapped));
	ADD(o, "registered", yes(h->registered));
	ADD(o, "same_mm", yes(h->same_mm));
	return o;
}

static cJSON *sqpoll(const struct snap_ring *r)
{
	const struct snap_sqpoll *s = &r->sqpoll;
	cJSON *o = s->known ? cJSON_CreateObject() : cJSON_CreateNull(), *list;

	if (!s->known)
		return o;
	ADD(o, "active", cJSON_CreateBool(s->active));
	if (!s->active)
		return o;
	ADD(o, "tid", num(s->tid));
	ADD(o, "comm", str(s->comm));
	ADD(o, "cpu", num(s->cpu));
	ADD(o, "pinned_cpu", num(s->pinned_cpu));
	ADD(o, "idle_ms", num(s->idle_ms));
	ADD(o, "state", str(s->state));
	ADD(o, "need_wakeup", yes(s->need_wakeup));
	ADD(o, "total_us", num(s->total_us));
	ADD(o, "work_us", num(s->work_us));
	if (r->brief)
		return o;
	list = cJSON_CreateArray();
	for (size_t i = 0; i < s->n_shared_with; i++)
		cJSON_AddItemToArray(list, unum(s->shared_with[i]));
	ADD(o, "shared_with", list);
	return o;
}

static cJSON *registered(const struct snap_ring *r)
{
	const struct snap_registered *g = &r->registered;
	cJSON *o, *list;

	if (snap_reason_of(r, "registered"))
		return cJSON_CreateNull();
	o = cJSON_CreateObject();
	list = g->files_known ? cJSON_CreateArray() : cJSON_CreateNull();
	for (size_t i = 0; g->files_known && i < g->n_files; i++) {
		cJSON *f = cJSON_CreateObject();

		ADD(f, "slot", unum(g->files[i].slot));
		ADD(f, "file", str(g->files[i].file));
		cJSON_AddItemToArray(list, f);
	}
	ADD(o, "files", list);
	ADD(o, "nr_files", num(g->nr_files));
	list = g->buffers_known ? cJSON_CreateArray() : cJSON_CreateNull();
	for (size_t i = 0; g->buffers_known && i < g->n_buffers; i++) {
		cJSON *f = cJSON_CreateObject();

		ADD(f, "slot", unum(g->buffers[i].slot));
		ADD(f, "addr", hex(g->buffers[i].addr));
		ADD(f, "len", unum(g->buffers[i].len));
		cJSON_AddItemToArray(list, f);
	}
	ADD(o, "buffers", list);
	ADD(o, "nr_buffers", num(g->nr_buffers));
	ADD(o, "buffer_rings", cJSON_CreateNull());
	list = g->personalities_known ? cJSON_CreateArray() : cJSON_CreateNull();
	for (size_t i = 0; g->personalities_known && i < g->n_personalities; i++) {
		cJSON *p = cJSON_CreateObject();

		ADD(p, "id", sint(g->personalities[i].id));
		ADD(p, "uid", unum(g->personalities[i].uid));
		ADD(p, "gid", unum(g->personalities[i].gid));
		ADD(p, "cap_effective", hex(g->personalities[i].cap_effective));
		cJSON_AddItemToArray(list, p);
	}
	ADD(o, "personalities", list);
	ADD(o, "eventfd", cJSON_CreateNull());
	ADD(o, "napi", str(g->napi));
	ADD(o, "iowq_limits", cJSON_CreateNull());
	return o;
}

static cJSON *inflight(const struct snap_inflight *in)
{
	cJSON *o = in->known ? cJSON_CreateObject() : cJSON_CreateNull(), *list;

	if (!in->known)
		return o;
	ADD(o, "count", num(in->count));
	list = cJSON_CreateArray();
	for (size_t i = 0; i < in->n_requests; i++) {
		cJSON *q = cJSON_CreateObject();

		ADD(q, "opcode", str(in->requests[i].name));
		ADD(q, "opcode_value", unum(in->requests[i].opcode));
		ADD(q, "user_data", cJSON_CreateNull());
		ADD(q, "fd", cJSON_CreateNull());
		ADD(q, "file", cJSON_CreateNull());
		ADD(q, "where", str(in->requests[i].where));
		ADD(q, "worker_tid", cJSON_CreateNull());
		cJSON_AddItemToArray(list, q);
	}
	ADD(o, "requests", list);
	return o;
}

static cJSON *workers(const struct snap_workers *w)
{
	cJSON *o = w->known ? cJSON_CreateObject() : cJSON_CreateNull(), *list;

	if (!w->known)
		return o;
	ADD(o, "bounded", cJSON_CreateNull());
	ADD(o, "unbounded", cJSON_CreateNull());
	list = cJSON_CreateArray();
	for (size_t i = 0; i < w->n_tids; i++)
		cJSON_AddItemToArray(list, sint(w->tids[i]));
	ADD(o, "tids", list);
	return o;
}

static cJSON *ring(const struct snap_ring *r)
{
	cJSON *o = cJSON_CreateObject(), *sub, *list;

	ADD(o, "ring_id", unum(r->id));
	sub = r->setup_known ? cJSON_CreateObject() : cJSON_CreateNull();
	if (r->setup_known) {
		ADD(sub, "value", num(r->setup_value));
		ADD(sub, "names", names(true, &r->setup_names));
	}
	ADD(o, "setup_flags", sub);
	ADD(o, "sq", sq(r));
	ADD(o, "cq", cq(r));
	ADD(o, "owner", owner(&r->owner));
	list = cJSON_CreateArray();
	for (size_t i = 0; i < r->n_holders; i++)
		cJSON_AddItemToArray(list, holder(&r->holders[i]));
	ADD(o, "holders", list);
	ADD(o, "sqpoll", sqpoll(r));
	if (!r->brief) {
		ADD(o, "restrictions", cJSON_CreateNull());
		ADD(o, "registered", registered(r));
		ADD(o, "inflight", inflight(&r->inflight));
		ADD(o, "workers", workers(&r->workers));
	}
	ADD(o, "moved", cJSON_CreateBool(r->moved));
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
	ADD(o, "version", unum(SNAP_JSON_VERSION));
	ADD(o, "tool", str(h->tool));
	ADD(o, "time", str(h->time));
	ADD(sub, "release", str(h->release));
	ADD(sub, "btf", cJSON_CreateBool(h->btf));
	ADD(o, "kernel", sub);
	sub = cJSON_CreateObject();
	ADD(sub, "proc", cJSON_CreateBool(h->proc));
	ADD(sub, "memory", cJSON_CreateBool(h->memory));
	ADD(sub, "kernel", cJSON_CreateBool(h->kernel));
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

void snap_json_end(struct buf *b, const struct snap_skip *skipped, size_t n)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < n; i++) {
		cJSON *o = cJSON_CreateObject();

		if (skipped[i].pid.known)
			ADD(o, "pid", num(skipped[i].pid));
		if (skipped[i].ring_id.known)
			ADD(o, "ring_id", num(skipped[i].ring_id));
		ADD(o, "reason", str(skipped[i].reason));
		cJSON_AddItemToArray(list, o);
	}
	buf_puts(b, "\n],\n\"skipped\":");
	print(b, list);
	buf_puts(b, "}\n");
}
