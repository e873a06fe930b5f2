/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter that somebody typed; and events whose SQEs, pieces and results are a target's: they are paired, filtered and written as text,
 * as JSON and for Perfetto, whatever they hold.
 */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "tracefilter.h"
#include "tracetext.h"

static struct trace_view view;
static struct trace_filter filter;
static struct trace_chrome chrome;
static struct buf out;

static void take(void *ctx, const struct trace_item *i)
{
	(void)ctx;
	if (i->kind == TRACE_REQUEST && !trace_filter_takes(&filter, &i->r))
		return;
	trace_line(&out, &view, i);
	trace_json(&out, &view, i);
	trace_chrome(&out, &chrome, &view, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size < 64 ? size : 64) : NULL;
	size_t at = zero ? (size_t)(zero - data) + 1 : 0;
	struct arena a = {0};
	struct pairing *p;
	size_t where;

	memset(&filter, 0, sizeof(filter));
	if (zero)
		trace_filter_add(&a, &filter, (const char *)data, &where);
	view = (struct trace_view){
		.style = {.utf8 = true}, .clock = CLOCK_MICROSECONDS, .data = 64, .names = trace_names_new(NULL)};
	memset(&chrome, 0, sizeof(chrome));
	p = pairing_new(size % 2, size % 3 != 0, take, NULL);
	while (at + sizeof(struct ev_head) < size) {
		union {
			struct ev_head h;
			struct ev_submit submit;
			struct ev_complete complete;
			struct ev_create create;
			struct ev_register reg;
			struct ev_enter enter;
			struct ev_ring ring;
			struct ev_file file;
			uint8_t b[sizeof(struct ev_file)];
		} e;
		size_t n = size - at < 300 ? size - at : 300;

		memset(&e, 0, sizeof(e));
		memcpy(e.b, data + at, n);
		e.h.type = data[at] % (EV_RING + 1);
		e.h.lost &= 1;
		/* few, so that they meet */
		e.h.ctx = e.h.ctx % 3 + 1;
		e.h.req %= 8;
		e.h.tgid = 1 << 22;
		if (e.h.type == EV_FILE) {
			e.file.number %= 16;
			trace_names_event(view.names, &e.file);
		}
		if (e.h.type == EV_SUBMIT)
			e.submit.pieces %= 128;
		pairing_event(p, &e.h, sizeof(e));
		at += 60 + data[at] % 200;
	}
	pairing_end(p);
	trace_chrome_end(&out, &chrome);
	for (size_t i = 0; i < out.len; i++)
		if (((uint8_t)out.data[i] < 0x20 && out.data[i] != '\n') || out.data[i] == 0x7f)
			abort();
	pairing_free(p);
	trace_names_free(view.names);
	arena_free(&view.scratch);
	arena_free(&a);
	buf_free(&out);
	return 0;
}
