/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer: every file of the corpus as it is, then a fixed number of changed ones. The same seed
 * gives the same run; a failure says which input it was by writing it to fuzz-crash.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fuzz/fuzz.h"

enum { MOST = 16384 };

static uint8_t input[MOST];
static size_t input_len;
static uint64_t seed = 88172645463325252ull;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static void crashed(int sig)
{
	FILE *f = fopen("fuzz-crash", "we");

	if (f) {
		fwrite(input, 1, input_len, f);
		fclose(f);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void run(const uint8_t *data, size_t n)
{
	/* a copy of just this size, so that a sanitizer sees a step beyond its end */
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void change(void)
{
	static const uint64_t telling[] = {
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX};
	size_t at = input_len ? next() % input_len : 0, n;

	switch (next() % 7) {
	case 0:
		if (input_len)
			input[at] ^= (uint8_t)(1u << next() % 8);
		break;
	case 1:
		if (input_len)
			input[at] = (uint8_t)next();
		break;
	case 2:
		n = (size_t)1 << next() % 4;
		if (at + n <= input_len)
			memcpy(input + at, &telling[next() % (sizeof(telling) / sizeof(telling[0]))], n);
		break;
	case 3:
		input_len = at;
		break;
	case 4: /* say a piece again */
		n = next() % 64;
		if (at + n <= input_len && input_len + n <= MOST) {
			memmove(input + at + n, input + at, input_len - at);
			input_len += n;
		}
		break;
	case 5: /* leave a piece out */
		n = next() % 64;
		if (at + n <= input_len) {
			memmove(input + at, input + at + n, input_len - at - n);
			input_len -= n;
		}
		break;
	default:
		for (n = next() % 16; n && input_len < MOST; n--)
			input[input_len++] = (uint8_t)next();
	}
}

int main(int argc, char **argv)
{
	uint8_t(*seeds)[MOST] = calloc(64, MOST);
	size_t lens[64], n = 0;
	long rounds = argc > 2 ? atol(argv[2]) : 20000;
	struct dirent *e;
	DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;

	if (!seeds || !dir) {
		fprintf(stderr, "usage: %s CORPUS [ROUNDS]\n", argv[0]);
		return 2;
	}
	signal(SIGABRT, crashed);
	signal(SIGSEGV, crashed);
	while ((e = readdir(dir)) && n < 64) {
		char path[512];
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		lens[n] = fread(seeds[n], 1, MOST, f);
		fclose(f);
		n++;
	}
	closedir(dir);
	if (!n) {
		fprintf(stderr, "%s: no corpus\n", argv[1]);
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		input_len = lens[i];
		memcpy(input, seeds[i], input_len);
		run(input, input_len);
	}
	for (long i = 0; i < rounds; i++) {
		size_t pick = next() % n;

		input_len = lens[pick];
		memcpy(input, seeds[pick], input_len);
		for (uint64_t k = next() % 6 + 1; k; k--)
			change();
		run(input, input_len);
	}
	free(seeds);
	printf("%zu files of the corpus, %ld changed ones\n", n, rounds);
	return 0;
}
