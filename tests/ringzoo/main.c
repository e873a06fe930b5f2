/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ringzoo EXHIBIT...: each in a process of its own, one line of truth each, then "ready". They live until ringzoo's standard
 * input ends or a signal ends it.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo.h"

static void child(const struct exhibit *e)
{
	cJSON *o = e->make();
	char *text;

	cJSON_AddStringToObject(o, "exhibit", e->name);
	text = cJSON_PrintUnformatted(o);
	printf("%s\n", text);
	fflush(stdout);
	if (e->live && !cJSON_GetObjectItem(o, "unsupported"))
		e->live();
	for (;;)
		pause();
}

/* Starts one and passes its line on. */
static void start(const struct exhibit *e)
{
	int pipes[2];
	pid_t pid;
	FILE *f;
	int c = 0;

	if (pipe(pipes))
		z_die("pipe");
	pid = fork();
	if (pid < 0)
		z_die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], 1);
		close(pipes[0]);
		close(pipes[1]);
		child(e);
	}
	close(pipes[1]);
	f = fdopen(pipes[0], "r");
	while (c != '\n' && (c = getc(f)) != EOF)
		putchar(c);
	if (c == EOF)
		printf("{\"exhibit\": \"%s\", \"unsupported\": \"it ended\"}\n", e->name);
	fflush(stdout);
	fclose(f);
}

int main(int argc, char **argv)
{
	char byte;

	signal(SIGCHLD, SIG_IGN);
	if (argc < 2 || !strcmp(argv[1], "--list")) {
		for (int list = 0; list < 2; list++)
			for (const struct exhibit *e = list ? exhibits_inside : exhibits; e->name; e++)
				printf("%-16s %s\n", e->name, e->what);
		return argc < 2 ? 2 : 0;
	}
	for (int i = 1; i < argc; i++) {
		const struct exhibit *e = exhibits;

		while (e->name && strcmp(e->name, argv[i]))
			e++;
		for (e = e->name ? e : exhibits_inside; e->name && strcmp(e->name, argv[i]);)
			e++;
		if (!e->name) {
			fprintf(stderr, "ringzoo: %s: no such exhibit (--list names them)\n", argv[i]);
			return 2;
		}
		start(e);
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
