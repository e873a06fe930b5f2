/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grid onto a terminal by ncurses, which sends only what has changed. */
#include "screen.h" /* before term.h, which makes macros of common words */
#include "clock.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#undef columns

static SCREEN *screen;
static struct termios at_start;
/* what brings the terminal back, made ready for a handler that may call next to nothing */
static char farewell[512];
static size_t farewell_len;
static volatile sig_atomic_t taken;
static int shown_palette = -1;

/* --- taking and giving back ------------------------------------------------------------------------------------------ */

static void farewell_add(const char *s)
{
	size_t n = s && s != (char *)-1 ? strlen(s) : 0;

	if (farewell_len + n >= sizeof(farewell))
		return;
	memcpy(farewell + farewell_len, s ? s : "", n);
	farewell_len += n;
}

void screen_restore(void)
{
	int saved = errno;

	if (taken) {
		taken = 0;
		if (write(STDOUT_FILENO, farewell, farewell_len) < 0)
			taken = 0; /* a terminal that is gone needs nothing */
		tcsetattr(STDIN_FILENO, TCSADRAIN, &at_start);
	}
	errno = saved;
}

static void on_fault(int sig)
{
	static const char said[] = "uringtop: it has failed; the terminal is restored (please report this)\n";

	screen_restore();
	if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0)
		_exit(128 + sig);
	/* SA_RESETHAND: this time it ends the program */
	raise(sig);
}

static void catch_faults(void)
{
	static const int faults[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	static char stack[1 << 15];
	struct sigaction sa = {.sa_handler = on_fault, .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};

	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &sa, NULL);
}

static void modes(void)
{
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	idlok(stdscr, FALSE);
	/* presses alone, so that a click is answered when it is made: what is a double click we tell ourselves */
	mouseinterval(0);
	mousemask(ALL_MOUSE_EVENTS, NULL);
}

const char *screen_open(struct arena *a)
{
	const char *term = getenv("TERM");
	int err = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return arena_printf(a, "standard %s is not a terminal (--batch prints text)",
			isatty(STDIN_FILENO) ? "output" : "input");
	if (!term || !*term)
		return "TERM is not set: what kind of terminal this is is not known (TERM=xterm-256color fits most; "
		       "--batch "
		       "prints text)";
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK || err != 1 || !cursor_address)
		return arena_printf(a, "TERM is '%.60s': %s (TERM=xterm-256color fits most; --batch prints text)", term,
			err == 1 || err == -2 ? "such a terminal cannot place its cursor"
					      : "no such terminal is known");
	tcgetattr(STDIN_FILENO, &at_start);
	set_escdelay(25);
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return arena_printf(a, "TERM is '%.60s': ncurses cannot use it (--batch prints text)", term);
	farewell_add(tigetstr("sgr0"));
	farewell_add(tigetstr("cnorm"));
	farewell_add("\033[?1000l\033[?1002l\033[?1006l");
	if (!tigetstr("kmous") || tigetstr("kmous") == (char *)-1)
		farewell_len = farewell_len > 24 ? farewell_len - 24 : 0;
	farewell_add(tigetstr("rmkx"));
	farewell_add(tigetstr("rmcup"));
	catch_faults();
	taken = 1;
	modes();
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	return NULL;
}

void screen_close(void)
{
	if (!screen)
		return;
	if (taken && !isendwin())
		endwin();
	screen_restore();
	delscreen(screen);
	screen = NULL;
}

void screen_suspend(void)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
	sigset_t tstp, before;

	endwin();
	taken = 0;
	sigaction(SIGTSTP, &stop, &ours);
	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &tstp, &before);
	/* here it stands still until it is continued */
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	taken = 1;
	screen_again();
}

void screen_again(void)
{
	reset_prog_mode();
	screen_resize();
	modes();
	clearok(curscr, TRUE);
	refresh();
}

void screen_resize(void)
{
	struct winsize w;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row && w.ws_col)
		resizeterm(w.ws_row, w.ws_col);
}

void screen_size(int *rows, int *cols)
{
	getmaxyx(stdscr, *rows, *cols);
}

/* --- showing -------------------------------------------------------------------------------------------------------- */

int screen_colors(void)
{
	return has_colors() ? COLORS : 0;
}

/*
 * Pairs on the terminal's own background. Of 256 colours those that can be read on black and on white (a contrast above 3 to both);
 * of 8, which are the theme's, none that is often too light or too dark.
 */
static void set_palette(enum palette p)
{
	static const short of_256[] = {[C_NAME] = 31, [C_NUMBER] = 136, [C_GOOD] = 28, [C_WARN] = 133, [C_BAD] = 160};
	static const short of_8[] = {[C_NAME] = COLOR_CYAN,
		[C_NUMBER] = COLOR_CYAN,
		[C_GOOD] = COLOR_GREEN,
		[C_WARN] = COLOR_MAGENTA,
		[C_BAD] = COLOR_RED};

	for (short c = C_NAME; c <= C_BAD && p != PALETTE_NONE; c++)
		init_pair(c, p == PALETTE_256 ? of_256[c] : of_8[c], -1);
	shown_palette = (int)p;
}

static attr_t attributes(unsigned look, enum palette p, short *pair)
{
	unsigned color = look & LOOK_COLOR;
	attr_t a = A_NORMAL;

	*pair = p != PALETTE_NONE && color >= C_NAME && color <= C_BAD ? (short)color : 0;
	if (look & LOOK_BOLD || color == C_HEAD)
		a |= A_BOLD;
	/* without colours, what is bad has to stand out in another way */
	if (p == PALETTE_NONE && color == C_BAD)
		a |= A_BOLD;
	if (look & LOOK_REVERSE)
		a |= A_REVERSE;
	if (look & LOOK_UNDERLINE)
		a |= A_UNDERLINE;
	if (look & LOOK_DIM || color == C_DIM)
		a |= A_DIM;
	return a;
}

static void show_cell(int y, int x, const struct cell *c, enum palette p)
{
	wchar_t text[CELL_CHARS + 1];
	size_t n = 0;
	cchar_t cc;
	short pair;
	attr_t a = attributes(c->look, p, &pair);

	for (; n < CELL_CHARS && c->ch[n]; n++)
		text[n] = (wchar_t)c->ch[n];
	if (!n)
		text[n++] = L' ';
	text[n] = L'\0';
	if (setcchar(&cc, text, a, pair, NULL) == OK)
		mvadd_wch(y, x, &cc);
}

void screen_show(const struct grid *g, enum palette p, bool cursor, int y, int x)
{
	if ((int)p != shown_palette)
		set_palette(p);
	erase();
	for (int row = 0; row < g->rows; row++)
		for (int col = 0; col < g->cols; col++) {
			const struct cell *c = &g->v[(size_t)row * (size_t)g->cols + (size_t)col];

			if (c->columns && (c->ch[0] || c->look))
				show_cell(row, col, c, p);
		}
	curs_set(cursor ? 1 : 0);
	if (cursor)
		move(y, x);
	refresh();
}

/* --- keys ----------------------------------------------------------------------------------------------------------- */

static const struct {
	int theirs, ours;
} names[] = {
	{KEY_UP, K_UP},
	{KEY_DOWN, K_DOWN},
	{KEY_LEFT, K_LEFT},
	{KEY_RIGHT, K_RIGHT},
	{KEY_PPAGE, K_PGUP},
	{KEY_NPAGE, K_PGDN},
	{KEY_HOME, K_HOME},
	{KEY_FIND, K_HOME},
	{KEY_END, K_END},
	{KEY_SELECT, K_END},
	{KEY_BACKSPACE, K_BACKSPACE},
	{KEY_DC, K_DELETE},
	{KEY_BTAB, K_BACKTAB},
	{KEY_ENTER, K_ENTER},
};

static int mouse(int *y, int *x)
{
	static double last;
	static int last_y = -1, last_x = -1;
	MEVENT m;
	bool again;

	if (getmouse(&m) != OK)
		return 0;
	*y = m.y;
	*x = m.x;
	if (m.bstate & BUTTON4_PRESSED)
		return K_WHEEL_UP;
	if (m.bstate & BUTTON5_PRESSED)
		return K_WHEEL_DOWN;
	if (!(m.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED)))
		return 0;
	again = m.bstate & BUTTON1_DOUBLE_CLICKED || (m.y == last_y && m.x == last_x && clock_now() - last < 0.4);
	last = again ? 0 : clock_now();
	last_y = m.y;
	last_x = m.x;
	return again ? K_DOUBLE_CLICK : K_CLICK;
}

/* Is the terminal still there? What cannot be read although it is ready, is at its end. */
static bool gone(void)
{
	struct pollfd p = {STDIN_FILENO, POLLIN, 0};
	int waiting = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return p.revents & POLLIN && (ioctl(STDIN_FILENO, FIONREAD, &waiting) || !waiting);
}

int screen_key(int *y, int *x)
{
	wint_t c;
	int got;

	for (;;) {
		got = get_wch(&c);
		if (got == ERR)
			return gone() ? -1 : 0;
		if (got == OK)
			return c == 127 || c == 8 ? K_BACKSPACE : (int)c;
		if (c == KEY_MOUSE) {
			int key = mouse(y, x);

			if (key)
				return key;
			continue;
		}
		if (c >= KEY_F0 + 1 && c <= KEY_F0 + 12)
			return K_F0 + (int)(c - KEY_F0);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if ((wint_t)names[i].theirs == c)
				return names[i].ours;
	}
}
