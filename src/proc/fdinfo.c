/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fdinfo of a ring, as 5.10 to 7.3 print it. */
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "uapi.h"

/* A place in the text; every step stays before end. */
struct cur {
	const char *p, *end;
};

static bool lit(struct cur *c, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, s, n))
		return false;
	c->p += n;
	return true;
}

static void blanks(struct cur *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

static bool number(struct cur *c, unsigned base, uint64_t *out)
{
	const char *start = c->p;
	uint64_t v = 0;

	for (; c->p < c->end; c->p++) {
		unsigned d = *c->p >= '0' && *c->p <= '9'   ? (unsigned)(*c->p - '0')
			     : *c->p >= 'a' && *c->p <= 'f' ? (unsigned)(*c->p - 'a') + 10
							    : 99;
		if (d >= base)
			break;
		v = v * base + d;
	}
	*out = v;
	return c->p > start;
}

static bool u32(struct cur *c, const char *before, unsigned base, uint32_t *out)
{
	uint64_t v;

	if (!lit(c, before) || !number(c, base, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool u64(struct cur *c, const char *before, unsigned base, uint64_t *out)
{
	return lit(c, before) && number(c, base, out);
}

static bool s32(struct cur *c, const char *before, int32_t *out)
{
	uint64_t v;
	bool minus;

	if (!lit(c, before))
		return false;
	minus = lit(c, "-");
	if (!number(c, 10, &v))
		return false;
	*out = (int32_t)(minus ? 0 - v : v);
	return true;
}

/* The next line without its newline; false at the end of the text. */
static bool line(struct cur *text, struct cur *out)
{
	const char *eol;

	if (text->p >= text->end)
		return false;
	eol = memchr(text->p, '\n', (size_t)(text->end - text->p));
	out->p = text->p;
	out->end = eol ? eol : text->end;
	text->p = eol ? eol + 1 : text->end;
	return true;
}

static bool slot(struct cur *c, uint32_t *out)
{
	blanks(c);
	return u32(c, "", 10, out) && lit(c, ":");
}

static bool sqe_line(struct cur c, struct fdinfo_sqe *s)
{
	const char *name;

	memset(s, 0, sizeof(*s));
	if (!slot(&c, &s->slot) || !lit(&c, " opcode:"))
		return false;
	name = c.p;
	while (c.p < c.end && *c.p != ',')
		c.p++;
	s->opcode = uapi_op_number(name, (size_t)(c.p - name));
	if (!s32(&c, ", fd:", &s->fd) || !u32(&c, ", flags:", 16, &s->flags) || !u64(&c, ", off:", 10, &s->off) ||
		!u64(&c, ", addr:0x", 16, &s->addr) || !u32(&c, ", rw_flags:0x", 16, &s->rw_flags) ||
		!u32(&c, ", buf_index:", 10, &s->buf_index) || !u64(&c, " user_data:", 10, &s->user_data))
		return false;
	for (unsigned i = 0; i < 8; i++) {
		char key[] = ", e0:0x";

		key[3] = (char)('0' + i);
		if (!u64(&c, key, 16, &s->extra[i]))
			break;
		s->big = i == 7;
	}
	return true;
}

static bool cqe_line(struct cur c, struct fdinfo_cqe *q)
{
	memset(q, 0, sizeof(*q));
	if (!slot(&c, &q->slot) || !u64(&c, " user_data:", 10, &q->user_data) || !s32(&c, ", res:", &q->res))
		return false;
	/* "flag:" became "flags:" in 7.x */
	if (!u32(&c, ", flag:", 16, &q->flags) && !u32(&c, ", flags:", 16, &q->flags))
		return false;
	q->big = u64(&c, ", extra1:", 10, &q->extra[0]) && u64(&c, ", extra2:", 10, &q->extra[1]);
	return true;
}

/* Everything before the registered files: nothing in it is the target's text. */
static void head(struct arena *a, struct cur text, struct fdinfo *f)
{
	size_t sqe_cap = 0, cqe_cap = 0;
	struct cur c;
	unsigned seen = 0;
	bool cqes = false;
	uint32_t ignored;

	while (line(&text, &c)) {
		struct fdinfo_sqe s;
		struct fdinfo_cqe q;
		struct cur key = c;

		blanks(&key);
		if (!cqes && sqe_line(c, &s)) {
			f->sqes = arena_grow(a, f->sqes, f->n_sqes, &sqe_cap, sizeof(s));
			f->sqes[f->n_sqes++] = s;
		} else if (cqes && cqe_line(c, &q)) {
			f->cqes = arena_grow(a, f->cqes, f->n_cqes, &cqe_cap, sizeof(q));
			f->cqes[f->n_cqes++] = q;
		} else if (u64(&c, "ino:\t", 10, &f->ino)) {
			f->has_ino = true;
		} else if (u32(&c, "CQEs:\t", 10, &ignored)) {
			cqes = true;
		} else if (u32(&c, "SqMask:\t0x", 16, &f->sq_mask) || u32(&c, "SqHead:\t", 10, &f->sq_head) ||
			   u32(&c, "SqTail:\t", 10, &f->sq_tail) ||
			   u32(&c, "CachedSqHead:\t", 10, &f->cached_sq_head) ||
			   u32(&c, "CqMask:\t0x", 16, &f->cq_mask) || u32(&c, "CqHead:\t", 10, &f->cq_head) ||
			   u32(&c, "CqTail:\t", 10, &f->cq_tail) ||
			   u32(&c, "CachedCqTail:\t", 10, &f->cached_cq_tail)) {
			seen++;
		} else if (s32(&c, "SqThread:\t", &f->sq_thread)) {
			f->has_thread = true;
		} else if (u64(&c, "SqTotalTime:\t", 10, &f->sq_total_us)) {
			f->has_times = true;
		} else if (!s32(&c, "SqThreadCpu:\t", &f->sq_cpu)) {
			u64(&c, "SqWorkTime:\t", 10, &f->sq_work_us);
		}
	}
	f->has_queues = seen == 8;
}

/* Names of 6.13 and later are escaped like those of /proc/PID/maps: a backslash and three octal digits. */
static void unescape(char *s)
{
	size_t n = strlen(s), len = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 3 < n && s[i + 1] >= '0' && s[i + 1] <= '3' && s[i + 2] >= '0' &&
			s[i + 2] <= '7' && s[i + 3] >= '0' && s[i + 3] <= '7') {
			s[len++] = (char)((s[i + 1] - '0') << 6 | (s[i + 2] - '0') << 3 | (s[i + 3] - '0'));
			i += 3;
		} else {
			s[len++] = s[i];
		}
	}
	s[len] = '\0';
}

/* "%5u: name": before 6.13 a name may hold newlines, so a line that does not start the next slot goes on with the last. */
static void files(struct arena *a, struct cur text, struct fdinfo *f)
{
	size_t cap = 0, alike = 0;
	struct cur c;
	bool old = false, is_slot;
	const char *name = NULL;
	uint32_t n, last = 0;

	for (struct cur scan = text; line(&scan, &c);) {
		const char *start = c.p;

		is_slot = slot(&c, &n) && lit(&c, " ") && n < f->nr_files && c.p - start >= 7;
		alike += is_slot;
		if (is_slot && (name ? n > last : true)) {
			last = n;
			name = c.p;
			if (c.end - c.p == 6 && !memcmp(c.p, "<none>", 6)) {
				old = true; /* empty slots are named before 6.13 only */
				continue;
			}
			f->files = arena_grow(a, f->files, f->n_files, &cap, sizeof(*f->files));
			f->files[f->n_files++] = (struct fdinfo_file){n, arena_copy(a, c.p, (size_t)(c.end - c.p))};
		} else if (name && f->n_files && f->files[f->n_files - 1].slot == last) {
			struct fdinfo_file *file = &f->files[f->n_files - 1];

			file->name = arena_printf(a, "%s\n%.*s", file->name, (int)(c.end - start), start);
		}
	}
	/* where names may hold newlines, each slot has a line of its own: a line too many is a name's */
	f->files_forged = alike > f->nr_files;
	if (f->files_forged)
		f->n_files = 0;
	/* whole names start with a slash, with "(unreachable)", or are like socket:[1] and anon_inode:[eventpoll] */
	for (size_t i = 0; i < f->n_files; i++)
		if (!strchr("/(", f->files[i].name[0]) && !strstr(f->files[i].name, ":["))
			old = true;
	f->names_short = old;
	f->files_partial = old && alike < f->nr_files;
	if (!old)
		for (size_t i = 0; i < f->n_files; i++)
			unescape(f->files[i].name);
}

static void personality(struct arena *a, struct fdinfo *f, struct cur c, size_t *cap, unsigned *fields)
{
	struct fdinfo_personality *p = f->n_personalities ? &f->personalities[f->n_personalities - 1] : NULL;
	struct cur id = c;
	uint64_t v;

	blanks(&id);
	if (c.p < c.end && *c.p == ' ' && number(&id, 10, &v) && id.p == id.end) {
		f->personalities = arena_grow(a, f->personalities, f->n_personalities, cap, sizeof(*p));
		f->personalities[f->n_personalities++] = (struct fdinfo_personality){.id = (int32_t)v};
		*fields = 0;
	} else if (p && u32(&c, "\tUid:\t", 10, &p->uid)) {
		*fields |= 1;
	} else if (p && u32(&c, "\tGid:\t", 10, &p->gid)) {
		*fields |= 2;
	} else if (p && u64(&c, "\tCapEff:\t", 16, &p->cap_effective)) {
		*fields |= 4;
	}
	if (p && *fields == 7)
		p->complete = true;
}

/* Everything from the last "UserBufs:" on: again the kernel's words alone. */
static void tail(struct arena *a, struct cur text, struct fdinfo *f)
{
	enum { BUFS, PERSONALITIES, POLLS, OVERFLOW } part = BUFS;
	size_t buf_cap = 0, pers_cap = 0, poll_cap = 0, over_cap = 0;
	unsigned fields = 0;
	struct cur c;

	while (line(&text, &c)) {
		struct fdinfo_buf b;
		struct fdinfo_cqe q = {0};
		uint32_t op, works;
		struct cur whole = c;

		if (u32(&c, "UserBufs:\t", 10, &f->nr_bufs)) {
			f->has_bufs = true;
		} else if (lit(&c, "Personalities:")) {
			part = PERSONALITIES;
		} else if (lit(&c, "PollList:")) {
			part = POLLS;
			f->has_poll = true;
		} else if (lit(&c, "CqOverflowList:")) {
			part = OVERFLOW;
			f->has_overflow = true;
		} else if (lit(&c, "NAPI:\t")) {
			f->has_napi = true;
			f->napi = arena_copy(a, c.p, (size_t)(c.end - c.p));
		} else if (lit(&c, "napi tracking:\t")) {
			f->napi_tracking = arena_copy(a, c.p, (size_t)(c.end - c.p));
		} else if (part == BUFS && slot(&c, &b.slot) && u64(&c, " 0x", 16, &b.addr) &&
			   u32(&c, "/", 10, &b.len)) {
			f->bufs = arena_grow(a, f->bufs, f->n_bufs, &buf_cap, sizeof(b));
			f->bufs[f->n_bufs++] = b;
		} else if (part == PERSONALITIES) {
			personality(a, f, whole, &pers_cap, &fields);
		} else if (part == POLLS && u32(&c, "  op=", 10, &op) && u32(&c, ", task_works=", 10, &works)) {
			f->polls = arena_grow(a, f->polls, f->n_polls, &poll_cap, sizeof(*f->polls));
			f->polls[f->n_polls++] = (struct fdinfo_poll){op, works != 0};
		} else if (part == OVERFLOW && u64(&c, "  user_data=", 10, &q.user_data) && s32(&c, ", res=", &q.res) &&
			   u32(&c, ", flags=", 16, &q.flags)) {
			f->overflow = arena_grow(a, f->overflow, f->n_overflow, &over_cap, sizeof(q));
			f->overflow[f->n_overflow++] = q;
		}
	}
}

/* The start of a line that begins with key: the first such line, or the last. */
static const char *find_line(struct cur text, const char *key, bool last)
{
	const char *found = NULL;
	struct cur c;

	while (line(&text, &c) && (last || !found)) {
		const char *start = c.p;

		if (lit(&c, key))
			found = start;
	}
	return found;
}

void fdinfo_parse(struct arena *a, const char *text, size_t len, struct fdinfo *f)
{
	struct cur all = {text, text + len}, part;
	const char *user_files, *user_bufs;
	struct cur c;

	*f = (struct fdinfo){.sq_thread = -1, .sq_cpu = -1};
	user_files = find_line(all, "UserFiles:\t", false);
	head(a, (struct cur){text, user_files ? user_files : all.end}, f);
	if (!user_files)
		return;
	part = (struct cur){user_files, all.end};
	line(&part, &c);
	f->has_files = u32(&c, "UserFiles:\t", 10, &f->nr_files);
	user_bufs = find_line(part, "UserBufs:\t", true);
	files(a, (struct cur){part.p, user_bufs ? user_bufs : all.end}, f);
	if (user_bufs)
		tail(a, (struct cur){user_bufs, all.end}, f);
}
