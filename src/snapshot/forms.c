/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of JSON members, and the two functions that go by them. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "forms.h"

/* clang-format off */ /* tables, laid out to be read as such */

#define NONE SIZE_MAX
#define END {0}
#define F(type, kind, key, member) {key, FORM_##kind, 0, offsetof(struct type, member), 0, NONE, NULL, 0}
#define FX(type, kind, key, member, flags) {key, FORM_##kind, flags, offsetof(struct type, member), 0, NONE, NULL, 0}
/* names that are only known if a member says so */
#define FK(type, kind, key, member, known) {key, FORM_##kind, 0, offsetof(struct type, member), 0, offsetof(struct type, known), NULL, 0}
#define O(type, key, member, form) {key, FORM_OBJECT, 0, offsetof(struct type, member), 0, NONE, &form, 0}
#define L(type, key, member, known, form) {key, FORM_LIST, 0, offsetof(struct type, member), offsetof(struct type, n_##member), known, &form, 0}
#define LX(type, key, member, flags, form) {key, FORM_LIST, flags, offsetof(struct type, member), offsetof(struct type, n_##member), NONE, &form, 0}
#define LN(type, key, member, flags, item) {key, FORM_LIST, flags, offsetof(struct type, member), offsetof(struct type, n_##member), NONE, NULL, FORM_##item}
#define LNK(type, key, member, known, item) {key, FORM_LIST, 0, offsetof(struct type, member), offsetof(struct type, n_##member), offsetof(struct type, known), NULL, FORM_##item}
#define FORM(type, ...) {(const struct form_field[]){__VA_ARGS__, END}, sizeof(struct type), NONE}
#define FORM_KNOWN(type, ...) {(const struct form_field[]){__VA_ARGS__, END}, sizeof(struct type), offsetof(struct type, known)}
#define AT(type, member) offsetof(struct type, member)

static const struct form form_cred = FORM_KNOWN(snap_cred,
	F(snap_cred, U32, "uid", uid), F(snap_cred, U32, "gid", gid),
	F(snap_cred, U64_HEX, "cap_effective", cap_effective));

const struct form form_owner = FORM_KNOWN(snap_owner,
	F(snap_owner, STR, "mm", mm), F(snap_owner, NUM, "pid", pid), F(snap_owner, STR, "comm", comm),
	F(snap_owner, STR, "exe", exe), F(snap_owner, NUM, "uid", uid),
	F(snap_owner, NUM, "submitter_tid", submitter_tid), O(snap_owner, "sq_creds", sq_creds, form_cred));

static const struct form form_thread_fd = FORM(snap_thread_fd,
	F(snap_thread_fd, I32, "tid", tid), F(snap_thread_fd, I32, "fd", fd));

const struct form form_holder = FORM(snap_holder,
	F(snap_holder, U32, "pid", pid), F(snap_holder, STR, "comm", comm), F(snap_holder, NUM, "uid", uid),
	LNK(snap_holder, "fds", fds, fds_known, I32), LX(snap_holder, "thread_fds", thread_fds, FORM_OMIT, form_thread_fd),
	F(snap_holder, YES, "mapped", mapped), F(snap_holder, YES, "registered", registered),
	F(snap_holder, YES, "same_mm", same_mm), FX(snap_holder, YES, "uses", uses, FORM_FULL));

const struct form form_held = FORM(snap_held,
	F(snap_held, NUM, "ring_id", ring_id), F(snap_held, STR, "opcode", name), F(snap_held, U32, "opcode_value", opcode),
	F(snap_held, U64_HEX, "user_data", user_data));

const struct form form_thread = FORM(snap_thread,
	F(snap_thread, I32, "pid", pid), F(snap_thread, STR, "comm", comm), F(snap_thread, I32, "tid", tid),
	F(snap_thread, STR, "name", name), F(snap_thread, STR, "kind", kind), F(snap_thread, STR, "state", state),
	F(snap_thread, STR, "wchan", wchan), F(snap_thread, NUM, "cpu_us", cpu_us), F(snap_thread, STR, "opcode", opcode));

const struct form form_sqpoll = FORM_KNOWN(snap_sqpoll,
	FX(snap_sqpoll, BOOL, "active", active, FORM_STOP), F(snap_sqpoll, NUM, "tid", tid),
	F(snap_sqpoll, STR, "comm", comm), F(snap_sqpoll, NUM, "cpu", cpu), F(snap_sqpoll, NUM, "pinned_cpu", pinned_cpu),
	F(snap_sqpoll, NUM, "idle_ms", idle_ms), F(snap_sqpoll, STR, "state", state),
	F(snap_sqpoll, YES, "need_wakeup", need_wakeup), F(snap_sqpoll, NUM, "total_us", total_us),
	F(snap_sqpoll, NUM, "work_us", work_us), LN(snap_sqpoll, "shared_with", shared_with, FORM_FULL, U64));

const struct form form_restrictions = FORM_KNOWN(snap_restrictions,
	F(snap_restrictions, BOOL, "active", active), F(snap_restrictions, BOOL, "registered", registered),
	FK(snap_restrictions, NAMES, "register_ops", register_ops, register_limited),
	FK(snap_restrictions, NAMES, "sqe_ops", sqe_ops, sqe_limited),
	FK(snap_restrictions, NAMES, "sqe_flags_allowed", sqe_flags_allowed, sqe_limited),
	FK(snap_restrictions, NAMES, "sqe_flags_required", sqe_flags_required, sqe_limited),
	F(snap_restrictions, NUM, "bpf_filters", bpf_filters), F(snap_restrictions, NAMES, "bpf_filter_ops", filter_ops),
	F(snap_restrictions, YES, "inherited", inherited), F(snap_restrictions, YES, "ring_disabled", ring_disabled));

static const struct form form_file = FORM(snap_file, F(snap_file, U32, "slot", slot), F(snap_file, STR, "file", file));

static const struct form form_buffer = FORM(snap_buffer,
	F(snap_buffer, U32, "slot", slot), F(snap_buffer, U64_HEX, "addr", addr), F(snap_buffer, U64, "len", len),
	F(snap_buffer, YES, "cloned", cloned), F(snap_buffer, YES, "kernel", kernel));

static const struct form form_group = FORM(snap_group,
	F(snap_group, U32, "group", group), F(snap_group, BOOL, "ring", ring), F(snap_group, NUM, "entries", entries),
	F(snap_group, NUM, "available", available), F(snap_group, BOOL, "at_least", at_least),
	F(snap_group, YES, "incremental", incremental), F(snap_group, YES, "kernel_mapped", kernel_mapped));

static const struct form form_personality = FORM(snap_personality,
	F(snap_personality, I32, "id", id), F(snap_personality, U32, "uid", uid), F(snap_personality, U32, "gid", gid),
	F(snap_personality, U64_HEX, "cap_effective", cap_effective));

static const struct form form_eventfd = FORM_KNOWN(snap_eventfd,
	FX(snap_eventfd, BOOL, "active", active, FORM_STOP), F(snap_eventfd, YES, "async", async),
	F(snap_eventfd, YES, "disabled", disabled));

static const struct form form_iowq_limits = FORM_KNOWN(snap_iowq_limits,
	F(snap_iowq_limits, NUM, "bounded", bounded), F(snap_iowq_limits, NUM, "unbounded", unbounded));

static const struct form form_napi = FORM_KNOWN(snap_napi,
	F(snap_napi, NUM, "busy_poll_us", busy_poll_us), F(snap_napi, YES, "prefer_busy_poll", prefer_busy_poll),
	LN(snap_napi, "ids", ids, 0, U32));

static const struct form form_zcrx = FORM(snap_zcrx,
	F(snap_zcrx, U32, "id", id), F(snap_zcrx, STR, "ifname", ifname), F(snap_zcrx, U32, "rxq", rxq),
	F(snap_zcrx, U32, "entries", entries));

static const struct form form_memlock = FORM_KNOWN(snap_memlock,
	F(snap_memlock, YES, "limited", limited), F(snap_memlock, NUM, "user_bytes", user_bytes),
	F(snap_memlock, NUM, "mm_bytes", mm_bytes), F(snap_memlock, NUM, "limit_bytes", limit_bytes));

const struct form form_registered = FORM_KNOWN(snap_registered,
	L(snap_registered, "files", files, AT(snap_registered, files_known), form_file),
	F(snap_registered, NUM, "nr_files", nr_files), FX(snap_registered, NUM, "files_cut", files_cut, FORM_OMIT),
	L(snap_registered, "buffers", buffers, AT(snap_registered, buffers_known), form_buffer),
	F(snap_registered, NUM, "nr_buffers", nr_buffers), FX(snap_registered, NUM, "buffers_cut", buffers_cut, FORM_OMIT),
	L(snap_registered, "buffer_rings", groups, AT(snap_registered, groups_known), form_group),
	L(snap_registered, "personalities", personalities, AT(snap_registered, personalities_known), form_personality),
	O(snap_registered, "eventfd", eventfd, form_eventfd), F(snap_registered, STR, "napi", napi),
	O(snap_registered, "napi_settings", napi_settings, form_napi),
	L(snap_registered, "zcrx", zcrx, AT(snap_registered, zcrx_known), form_zcrx),
	O(snap_registered, "iowq_limits", iowq_limits, form_iowq_limits),
	O(snap_registered, "memlock", memlock, form_memlock));

static const struct form form_request = FORM(snap_request,
	F(snap_request, STR, "opcode", name), F(snap_request, U32, "opcode_value", opcode),
	F(snap_request, HEX, "user_data", user_data), FK(snap_request, NAMES, "flags", flags, flags_known),
	FX(snap_request, BOOL, "force_async", force_async, FORM_OMIT),
	F(snap_request, NUM, "fd", fd), FX(snap_request, NUM, "fixed_slot", fixed_slot, FORM_OMIT),
	FX(snap_request, BOOL, "fd_inferred", fd_inferred, FORM_OMIT), LN(snap_request, "fds", fds, FORM_OMIT, U32),
	LN(snap_request, "fixed_slots", fixed_slots, FORM_OMIT, U32),
	F(snap_request, STR, "file", file), F(snap_request, STR, "where", where),
	F(snap_request, NUM, "worker_tid", worker_tid), F(snap_request, NUM, "tid", tid),
	FX(snap_request, NUM, "chain", chain, FORM_OMIT), FX(snap_request, NUM, "position", position, FORM_OMIT),
	F(snap_request, NUM, "age_ns", age_ns), FX(snap_request, SIGNED, "due_ns", due_ns, FORM_OMIT));

const struct form form_inflight = FORM_KNOWN(snap_inflight,
	F(snap_inflight, NUM, "count", count), F(snap_inflight, NUM, "unknown", unknown),
	FX(snap_inflight, NUM, "cut", cut, FORM_OMIT), LX(snap_inflight, "requests", requests, 0, form_request));

static const struct form form_pool = FORM_KNOWN(snap_pool,
	F(snap_pool, U64, "workers", workers), F(snap_pool, U64, "running", running), F(snap_pool, U64, "max", max),
	F(snap_pool, U64, "queued", queued));

static const struct form form_running = FORM_KNOWN(snap_running,
	F(snap_running, STR, "opcode", name), F(snap_running, U32, "opcode_value", opcode),
	F(snap_running, U64_HEX, "user_data", user_data), F(snap_running, BOOL, "of_this_ring", of_this_ring));

static const struct form form_worker = FORM(snap_worker,
	F(snap_worker, I32, "tid", tid), F(snap_worker, YES, "bounded", bounded), F(snap_worker, YES, "idle", idle),
	F(snap_worker, STR, "state", state), F(snap_worker, STR, "wchan", wchan), F(snap_worker, NAMES, "stack", stack),
	O(snap_worker, "request", request, form_running));

const struct form form_workers = FORM_KNOWN(snap_workers,
	O(snap_workers, "bounded", bounded, form_pool), O(snap_workers, "unbounded", unbounded, form_pool),
	LN(snap_workers, "tids", tids, 0, I32), L(snap_workers, "threads", threads, AT(snap_workers, threads_known), form_worker));

const struct form form_disagreement = FORM(snap_disagreement,
	F(snap_disagreement, STR, "what", what), F(snap_disagreement, STR, "proc", proc),
	F(snap_disagreement, STR, "kernel", kernel));

/* clang-format on */

static const size_t item_sizes[] = {[FORM_I32] = 4, [FORM_U32] = 4, [FORM_U64] = 8};

/* --- out --- */

void form_string(struct buf *b, const char *s)
{
	struct buf plain = {0};

	if (!s) {
		buf_puts(b, "null");
		return;
	}
	/* text from a target: valid UTF-8 whatever its bytes were */
	buf_text(&plain, s, strlen(s), ESC_JSON);
	buf_putc(b, '"');
	for (size_t i = 0; i < plain.len; i++) {
		unsigned char c = (unsigned char)plain.data[i];

		if (c < 0x20) {
			buf_printf(b, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_putc(b, '\\');
		buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
	buf_free(&plain);
}

void form_names(struct buf *b, const struct snap_names *n)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < n->n; i++) {
		buf_puts(b, i ? "," : "");
		form_string(b, n->v[i]);
	}
	buf_putc(b, ']');
}

static void hex(struct buf *b, uint64_t v)
{
	buf_putc(b, '"');
	buf_hex(b, v);
	buf_putc(b, '"');
}

static void number(struct buf *b, struct snap_num n, enum form_kind kind)
{
	if (!n.known)
		buf_puts(b, "null");
	else if (kind == FORM_SIGNED)
		buf_printf(b, "%lld", (long long)n.v);
	else if (kind == FORM_HEX)
		hex(b, n.v);
	else
		buf_dec(b, n.v);
}

void form_num(struct buf *b, struct snap_num n)
{
	number(b, n, FORM_NUM);
}

static void item(struct buf *b, enum form_kind kind, const void *p)
{
	if (kind == FORM_I32)
		buf_printf(b, "%d", *(const int32_t *)p);
	else
		buf_dec(b, kind == FORM_U32 ? *(const uint32_t *)p : *(const uint64_t *)p);
}

static bool known(const struct form_field *f, const char *base)
{
	return f->at_known == NONE || *(const bool *)(base + f->at_known);
}

static bool empty(const struct form_field *f, const char *base)
{
	const void *p = base + f->at;

	switch (f->kind) {
	case FORM_NUM:
	case FORM_SIGNED:
	case FORM_HEX:
		return !((const struct snap_num *)p)->known;
	case FORM_LIST:
		return !*(const size_t *)(base + f->at_n);
	case FORM_BOOL:
		return !*(const bool *)p;
	default:
		return false;
	}
}

static void items(struct buf *b, enum form_kind kind, const char *v, size_t n)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i ? "," : "");
		item(b, kind, v + i * item_sizes[kind]);
	}
	buf_putc(b, ']');
}

static void list(struct form_out *out, const char *section, const struct form_field *f, const char *base)
{
	const void *v = *(const void *const *)(base + f->at);
	size_t n = *(const size_t *)(base + f->at_n);
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", section, f->key);
	if (f->of)
		form_write_list(out, name, f->of, v, n);
	else
		items(out->b, f->item, v, n);
}

static void boolean(struct buf *b, bool v)
{
	buf_puts(b, v ? "true" : "false");
}

static void member(struct form_out *out, const char *section, const struct form_field *f, const char *base)
{
	const void *p = base + f->at;
	struct buf *b = out->b;

	if (!known(f, base)) {
		buf_puts(b, "null");
		return;
	}
	switch (f->kind) {
	case FORM_NUM:
	case FORM_SIGNED:
	case FORM_HEX:
		number(b, *(const struct snap_num *)p, f->kind);
		break;
	case FORM_YES:
		if (*(const enum snap_yes *)p == SNAP_UNKNOWN)
			buf_puts(b, "null");
		else
			boolean(b, *(const enum snap_yes *)p == SNAP_YES);
		break;
	case FORM_BOOL:
		boolean(b, *(const bool *)p);
		break;
	case FORM_U64_HEX:
		hex(b, *(const uint64_t *)p);
		break;
	case FORM_STR:
		form_string(b, *(const char *const *)p);
		break;
	case FORM_NAMES:
		form_names(b, p);
		break;
	case FORM_OBJECT:
		form_write(out, f->key, f->of, p);
		break;
	case FORM_LIST:
		list(out, section, f, base);
		break;
	default:
		item(b, f->kind, p);
	}
}

void form_write(struct form_out *out, const char *section, const struct form *f, const void *from)
{
	const char *base = from;
	bool any = false;

	if (f->known != NONE && !*(const bool *)(base + f->known)) {
		buf_puts(out->b, "null");
		return;
	}
	buf_putc(out->b, '{');
	for (const struct form_field *field = f->fields; field->key; field++) {
		if ((field->flags & FORM_FULL && out->r->brief) || (field->flags & FORM_OMIT && empty(field, base)))
			continue;
		buf_printf(out->b, "%s\"%s\":", any ? "," : "", field->key);
		any = true;
		member(out, section, field, base);
		if (field->flags & FORM_STOP && !*(const bool *)(base + field->at))
			break;
	}
	buf_putc(out->b, '}');
}

bool form_next(struct form_out *out, size_t i, size_t end)
{
	if (!out->depth && !buf_wants(out->b, end))
		return false;
	buf_putc(out->b, i ? ',' : '[');
	return true;
}

void form_end(struct form_out *out, const char *section, size_t written, size_t n)
{
	uint64_t left_out = n - written + snap_cut_of(out->r, section);
	size_t at = out->n_cuts;

	buf_puts(out->b, written ? "]" : "[]");
	if (!left_out || out->depth || at == sizeof(out->cuts) / sizeof(out->cuts[0]))
		return;
	snprintf(out->cuts[at].section, sizeof(out->cuts[at].section), "%s", section);
	out->cuts[at].n = left_out;
	out->n_cuts++;
}

void form_write_list(struct form_out *out, const char *section, const struct form *f, const void *from, size_t n)
{
	size_t end = buf_list(out->b), i;

	for (i = 0; i < n && form_next(out, i, end); i++) {
		out->depth++;
		form_write(out, section, f, (const char *)from + i * f->size);
		out->depth--;
	}
	form_end(out, section, i, n);
}

/* --- and back --- */

static void read_item(enum form_kind kind, const cJSON *o, void *p)
{
	uint64_t v = json_read_num(o).v;

	if (kind == FORM_U64)
		*(uint64_t *)p = v;
	else
		*(uint32_t *)p = (uint32_t)v;
}

static void *read_items(enum form_kind kind, struct arena *a, const cJSON *list, size_t *n, bool *is)
{
	char *v;
	size_t i = 0;

	*is = cJSON_IsArray(list);
	*n = *is ? (size_t)cJSON_GetArraySize(list) : 0;
	v = arena_alloc(a, (*n + 1) * item_sizes[kind]);
	for (const cJSON *o = *is ? list->child : NULL; o; o = o->next, i++)
		read_item(kind, o, v + i * item_sizes[kind]);
	return v;
}

static void read_one(const struct form_field *f, struct arena *a, const cJSON *o, char *base)
{
	void *p = base + f->at;
	struct snap_num n = {0};
	bool is;

	switch (f->kind) {
	case FORM_NUM:
	case FORM_SIGNED:
		*(struct snap_num *)p = json_read_num(o);
		break;
	case FORM_HEX:
		n.known = json_read_hex(o, &n.v);
		*(struct snap_num *)p = n;
		break;
	case FORM_YES:
		*(enum snap_yes *)p = cJSON_IsTrue(o) ? SNAP_YES : cJSON_IsFalse(o) ? SNAP_NO : SNAP_UNKNOWN;
		break;
	case FORM_BOOL:
		*(bool *)p = cJSON_IsTrue(o);
		break;
	case FORM_U64_HEX:
		if (!json_read_hex(o, p))
			*(uint64_t *)p = 0;
		break;
	case FORM_STR:
		*(const char **)p = json_read_str(a, o);
		break;
	case FORM_NAMES:
		is = json_read_names(a, o, p);
		if (f->at_known != NONE)
			*(bool *)(base + f->at_known) = is;
		break;
	case FORM_OBJECT:
		form_read(f->of, a, o, p);
		break;
	case FORM_LIST:
		*(void **)p = f->of ? form_read_list(f->of, a, o, (size_t *)(void *)(base + f->at_n), &is)
				    : read_items(f->item, a, o, (size_t *)(void *)(base + f->at_n), &is);
		if (f->at_known != NONE)
			*(bool *)(base + f->at_known) = is;
		break;
	default:
		read_item(f->kind, o, p);
	}
}

void form_read(const struct form *f, struct arena *a, const cJSON *o, void *to)
{
	if (!cJSON_IsObject(o))
		return;
	if (f->known != NONE)
		*(bool *)((char *)to + f->known) = true;
	for (const struct form_field *field = f->fields; field->key; field++)
		read_one(field, a, cJSON_GetObjectItemCaseSensitive(o, field->key), to);
}

void *form_read_list(const struct form *f, struct arena *a, const cJSON *list, size_t *n, bool *is)
{
	char *v;
	size_t i = 0;

	*is = cJSON_IsArray(list);
	*n = *is ? (size_t)cJSON_GetArraySize(list) : 0;
	v = arena_alloc(a, (*n + 1) * f->size);
	memset(v, 0, (*n + 1) * f->size);
	for (const cJSON *o = *is ? list->child : NULL; o; o = o->next, i++)
		form_read(f, a, o, v + i * f->size);
	return v;
}
