/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An object a line, as uringctl-json(5) describes it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../snapshot/forms.h"
#include "snapjson.h"
#include "tracetext.h"
#include "uapi.h"

#define ADD(o, key, item) cJSON_AddItemToObjectCS(o, key, item)

static cJSON *time_of(const struct trace_view *v, uint64_t time)
{
	uint64_t ns = time + (uint64_t)v->offset;
	time_t seconds = (time_t)(ns / 1000000000);
	char text[64], all[96];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(all, sizeof(all), "%s.%09luZ", text, (unsigned long)(ns % 1000000000));
	return cJSON_CreateString(all);
}

static cJSON *flag_list(struct trace_view *v, const struct uapi_flags *set, uint64_t word)
{
	struct snap_names n = snap_flag_names(&v->scratch, set, word);

	return json_names(&n);
}

static void request(cJSON *o, struct trace_view *v, const struct trace_request *r)
{
	const char *file = r->file ? trace_file_name(v->names, r->file, (pid_t)r->tgid) : NULL;
	struct sqe_fields f;
	uint32_t cf = r->cflags;

	if (r->has_sqe) {
		trace_decode(v, r, &f);
		f.file = f.file ? f.file : file;
		snap_json_sqe(o, &f);
	} else {
		ADD(o, "opcode", r->posted ? cJSON_CreateNull() : json_str(trace_op_name(v, r)));
		ADD(o, "opcode_value", r->posted ? cJSON_CreateNull() : json_uint(r->opcode));
		ADD(o, "file", json_str(file));
		ADD(o, "user_data", json_hex(r->user_data));
		ADD(o, "args", cJSON_CreateNull());
	}
	ADD(o, "res", r->has_res ? json_int(r->res) : cJSON_CreateNull());
	ADD(o, "error", r->has_res ? json_str(cqe_error(r->res, r->cflags)) : cJSON_CreateNull());
	if (cf & UAPI_CQE_BUFFER) {
		ADD(o, "buffer_id", json_uint(cf >> UAPI_CQE_BUFFER_SHIFT));
		cf &= (1u << UAPI_CQE_BUFFER_SHIFT) - 1;
	}
	ADD(o, "cqe_flags", r->has_res ? flag_list(v, &uapi_cqe_flags, cf) : cJSON_CreateNull());
	ADD(o, "latency_ns",
		r->completed && r->submitted ? json_uint(r->completed - r->submitted) : cJSON_CreateNull());
	ADD(o, "path", r->has_res && r->path != PATH_UNKNOWN ? json_str(trace_path_name(r->path)) : cJSON_CreateNull());
	if (r->worker)
		ADD(o, "worker_tid", json_uint(r->worker));
	if (r->shot)
		ADD(o, "shot", json_uint(r->shot));
	if (r->chain)
		ADD(o, "chain", json_uint(r->chain));
	ADD(o, "foreign_mm", cJSON_CreateBool(r->foreign));
	if (r->failed)
		ADD(o, "refused", cJSON_CreateTrue());
	if (r->skipped)
		ADD(o, "cqe_skip", cJSON_CreateTrue());
	if (r->before)
		ADD(o, "before_trace", cJSON_CreateTrue());
	if (r->posted)
		ADD(o, "posted", cJSON_CreateTrue());
}

void trace_json(struct buf *b, struct trace_view *v, const struct trace_item *i)
{
	static const char *const types[] = {[TRACE_REQUEST] = "request",
		[TRACE_CREATE] = "create",
		[TRACE_CLOSE] = "close",
		[TRACE_REGISTER] = "register",
		[TRACE_OVERFLOW] = "overflow",
		[TRACE_DROPPED] = "dropped",
		[TRACE_LOST] = "lost",
		[TRACE_EXIT] = "exit",
		[TRACE_ENTER] = "enter"};
	cJSON *o = cJSON_CreateObject();
	const char *name;
	char *s;

	ADD(o, "type", cJSON_CreateStringReference(types[i->kind]));
	ADD(o, "time", time_of(v, i->time));
	if (i->kind != TRACE_LOST) {
		ADD(o, "ring_id", i->ring ? json_uint(i->ring) : cJSON_CreateNull());
		if (i->ring_unknown)
			ADD(o, "ring_unknown", json_uint(i->ring_unknown));
		ADD(o, "pid", json_uint(i->tgid));
		ADD(o, "tid", json_uint(i->tid));
	}
	switch (i->kind) {
	case TRACE_REQUEST:
		request(o, v, &i->r);
		break;
	case TRACE_CREATE:
		ADD(o, "fd", json_int(i->create.fd));
		ADD(o, "sq_entries", json_uint(i->create.sq_entries));
		ADD(o, "cq_entries", json_uint(i->create.cq_entries));
		arena_reset(&v->scratch);
		ADD(o, "setup_flags", flag_list(v, &uapi_setup_flags, i->create.flags));
		ADD(o, "features", v->features ? flag_list(v, &uapi_features, v->features) : cJSON_CreateNull());
		name = arena_copy(&v->scratch, i->create.comm, strnlen(i->create.comm, sizeof(i->create.comm)));
		ADD(o, "comm", json_str(name));
		break;
	case TRACE_REGISTER:
		name = uapi_name(uapi_register_ops, i->reg.opcode);
		ADD(o, "operation", json_str(name));
		ADD(o, "operation_value", json_uint(i->reg.opcode));
		ADD(o, "files", json_uint(i->reg.nr_files));
		ADD(o, "buffers", json_uint(i->reg.nr_bufs));
		ADD(o, "res", json_int(i->reg.ret));
		break;
	case TRACE_OVERFLOW:
		ADD(o, "user_data", json_hex(i->over.user_data));
		ADD(o, "res", json_int(i->over.res));
		break;
	case TRACE_ENTER:
		ADD(o, "fd", json_int(i->enter.fd));
		ADD(o, "to_submit", json_uint(i->enter.to_submit));
		ADD(o, "min_complete", json_uint(i->enter.min_complete));
		arena_reset(&v->scratch);
		ADD(o, "enter_flags", flag_list(v, &uapi_enter_flags, i->enter.flags));
		ADD(o, "res", json_int(i->enter.ret));
		ADD(o, "latency_ns", json_uint(i->enter.took));
		break;
	case TRACE_LOST:
		ADD(o, "count", json_uint(i->lost));
		ADD(o, "reason", cJSON_CreateString(i->interrupted ? "interrupted" : i->late ? "time" : "buffer"));
		if (i->at_least)
			ADD(o, "at_least", cJSON_CreateTrue());
		break;
	case TRACE_DROPPED:
		ADD(o, "count", json_uint(i->dropped));
		ADD(o, "total", json_uint(i->dropped_in_all));
		break;
	case TRACE_CLOSE:
	case TRACE_EXIT:
		break;
	}
	s = cJSON_PrintBuffered(o, 1024, false);
	buf_puts(b, s ? s : "{}");
	buf_putc(b, '\n');
	cJSON_free(s);
	cJSON_Delete(o);
}
