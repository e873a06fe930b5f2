/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What uringtop shows and what a key does to it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tui.h"

struct top *top_new(const struct top_options *o)
{
	struct top *t = xrealloc(NULL, sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->o = *o;
	t->config = o->config;
	t->place = IN_RINGS;
	if (o->filter)
		buf_puts(&t->filter, o->filter);
	return t;
}

void top_free(struct top *t)
{
	history_free(&t->history);
	frame_free(t->frame);
	for (size_t i = 0; i < t->n_files; i++)
		frame_free(t->files[i]);
	free(t->files);
	free(t->folded);
	arena_free(&t->scene);
	buf_free(&t->input);
	buf_free(&t->search);
	buf_free(&t->filter);
	buf_free(&t->message);
	free(t);
}

bool fine(const struct top *t)
{
	return t->o.utf8 && t->config.charset == CHARSET_AUTO;
}

const char *cut_mark(const struct top *t)
{
	return fine(t) ? "…" : "+";
}

const struct frame *shown_frame(const struct top *t)
{
	return t->n_files ? t->files[t->at_file] : t->frame;
}

const struct frame *top_shown(const struct top *t)
{
	return shown_frame(t);
}

bool top_quits(const struct top *t)
{
	return t->quits;
}

bool top_frozen(const struct top *t)
{
	return t->frozen;
}

const struct config *top_config(const struct top *t)
{
	return &t->config;
}

bool top_cursor(const struct top *t, int *y, int *x)
{
	*y = t->cursor_y;
	*x = t->cursor_x;
	return t->cursor;
}

void top_say(struct top *t, const char *text)
{
	t->message.len = 0;
	buf_puts(&t->message, text);
}

/* --- frames --------------------------------------------------------------------------------------------------------- */

void top_frame(struct top *t, struct frame *f)
{
	if (t->frozen) {
		frame_free(f);
		return;
	}
	history_add(&t->history, f);
	frame_free(t->frame);
	t->frame = f;
}

/* Shows a file, with the one before it as what it is compared with. */
static void show_file(struct top *t, size_t i)
{
	if (i >= t->n_files)
		return;
	if (i != t->at_file + 1) {
		history_reset(&t->history);
		/* those before it, from the first: rings that have ended, the graph, ages are of all that went before */
		for (size_t k = 0; k < i; k++)
			history_add(&t->history, t->files[k]);
	}
	history_add(&t->history, t->files[i]);
	t->at_file = i;
}

static int by_time(const void *a, const void *b)
{
	const struct frame *const *x = a, *const *y = b;

	return (*x)->at < (*y)->at ? -1 : (*x)->at > (*y)->at;
}

void top_files(struct top *t, struct frame **frames, size_t n)
{
	t->files = xrealloc(NULL, n * sizeof(*t->files));
	for (size_t i = 0; i < n; i++)
		t->files[i] = frames[i];
	/* stable for those of one time */
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k && by_time(&t->files[k - 1], &t->files[k]) > 0; k--) {
			struct frame *f = t->files[k];

			t->files[k] = t->files[k - 1];
			t->files[k - 1] = f;
		}
	t->n_files = n;
	t->at_file = n; /* so that the first is not taken for the next */
	show_file(t, 0);
}

/* --- lists ---------------------------------------------------------------------------------------------------------- */

static struct list *list_of(struct top *t)
{
	return t->overlay ? &t->over : t->place == IN_RING ? &t->lines[t->tab] : &t->rings;
}

static const uint64_t *keys_of(const struct top *t, size_t *n)
{
	*n = t->overlay || t->place == IN_RING ? t->items.n : t->rows.n;
	return t->overlay || t->place == IN_RING ? t->items.keys : t->rows.keys;
}

static void move(struct top *t, long by)
{
	size_t n;
	const uint64_t *keys = keys_of(t, &n);

	list_move(list_of(t), keys, n, by);
}

static const struct row *chosen(const struct top *t)
{
	return t->place == IN_RINGS && t->rings.at < t->rows.n ? &t->rows.v[t->rings.at] : NULL;
}

/* Does line i of what is shown have the word that is searched for? */
static bool found(struct top *t, size_t i, struct buf *b)
{
	const struct track *k = t->place == IN_RING ? history_find(&t->history, t->ring) : NULL;

	if (t->place == IN_RINGS) {
		row_text(t, &t->rows.v[i], b);
		return has_word(b->data, t->search.data);
	}
	if (t->items.v[i].text)
		return has_word(t->items.v[i].text, t->search.data);
	b->len = 0;
	if (k)
		tabs[t->tab]->text(t, k, &t->items.v[i], b);
	return b->len && has_word(b->data, t->search.data);
}

void search_again(struct top *t, int direction, bool from_here)
{
	struct buf b = {0}, said = {0};
	struct list *l = list_of(t);
	size_t n, at = l->at;
	const uint64_t *keys = keys_of(t, &n);
	bool any = false;

	if (!t->search.len) {
		top_say(t, "nothing was searched for yet (/ does)");
		return;
	}
	for (size_t i = 0; i < n && !any; i++) {
		if (!from_here || i)
			at = direction > 0 ? (at + 1) % n : (at + n - 1) % n;
		any = found(t, at, &b);
	}
	if (any) {
		l->at = at;
		l->key = keys[at];
	} else {
		buf_printf(&said, "not found: %s", t->search.data);
		top_say(t, said.data);
	}
	buf_free(&b);
	buf_free(&said);
}

/* --- the tree ------------------------------------------------------------------------------------------------------- */

bool is_folded(const struct top *t, uint32_t pid)
{
	for (size_t i = 0; i < t->n_folded; i++)
		if (t->folded[i] == pid)
			return true;
	return false;
}

static void fold(struct top *t, const struct row *r, bool folded)
{
	if (!t->config.tree || !r)
		return;
	if (folded && !is_folded(t, r->pid)) {
		if (t->n_folded == t->cap_folded) {
			t->cap_folded = t->cap_folded * 2 + 16;
			t->folded = xrealloc(t->folded, t->cap_folded * sizeof(*t->folded));
		}
		t->folded[t->n_folded++] = r->pid;
		/* the process is what is left of its rings */
		t->rings.key = list_key(r->pid, UINT64_MAX);
	}
	for (size_t i = 0; !folded && i < t->n_folded; i++)
		if (t->folded[i] == r->pid)
			t->folded[i--] = t->folded[--t->n_folded];
}

/* --- keys ----------------------------------------------------------------------------------------------------------- */

static void open_row(struct top *t, const struct row *r)
{
	if (!r)
		return;
	if (!r->track) {
		fold(t, r, !r->folded);
		return;
	}
	if (t->ring != r->track->id)
		memset(t->lines, 0, sizeof(t->lines));
	t->ring = r->track->id;
	t->place = IN_RING;
	t->sideways = 0;
}

static void choose_tab(struct top *t, size_t tab)
{
	t->tab = tab % TABS;
	t->sideways = 0;
}

static void sort_by(struct top *t, size_t column)
{
	if (t->config.sort == column)
		t->config.ascending = !t->config.ascending;
	else
		/* numbers from the largest, names from the first letter */
		t->config.ascending = columns[column].value == OF_NOTHING || columns[column].value == OF_PID ||
				      columns[column].value == OF_RING;
	t->config.sort = column;
}

static void dismiss(struct top *t, const struct row *r)
{
	if (r && r->track && r->track->ended)
		history_dismiss(&t->history, r->track->id);
	else
		top_say(t, "this ring has not ended");
}

static void say_interval(struct top *t)
{
	struct buf b = {0};

	buf_printf(&b, "every %g seconds", t->config.interval);
	top_say(t, b.data);
	buf_free(&b);
}

static void overlay_open(struct top *t, enum overlay o)
{
	t->overlay = o;
	t->over = (struct list){0};
	if (o == OVER_SORT)
		t->over.at = t->config.sort;
}

static void walk(struct top *t, int by)
{
	if (!t->n_files)
		top_say(t, "there are no files to walk through (uringtop --from FILE --from FILE)");
	else if (by < 0 ? !t->at_file : t->at_file + 1 == t->n_files)
		top_say(t, by < 0 ? "this is the first file" : "this is the last file");
	else
		show_file(t, by < 0 ? t->at_file - 1 : t->at_file + 1);
}

static void act(struct top *t, enum action a, size_t number)
{
	long page = t->height > 1 ? (long)t->height - 1 : 1;

	switch (a) {
	case A_QUIT:
		t->quits = true;
		break;
	case A_UP:
		move(t, -1);
		break;
	case A_DOWN:
		move(t, 1);
		break;
	case A_PAGE_UP:
		move(t, -page);
		break;
	case A_PAGE_DOWN:
		move(t, page);
		break;
	case A_HOME:
		move(t, -INT32_MAX);
		break;
	case A_END:
		move(t, INT32_MAX);
		break;
	case A_LEFT:
	case A_RIGHT:
		if (t->place == IN_RINGS)
			fold(t, chosen(t), a == A_LEFT);
		else
			t->sideways = a == A_RIGHT ? (t->sideways < 2000 ? t->sideways + 8 : 2000)
						   : (t->sideways > 8 ? t->sideways - 8 : 0);
		break;
	case A_OPEN:
		open_row(t, chosen(t));
		break;
	case A_BACK:
		if (t->place == IN_RING)
			t->place = IN_RINGS;
		else
			t->filter.len = 0;
		break;
	case A_NEXT_TAB:
		choose_tab(t, t->tab + 1);
		break;
	case A_PREVIOUS_TAB:
		choose_tab(t, t->tab + TABS - 1);
		break;
	case A_TAB:
		choose_tab(t, number);
		break;
	case A_HELP:
		overlay_open(t, OVER_HELP);
		break;
	case A_SETUP:
		overlay_open(t, OVER_SETUP);
		break;
	case A_SEARCH:
		prompt_open(t, PROMPT_SEARCH);
		break;
	case A_SEARCH_NEXT:
		search_again(t, 1, false);
		break;
	case A_SEARCH_BEFORE:
		search_again(t, -1, false);
		break;
	case A_FILTER:
		prompt_open(t, PROMPT_FILTER);
		break;
	case A_TREE:
		t->config.tree = !t->config.tree;
		break;
	case A_SORT:
		if (t->place == IN_RING)
			t->order = (enum request_order)((t->order + 1) % REQUEST_ORDERS);
		else
			overlay_open(t, OVER_SORT);
		break;
	case A_REVERSE:
		t->config.ascending = !t->config.ascending;
		break;
	case A_FREEZE:
		if (t->n_files)
			top_say(t, "a file stands still by itself");
		else
			t->frozen = !t->frozen;
		break;
	case A_SLOWER:
	case A_FASTER:
		t->config.interval = interval_step(t->config.interval, a == A_SLOWER ? 1 : -1);
		say_interval(t);
		break;
	case A_DELAY:
		prompt_open(t, PROMPT_DELAY);
		break;
	case A_SAVE:
		prompt_open(t, PROMPT_SAVE);
		break;
	case A_DISMISS:
		dismiss(t, chosen(t));
		break;
	case A_DISMISS_ALL:
		history_dismiss(&t->history, 0);
		break;
	case A_FRAME_BEFORE:
		walk(t, -1);
		break;
	case A_FRAME_NEXT:
		walk(t, 1);
		break;
	case A_SORT_BY:
		sort_by(t, number);
		break;
	case A_SELECT:
	case A_NONE:
		break;
	}
}

/* Keeps the setup, if it may. */
static void keep_config(struct top *t)
{
	struct arena a = {0};
	struct buf b = {0};
	const char *why = NULL;

	if (t->o.config_file && t->o.config_broken)
		buf_printf(&b, "the setup is not kept: %s is broken (%s) and stays as it is", t->o.config_file,
			t->o.config_broken);
	else if (t->o.config_file && (why = config_save(&a, t->o.config_file, &t->config)))
		buf_printf(&b, "the setup is not kept: %s: %s", t->o.config_file, why);
	else if (!t->o.config_file)
		buf_puts(&b, "the setup is not kept: neither XDG_CONFIG_HOME nor HOME is set");
	if (b.len)
		top_say(t, b.data);
	buf_free(&b);
	arena_free(&a);
}

static bool closes(int key)
{
	return key == K_ESC || key == 'q' || key == K_F10 || key == 3;
}

void overlay_key(struct top *t, int key)
{
	enum action a = key_action(key, IN_RINGS);
	bool moves = a == A_UP || a == A_DOWN || a == A_PAGE_UP || a == A_PAGE_DOWN || a == A_HOME || a == A_END;

	if (moves) {
		act(t, a, 0);
		return;
	}
	switch (t->overlay) {
	case OVER_HELP:
		t->overlay = OVER_NONE;
		break;
	case OVER_SORT:
		if (key == K_ENTER || key == '\n')
			sort_by(t, t->over.at);
		if (key == K_ENTER || key == '\n' || closes(key) || a == A_SORT)
			t->overlay = OVER_NONE;
		break;
	case OVER_SETUP:
		if (a == A_RIGHT || key == ' ' || key == K_ENTER || key == '+')
			setup_change(t, t->over.at, 1);
		else if (a == A_LEFT || key == '-')
			setup_change(t, t->over.at, -1);
		if (closes(key) || a == A_SETUP) {
			t->overlay = OVER_NONE;
			keep_config(t);
		}
		break;
	case OVER_NONE:
		break;
	}
}

void top_key(struct top *t, int key)
{
	if (t->prompt) {
		prompt_key(t, key);
		return;
	}
	t->message.len = 0;
	if (t->overlay)
		overlay_key(t, key);
	else
		act(t, key_action(key, t->place), key >= '1' && key <= '9' ? (size_t)(key - '1') : 0);
}

void top_click(struct top *t, int key, int y, int x)
{
	if (key == K_WHEEL_UP || key == K_WHEEL_DOWN) {
		move(t, key == K_WHEEL_UP ? -3 : 3);
		return;
	}
	t->message.len = 0;
	for (size_t i = 0; i < t->n_spots && !t->prompt; i++) {
		const struct spot *s = &t->spots[i];
		size_t n;
		const uint64_t *keys = keys_of(t, &n);
		bool again;

		if (y != s->y || x < s->x || x >= s->x + s->w)
			continue;
		if (s->action != A_SELECT) {
			act(t, s->action, s->number);
			return;
		}
		if (s->number >= n)
			return;
		again = list_of(t)->at == s->number;
		list_of(t)->at = s->number;
		list_of(t)->key = keys[s->number];
		if (key != K_DOUBLE_CLICK)
			return;
		if (t->overlay)
			overlay_key(t, K_ENTER);
		else if (t->place == IN_RINGS && again)
			open_row(t, chosen(t));
		return;
	}
}

/* --- drawing -------------------------------------------------------------------------------------------------------- */

void spot(struct top *t, int y, int x, int w, enum action action, size_t number)
{
	if (t->n_spots < MOST_SPOTS)
		t->spots[t->n_spots++] = (struct spot){y, x, w, action, number};
}

static void prepare(struct top *t)
{
	arena_reset(&t->scene);
	t->items = (struct items){.a = &t->scene};
	t->n_spots = 0;
	t->cursor = false;
	t->style = (struct style){.color = true, .utf8 = fine(t)};
	rows_build(t, &t->scene, &t->rows);
}

void top_draw(struct top *t, struct grid *g)
{
	prepare(t);
	if (t->place == IN_RING && !history_find(&t->history, t->ring)) {
		t->place = IN_RINGS; /* it was dismissed, or this file does not have it */
		top_say(t, "the ring is not there");
	}
	if (g->rows < 4 || g->cols < 20)
		grid_put(g, 0, 0, g->cols, 0, "too small");
	else if (t->overlay == OVER_HELP)
		draw_help(t, g);
	else if (t->overlay == OVER_SETUP)
		draw_setup(t, g);
	else if (t->overlay == OVER_SORT)
		draw_sort_menu(t, g);
	else if (t->place == IN_RING)
		draw_ring(t, g);
	else
		draw_rings(t, g);
}

void top_text(struct top *t, int width, struct buf *b)
{
	struct column_place places[MOST_COLUMNS];
	size_t n = columns_place(&t->config, width, places);
	struct grid g = {0};
	bool graph = t->config.graph;
	int y;

	prepare(t);
	grid_clear(&g, (int)(t->rows.n + late_lines(t)) + 4, width);
	t->config.graph = false;
	t->to_text = true;
	y = draw_head(t, &g, g.rows);
	t->to_text = false;
	t->config.graph = graph;
	draw_column_titles(t, &g, y++, places, n);
	for (size_t i = 0; i < t->rows.n; i++)
		draw_row(t, &g, y++, places, n, &t->rows.v[i]);
	for (int i = 0; i < y; i++) {
		grid_row(&g, i, b);
		buf_putc(b, '\n');
	}
	grid_free(&g);
}
