/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues of a ring: each as a strip with its head, its tail and what is in its slots, and every entry decoded. */
#include <inttypes.h>
#include <string.h>

#include "tui.h"
#include "uapi.h"

enum { SQ_ENTRY, CQ_ENTRY, OVER_ENTRY };

/* --- strips --------------------------------------------------------------------------------------------------------- */

/* What is in a slot, the most telling first: where a cell stands for several, that is the one that shows. */
struct slot {
	uint32_t ch;
	unsigned look;
	int rank;
};

struct strip {
	struct slot *cells;
	int n;		   /* cells */
	uint64_t entries;  /* a power of two */
	uint64_t per_cell; /* slots that a cell stands for */
};

static bool strip_new(struct arena *a, struct strip *s, struct snap_num entries, int w)
{
	if (!entries.known || !entries.v || entries.v > UAPI_MAX_CQ_ENTRIES * 2 || entries.v & (entries.v - 1) || w < 4)
		return false;
	s->entries = entries.v;
	s->per_cell = (entries.v + (uint64_t)w - 1) / (uint64_t)w;
	s->n = (int)((entries.v + s->per_cell - 1) / s->per_cell);
	s->cells = arena_alloc(a, (size_t)s->n * sizeof(*s->cells));
	return true;
}

static int strip_cell(const struct strip *s, uint32_t index)
{
	return (int)((index & (s->entries - 1)) / s->per_cell);
}

static void strip_put(struct strip *s, uint32_t index, struct slot slot)
{
	struct slot *c = &s->cells[strip_cell(s, index)];

	if (slot.rank > c->rank)
		*c = slot;
}

/* Is the entry among those that came a moment ago? */
static bool is_new(const struct track *k, struct snap_num index, bool cq)
{
	return k->new_known && index.known && (int32_t)((uint32_t)index.v - (cq ? k->new_cq : k->new_sq)) >= 0;
}

static struct slot sq_slot(const struct track *k, const struct snap_sqe *e)
{
	struct slot s = {'x', C_BAD, 3};

	/* an opcode by its first letter */
	if (e->in_range)
		s = (struct slot){(unsigned char)e->f.name[0], C_NAME, 2};
	if (is_new(k, e->index, false))
		s.look |= LOOK_BOLD | LOOK_REVERSE;
	return s;
}

static struct slot cq_slot(const struct track *k, const struct snap_cqe *e)
{
	struct slot s = cqe_error(e->res, e->flags) ? (struct slot){'x', C_BAD, 5}
			: e->flags & UAPI_CQE_NOTIF ? (struct slot){'n', C_NAME, 3}
			: e->flags & UAPI_CQE_MORE  ? (struct slot){'m', C_NAME, 4}
						    : (struct slot){'o', C_GOOD, 2};

	if (is_new(k, e->index, true))
		s.look |= LOOK_BOLD | LOOK_REVERSE;
	return s;
}

/* Entries that are there and could not be read. */
static void strip_fill(struct strip *s, struct snap_num head, struct snap_num tail)
{
	uint32_t n = (uint32_t)tail.v - (uint32_t)head.v;

	if (!head.known || !tail.known)
		return;
	for (uint32_t i = 0; i < n && i < s->entries; i++)
		strip_put(s, (uint32_t)head.v + i, (struct slot){'?', LOOK_DIM, 1});
}

static void strip_draw(const struct top *t, struct grid *g, int y, const struct strip *s)
{
	for (int i = 0; i < s->n; i++) {
		if (s->cells[i].rank)
			grid_char(g, y, 2 + i, s->cells[i].look, s->cells[i].ch);
		else
			grid_char(g, y, 2 + i, LOOK_DIM, fine(t) ? 0xb7 : '.');
	}
}

static void strip_ends(const struct top *t, struct grid *g, int y, const struct strip *s, struct snap_num head,
	struct snap_num tail, const char *legend)
{
	int h = strip_cell(s, (uint32_t)head.v), e = strip_cell(s, (uint32_t)tail.v);
	const char *up = fine(t) ? "▲" : "^";
	int end = 0;

	if (head.known && tail.known) {
		struct buf b = {0};

		buf_printf(&b, "%s%s", up, h == e ? "head, tail" : h < e || e + 6 < h ? "head" : "");
		/* words that would run into each other are left out; the arrows stay */
		if (h < e && h + 6 > e)
			b.len = 0, buf_puts(&b, up);
		grid_put(g, y, 2 + h, g->cols - 2 - h, 0, b.data);
		end = 2 + h + grid_width(b.data);
		if (h != e) {
			b.len = 0;
			buf_printf(&b, "%s%s", up, e > h || e + 6 < h ? "tail" : "");
			grid_put(g, y, 2 + e, g->cols - 2 - e, 0, b.data);
			end = 2 + e + grid_width(b.data) > end ? 2 + e + grid_width(b.data) : end;
		}
		buf_free(&b);
	}
	if (end + 2 + grid_width(legend) <= g->cols)
		grid_put_right(g, y, 0, g->cols, LOOK_DIM, legend);
}

static void count(struct buf *b, const char *before, struct snap_num n)
{
	buf_puts(b, before);
	if (n.known)
		buf_dec(b, n.v);
	else
		buf_putc(b, '?');
}

static void flags(const struct top *t, struct buf *b, const struct snap_names *f)
{
	for (size_t i = 0; i < f->n; i++) {
		buf_puts(b, i ? "|" : ", ");
		render_text(b, &t->style, f->v[i], strlen(f->v[i]));
	}
}

/* "SQ 7 of 16, head 120, tail 127, dropped 0, NEED_WAKEUP" */
static void words(const struct top *t, struct buf *b, const char *name, struct snap_num head, struct snap_num tail,
	struct snap_num entries, const char *lost_name, struct snap_num lost, const struct snap_names *f)
{
	struct snap_num n = {head.known && tail.known, (uint32_t)tail.v - (uint32_t)head.v};

	count(b, name, n);
	count(b, " of ", entries);
	count(b, ", head ", head);
	count(b, ", tail ", tail);
	buf_puts(b, lost_name);
	count(b, "", lost);
	flags(t, b, f);
}

static int head(struct top *t, struct grid *g, int y, int rows, const struct track *k)
{
	const struct snap_sq *sq = &k->ring->sq;
	const struct snap_cq *cq = &k->ring->cq;
	/* on small screens strips, then ends, give way to the entries */
	bool ends = rows >= 12, strips = rows >= 7;
	struct strip s;
	struct buf b = {0};
	int start = y;

	words(t, &b, "SQ ", sq->head, sq->tail, sq->entries, ", dropped ", sq->dropped, &sq->flags);
	grid_put_cut(g, y++, 0, g->cols, LOOK_BOLD, b.data, cut_mark(t));
	if (strips && strip_new(&t->scene, &s, sq->entries, g->cols - 4)) {
		strip_fill(&s, sq->head, sq->tail);
		for (size_t i = 0; i < sq->n_pending; i++)
			if (sq->pending[i].index.known)
				strip_put(&s, (uint32_t)sq->pending[i].index.v, sq_slot(k, &sq->pending[i]));
		strip_draw(t, g, y++, &s);
		if (ends)
			strip_ends(t, g, y++, &s, sq->head, sq->tail, "by the opcode's first letter; x: no such slot");
	}
	b.len = 0;
	words(t, &b, "CQ ", cq->head, cq->tail, cq->entries, ", overflow ", cq->overflow, &cq->flags);
	if (cq->n_overflowed)
		buf_printf(&b, ", %zu waiting for room", cq->n_overflowed);
	grid_put_cut(g, y++, 0, g->cols, LOOK_BOLD, b.data, cut_mark(t));
	if (strips && strip_new(&t->scene, &s, cq->entries, g->cols - 4)) {
		strip_fill(&s, cq->head, cq->tail);
		for (size_t i = 0; i < cq->n_unreaped; i++)
			if (cq->unreaped[i].index.known)
				strip_put(&s, (uint32_t)cq->unreaped[i].index.v, cq_slot(k, &cq->unreaped[i]));
		strip_draw(t, g, y++, &s);
		if (ends)
			strip_ends(
				t, g, y++, &s, cq->head, cq->tail, "o done, x failed, m more to come, n notification");
	}
	buf_free(&b);
	return y - start;
}

/* --- entries -------------------------------------------------------------------------------------------------------- */

static void reason(struct items *out, const struct snap_ring *r, const char *section, const char *what)
{
	const char *why = snap_reason_of(r, section);

	item_add(out, (struct item){.key = list_key(1, (uint64_t)(uintptr_t)section),
			      .look = LOOK_DIM,
			      .text = arena_printf(out->a, "  %s%s%s", what, why ? ": " : "", why ? why : "")});
}

/* Entries that a file does not have. */
static void rest(struct items *out, const struct snap_ring *r, const char *section)
{
	uint64_t n = snap_cut_of(r, section);

	if (n)
		item_add(out, (struct item){.key = list_key(5, (uint64_t)(uintptr_t)section),
				      .look = LOOK_DIM,
				      .text = arena_printf(out->a,
					      "  ... %" PRIu64 " more, which were left out when it was written", n)});
}

static void items(struct top *t, const struct track *k, int width, struct items *out)
{
	const struct snap_ring *r = k->ring;

	(void)t;
	(void)width;
	for (size_t i = 0; i < r->sq.n_pending; i++) {
		if (r->sq.followed.known && r->sq.followed.v == i)
			reason(out, r, "sq.pending.followed", "not followed any more");
		item_add(out, (struct item){.key = list_key(2 + (r->sq.pending[i].index.v << 2),
						    i && !r->sq.pending[i].index.known ? i : 0),
				      .kind = SQ_ENTRY,
				      .index = (uint32_t)i,
				      .look = is_new(k, r->sq.pending[i].index, false) ? LOOK_BOLD | C_GOOD : 0u});
	}
	rest(out, r, "sq.pending");
	if (!r->sq.pending_known)
		reason(out, r, "sq.pending", "SQ entries could not be read");
	else if (!r->sq.n_pending)
		reason(out, r, "", "SQ: nothing is pending");
	for (size_t i = 0; i < r->cq.n_unreaped; i++)
		item_add(out, (struct item){.key = list_key(3 + (r->cq.unreaped[i].index.v << 2), 0),
				      .kind = CQ_ENTRY,
				      .index = (uint32_t)i,
				      .look = is_new(k, r->cq.unreaped[i].index, true) ? LOOK_BOLD | C_GOOD : 0u});
	rest(out, r, "cq.unreaped");
	if (!r->cq.unreaped_known)
		reason(out, r, "cq.unreaped", "CQ entries could not be read");
	else if (!r->cq.n_unreaped)
		reason(out, r, "CQ", "CQ: nothing is to be reaped");
	for (size_t i = 0; i < r->cq.n_overflowed; i++)
		item_add(out,
			(struct item){.key = list_key(4, i), .kind = OVER_ENTRY, .index = (uint32_t)i, .look = C_BAD});
	rest(out, r, "cq.overflowed");
}

static void index_of(struct buf *b, const char *queue, struct snap_num index)
{
	buf_puts(b, queue);
	if (index.known)
		buf_printf(b, " %5" PRIu32 "  ", (uint32_t)index.v);
	else
		buf_puts(b, "     ?  ");
}

static void text(const struct top *t, const struct track *k, const struct item *i, struct buf *b)
{
	const struct snap_ring *r = k->ring;

	if (i->kind == SQ_ENTRY) {
		index_of(b, "SQ", r->sq.pending[i->index].index);
		render_sq_entry(b, &t->style, &r->sq.pending[i->index]);
	} else if (i->kind == CQ_ENTRY) {
		index_of(b, "CQ", r->cq.unreaped[i->index].index);
		render_cq_entry(b, &t->style, &r->cq.unreaped[i->index]);
	} else {
		buf_puts(b, "waiting   ");
		render_cq_entry(b, &t->style, &r->cq.overflowed[i->index]);
	}
}

const struct tab tab_queues = {{"Queues", "Queues", "Que"}, head, items, text};
