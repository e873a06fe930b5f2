/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op=READ,WRITE  op!=NOP  !ring=7651  fd=5  res=error  res=-11,ENOENT  lat>1ms  path=iowq  enter  events */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "passes.h"
#include "tracefilter.h"
#include "tracetext.h"
#include "uapi.h"

struct parsing {
	struct arena *a;
	const char *text, *s;
};

/* The next of the values, separated by commas. */
static size_t word(struct parsing *p)
{
	return strcspn(p->s, ",");
}

static const char *wrong(struct parsing *p, const char *what)
{
	return arena_printf(p->a, "%s: '%.*s'", what, (int)word(p), p->s);
}

static const char *opcodes(struct parsing *p, struct trace_filter *f, bool negated)
{
	bool named[256] = {false};

	for (;; p->s++) {
		int op = uapi_op_number(p->s, word(p));

		/* those that the table does not have, by number */
		if (op < 0 && !strncmp(p->s, "OP_", 3) && word(p) < 7)
			op = atoi(p->s + 3);
		if (op < 0 || op > 255)
			return wrong(p, "no such opcode");
		named[op] = true;
		p->s += word(p);
		if (!*p->s)
			break;
	}
	for (int i = 0; i < 256; i++)
		f->ops[i] = (f->ops_set ? f->ops[i] : true) && named[i] != negated;
	f->ops_set = true;
	return NULL;
}

static int errno_of(const char *s, size_t n)
{
	for (int e = 1; e < 4096; e++) {
		const char *name = strerrorname_np(e);

		if (name && strlen(name) == n && !strncmp(name, s, n))
			return e;
	}
	return 0;
}

static const char *numbers(struct parsing *p, struct trace_values *v, bool negated, bool errors)
{
	v->set = true;
	v->negated = negated;
	for (;; p->s++) {
		char *end;
		int e = errors ? errno_of(p->s, word(p)) : 0;
		long long n = e ? -e : strtoll(p->s, &end, 0);

		if (!e && (end == p->s || (*end && *end != ',')))
			return wrong(p, errors ? "neither a number nor the name of an error" : "not a number");
		if (v->n == MOST_VALUES)
			return "too many values";
		v->v[v->n++] = (uint64_t)n;
		p->s += word(p);
		if (!*p->s)
			return NULL;
	}
}

static const char *results(struct parsing *p, struct trace_results *f, bool negated)
{
	bool error = !strcmp(p->s, "error"), good = !strcmp(p->s, "ok");

	if (!error && !good)
		return numbers(p, &f->res, negated, true);
	if (error != negated)
		f->errors_only = true;
	else
		f->good_only = true;
	return NULL;
}

static const char *paths(struct parsing *p, struct trace_results *f, bool negated)
{
	uint64_t named = 0, all = (1u << PATHS) - 1;

	for (;; p->s++) {
		unsigned i = 0;

		while (i < PATHS && (strlen(trace_path_name((enum summary_path)i)) != word(p) ||
					    strncmp(trace_path_name((enum summary_path)i), p->s, word(p))))
			i++;
		if (i == PATHS)
			return wrong(p, "no such path (inline, poll, iowq, iopoll, task_work)");
		named |= 1u << i;
		p->s += word(p);
		if (!*p->s)
			break;
	}
	/* what has no path is none of them; a bit that no path has keeps "none of all" from being "any" */
	f->paths = ((f->paths ? f->paths : all) & (negated ? ~named : named)) | 1u << PATHS;
	return NULL;
}

static const char *latency(struct parsing *p, struct trace_results *f, char how)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	char *end;
	double v = strtod(p->s, &end);
	size_t i = 0;

	if (end == p->s || !(v >= 0) || v > 1e15)
		return wrong(p, "not a length of time");
	while (i < 4 && strcmp(units[i].unit, end) != 0)
		i++;
	if (i == 4) {
		p->s = end;
		return "a time takes a unit: ns, us, ms or s";
	}
	if (how == '>')
		f->lat_least = (uint64_t)(v * units[i].ns) + 1;
	else
		f->lat_most = (uint64_t)(v * units[i].ns);
	return NULL;
}

static const char *expression(struct parsing *p, struct trace_filter *f)
{
	static const char *const keys[] = {"op", "ring", "fd", "res", "path", "lat"};
	bool negated = *p->s == '!';
	size_t key = 0, n;
	char how;

	if (!strcmp(p->s, "enter")) {
		f->enter = true;
		return NULL;
	}
	if (!strcmp(p->s, "events")) {
		f->events = true;
		return NULL;
	}
	p->s += negated;
	n = strcspn(p->s, "=!<>");
	while (key < 6 && (strlen(keys[key]) != n || strncmp(keys[key], p->s, n)))
		key++;
	if (key == 6)
		return "neither op, ring, fd, res, path, lat, enter nor events";
	p->s += n;
	if (*p->s == '!') {
		negated = !negated;
		p->s++;
	}
	how = *p->s;
	if (how != '=' && !(key == 5 && (how == '<' || how == '>') && !negated))
		return key == 5 ? "lat takes < or >" : "= or != is missing";
	if (key == 5 && how == '=')
		return "lat takes < or >";
	p->s++;
	if (!*p->s)
		return "a value is missing";
	switch (key) {
	case 0:
		return opcodes(p, f, negated);
	case 1:
		return numbers(p, &f->rings, negated, false);
	case 2:
		return numbers(p, &f->fds, negated, false);
	default:
		break;
	}
	f->results_set = true;
	return key == 3	  ? results(p, &f->results, negated)
	       : key == 4 ? paths(p, &f->results, negated)
			  : latency(p, &f->results, how);
}

const char *trace_filter_add(struct arena *a, struct trace_filter *f, const char *text, size_t *at)
{
	struct parsing p = {a, text, text};
	const char *why = expression(&p, f);

	*at = (size_t)(p.s - text);
	return why;
}

bool trace_filter_quiet(const struct trace_filter *f)
{
	return !f->events && (f->ops_set || f->fds.set || f->results_set);
}

bool trace_filter_takes(const struct trace_filter *f, const struct trace_request *r)
{
	if (f->ops_set && (r->posted || !f->ops[r->opcode & 255]))
		return false;
	if (!values_take(&f->rings, r->ring))
		return false;
	if (f->fds.set &&
		(!r->has_sqe || !values_take(&f->fds, (uint64_t)(int64_t)(int32_t)uapi_word(r->sqe.b, SQE_FD, 4))))
		return false;
	return !f->results_set || (r->has_res && results_take(&f->results, r->res, cqe_error(r->res, r->cflags),
							 r->submitted ? r->completed - r->submitted : 0, r->path));
}
