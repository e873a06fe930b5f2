/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing piece of text, and the one place that decides which bytes of a target may reach a terminal or a JSON string.
 */
#ifndef URINGTOP_BUF_H
#define URINGTOP_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Where the text of a buffer goes while more of it is written, and how much of it a part, such as a ring, may take. Text leaves the
 * buffer in buf_wants alone, so that whoever writes may look back at what was written since.
 */
struct buf_out {
	int (*put)(struct buf *b); /* writes all and empties b; negative: nothing more can be written */
	bool failed;
	size_t gone;  /* bytes written out */
	size_t max;   /* bytes that a part may take, 0: no limit */
	size_t start; /* of the part, as buf_total counts */
};

/* All zero is an empty buffer. data is NUL-terminated once something was put in; freed by buf_free. */
struct buf {
	char *data;
	size_t len, cap;
	struct buf_out *out; /* NULL: all stays here */
};

void buf_put(struct buf *b, const char *s, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_pad(struct buf *b, size_t spaces);
void buf_dec(struct buf *b, uint64_t v);
void buf_hex(struct buf *b, uint64_t v); /* with 0x in front */
void buf_free(struct buf *b);

/* Begins a part. */
void buf_part(struct buf *b);
/*
 * A list begins: returns the end that buf_wants takes. A list gets half of what is left of the part's bytes, so that no long one takes
 * the place of those behind it.
 */
size_t buf_list(const struct buf *b);
/*
 * Between two entries of a list: is the next one to be written? No, if nobody takes the text any more, or beyond the list's end. Hands
 * over what is there once it is much.
 */
bool buf_wants(struct buf *b, size_t end);

enum {
	ESC_ASCII = 1, /* the terminal is not UTF-8: escape everything beyond ASCII */
	ESC_QUOTE = 2, /* the text stands between double quotes */
	ESC_JSON = 4,  /* for a JSON string: control characters below 0x20 but NUL stay, the JSON writer escapes them */
	ESC_ANGLE = 8, /* the text stands between < and > */
	ESC_WORD = 16, /* the text is one word: blanks of any script separate it from the next */
	ESC_PARENS = 32, /* a number in parentheses and a colon may follow it */
	ESC_ONCE = 64,	 /* the text is escaped already, in part: an escape in it stays, and is not escaped again */
};

/*
 * Appends n bytes from a target. Printable ASCII and printable UTF-8 pass; control characters, C1 controls, characters
 * that change the direction of text, and bytes that are no UTF-8 become \n, \t, \xNN; a backslash is doubled. What would be taken for
 * the end of the text where it stands becomes \xNN too, so that nothing in it passes for what follows it. Returns the columns that it
 * takes on a terminal.
 */
size_t buf_text(struct buf *b, const char *s, size_t n, unsigned how);

/* The length of the well-formed UTF-8 sequence at s, of at most n bytes, and its character; 0 if there is none. */
size_t utf8_decode(const char *s, size_t n, uint32_t *out);

#endif
