/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exhibits of ringzoo against what list and dump say of them without the kernel's help. Runs on any kernel: what one lacks is skipped by name. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ask.h"
#include "tap.h"

static const char *const exhibits[] = {"idle", "plain", "two", "large", "sqe128", "cqe32", "cqe32-extra", "big",
	"large-big", "cqe-mixed", "sqe-mixed", "no-sqarray", "no-sqarray-big", "sq-array", "cqsize", "submit-all",
	"coop", "defer", "disabled", "iopoll", "ops", "ops128", "unknown", "cqes", "sqpoll-asleep", "sqpoll-awake",
	"attach-wq", "no-mmap", "closed", "unmapped", "shared", "shared-sqpoll", "thread", "thread-unmapped",
	"leaderless", "registered", "files", "polls", "overflow", "names", "spoof", "impostor", "partial",
	"unmapped-large", "many"};

/* Setup flags may be missing without the kernel's help, but none may be made up. */
static const char *made_up_flag(const cJSON *truth, const cJSON *ring)
{
	static const char *const names[] = {"IOPOLL", "SQPOLL", "SQ_AFF", "CQSIZE", "CLAMP", "ATTACH_WQ", "R_DISABLED",
		"SUBMIT_ALL", "COOP_TASKRUN", "TASKRUN_FLAG", "SQE128", "CQE32", "SINGLE_ISSUER", "DEFER_TASKRUN",
		"NO_MMAP", "REGISTERED_FD_ONLY", "NO_SQARRAY", "HYBRID_IOPOLL", "CQE_MIXED", "SQE_MIXED"};
	unsigned flags = (unsigned)cJSON_GetNumberValue(GET(truth, "truth_setup"));
	const cJSON *name;

	cJSON_ArrayForEach(name, GET(GET(ring, "setup_flags"), "names"))
	{
		for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			/* which of two rings that share a thread attached itself to the other does not show */
			if (!strcmp(names[i], name->valuestring) && !(flags & 1u << i) && i != 5)
				return name->valuestring;
		}
	}
	return NULL;
}

static void exhibit(const char *name)
{
	struct zoo z = zoo_open(name);
	cJSON *doc = NULL, *truth;
	int nth = 0;

	if (zoo_unsupported(&z)) {
		tap_skip(zoo_unsupported(&z), "dump of %s", name);
		zoo_close(&z);
		return;
	}
	/* a child that shares the ring may still be on its way to sleep */
	usleep(20000);
	doc = dump(&z, "0", "proc,memory");
	cJSON_ArrayForEach(truth, GET(z.truth, "rings"))
	{
		const cJSON *ring = find(doc, truth, nth++), *unavailable = GET(ring, "unavailable");
		const char *why, *flag;

		overlay(truth, GET(truth, "without_kernel"));

		if (old_kernel(truth)) {
			forget(truth, "registered", "nr_buffers", "old kernel");
			forget(truth, "cq", "overflowed", "fdinfo before 5.15 does not list them");
			forget(truth, "sqpoll", "shared_with", "ring ids are numbers of one run");
			if (!strncmp(name, "thread", 6) || !strcmp(name, "leaderless") || !strcmp(name, "impostor")) {
				/* neither its mapping nor a descriptor in a thread's own table can be read; and where the
				 * kernel does not say sizes, a program that spoils its own hides them */
				forget(truth, NULL, "sq", "out of reach on this kernel");
				forget(truth, NULL, "cq", "out of reach on this kernel");
			}
		}
		if (!strcmp(name, "thread-unmapped") && GET(unavailable, "sq.flags")) {
			forget(truth, "sq", "dropped", "up to 6.8 nobody can duplicate a thread's own descriptor");
			forget(truth, "cq", "overflow", "up to 6.8 nobody can duplicate a thread's own descriptor");
		}
		if (GET(unavailable, "sq.sqe_size"))
			forget(truth, "sq", "sqe_size", "ambiguous");
		if (GET(unavailable, "cq.cqe_size"))
			forget(truth, "cq", "cqe_size", "ambiguous");
		if (GET(truth, "no_mmap"))
			why = GET(GET(ring, "unavailable"), "sq.flags") ? differs(truth, ring)
									: "its memory cannot have been read";
		else
			why = ring ? differs(truth, ring) : "no such ring in the dump";
		flag = ring ? made_up_flag(truth, ring) : NULL;
		if (!tap(!why && !flag && !check_files(truth, ring), "dump of %s", name))
			tap_note("%s%s%s %s", why ? why : "", flag ? "made up: " : "", flag ? flag : "",
				check_files(truth, ring) ? check_files(truth, ring) : "");
		if (why || flag)
			break;
		if (nth == 1 && cJSON_GetArraySize(GET(z.truth, "rings")) > 10)
			break; /* a thousand alike: the count is looked at elsewhere */
	}
	if (!strcmp(name, "many"))
		tap(cJSON_GetArraySize(GET(doc, "rings")) == 1000, "dump of a thousand rings shows a thousand");
	cJSON_Delete(doc);
	zoo_close(&z);
}

/* -s N shows the data that an SQE would write or send. */
static void data(void)
{
	struct zoo z = zoo_open("ops");
	cJSON *doc = dump(&z, "64", NULL), *t;
	const cJSON *ring = cJSON_GetArrayItem(GET(doc, "rings"), 0);
	int i = 0, seen = 0, right = 0;

	cJSON_ArrayForEach(t, GET(GET(cJSON_GetArrayItem(GET(z.truth, "rings"), 0), "sq"), "pending"))
	{
		const cJSON *e = cJSON_GetArrayItem(GET(GET(ring, "sq"), "pending"), i++), *want = GET(t, "data");
		const char *got = cJSON_GetStringValue(GET(GET(GET(e, "decoded"), "addr"), "string"));

		if (!want)
			continue;
		seen++;
		right += got && !strcmp(got, want->valuestring);
	}
	tap(seen == 2 && right == 2, "dump -s shows the data of WRITE and SEND");
	cJSON_Delete(doc);
	zoo_close(&z);
}

static bool clean(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\n') || s[i] == 0x7f ||
			(s[i] == '\xe2' && s[i + 1] == '\x80' && s[i + 2] == '\xae'))
			return false;
	return true;
}

/* No byte of a target reaches the terminal as it is, in text and in JSON. */
static void escapes(void)
{
	struct zoo z = zoo_open("names");
	const char *pid;
	struct output o;

	if (zoo_unsupported(&z)) {
		tap_skip(zoo_unsupported(&z), "escapes");
		return;
	}
	pid = pid_text(zoo_pid(&z));
	o = RUN(built("uringctl"), "dump", "-s", "100", "-p", pid);
	tap(o.status == 0 && o.out_len > 100 && clean(o.out, o.out_len), "no control byte in the text of dump");
	output_free(&o);
	o = RUN(built("uringctl"), "list", "-p", pid);
	tap(o.status == 0 && clean(o.out, o.out_len), "no control byte in the text of list");
	output_free(&o);
	o = RUN(built("uringctl"), "dump", "--json", "-p", pid);
	tap(o.status == 0 && clean(o.out, o.out_len), "no control byte in JSON");
	output_free(&o);
	zoo_close(&z);
}

/* A document says the same when it is read back as when it was made. */
static void round_trip(const char *name)
{
	const char *sources = slow() ? "proc,memory" : "proc,memory,kernel";
	char path[] = "/tmp/uringctl-live-XXXXXX";
	struct zoo z = zoo_open(name);
	int fd = mkstemp(path);
	struct output first, again, text, text_again;
	const char *pid;
	char *a, *b;

	if (zoo_unsupported(&z)) {
		tap_skip(zoo_unsupported(&z), "round trip of %s", name);
		zoo_close(&z);
		return;
	}
	pid = pid_text(zoo_pid(&z));
	usleep(20000);
	first = RUN(built("uringctl"), "dump", "--json", "-s", "32", "-p", pid, "--source", sources);
	if (write(fd, first.out, first.out_len) != (ssize_t)first.out_len)
		abort();
	again = RUN(built("uringctl"), "dump", "--json", "--from", path);
	a = strstr(first.out, "\"rings\"");
	b = strstr(again.out, "\"rings\"");
	tap(a && b && !strcmp(a, b), "JSON of %s there and back", name);
	text = RUN(built("uringctl"), "dump", "-s", "32", "-p", pid, "--source", sources);
	text_again = RUN(built("uringctl"), "dump", "--from", path);
	tap(text.out_len && !strcmp(text.out, text_again.out), "text of %s from the process and from the file", name);
	output_free(&first);
	output_free(&again);
	output_free(&text);
	output_free(&text_again);
	close(fd);
	unlink(path);
	zoo_close(&z);
}

/* A list has the rings and the fills of the dump. */
static void list(void)
{
	struct zoo z = zoo_open("plain");
	struct output o = RUN(built("uringctl"), "list", "--json", "-p", pid_text(zoo_pid(&z)));
	cJSON *doc = cJSON_Parse(o.out);
	const cJSON *truth = cJSON_GetArrayItem(GET(z.truth, "rings"), 0), *ring = find(doc, truth, 0);

	tap(ring && cJSON_Compare(GET(GET(truth, "sq"), "tail"), GET(GET(ring, "sq"), "tail"), 1) &&
			cJSON_Compare(GET(GET(truth, "cq"), "head"), GET(GET(ring, "cq"), "head"), 1) &&
			!GET(ring, "registered") && !GET(GET(ring, "sq"), "pending"),
		"list --json: the same numbers, without the sections of a dump");
	cJSON_Delete(doc);
	output_free(&o);
	o = RUN(built("uringctl"), "list", "-p", pid_text(zoo_pid(&z)));
	tap(o.status == 0 && strstr(o.out, "2/8") && strstr(o.out, "7/16") && strstr(o.out, "RING"),
		"list shows the fills");
	output_free(&o);
	zoo_close(&z);
}

/* The memory of a target that writes garbage over it says nothing wrong about what the kernel knows. */
static void scribble(void)
{
	struct zoo z = zoo_open("scribble");
	int good = 0, tries = slow() ? 10 : 100;
	const char *pid = pid_text(zoo_pid(&z));

	for (int i = 0; i < tries; i++) {
		struct output o = RUN(built("uringctl"), "dump", "--json", "-s", "100", "-p", pid);
		cJSON *doc = cJSON_Parse(o.out);
		const cJSON *ring = cJSON_GetArrayItem(GET(doc, "rings"), 0), *n = GET(GET(ring, "sq"), "entries");
		const cJSON *said = cJSON_GetArrayItem(GET(ring, "inferred"), 0);
		bool old = said && !strcmp(said->valuestring, "ring_id");

		/* before 5.15 no kernel says the size, so garbage there is no size at all */
		good += o.status == 0 && ring && (cJSON_IsNumber(n) ? old || n->valuedouble == 64 : old);
		if (o.status)
			tap_note("status %d: %s", o.status, o.err);
		cJSON_Delete(doc);
		output_free(&o);
	}
	tap(good == tries, "%d of %d dumps of a ring under a scribbling program are sound", good, tries);
	zoo_close(&z);
}

static void busy(void)
{
	struct zoo z = zoo_open("busy");
	const cJSON *truth = cJSON_GetArrayItem(GET(z.truth, "rings"), 0);
	int good = 0, tries = slow() ? 5 : 50;

	for (int i = 0; i < tries; i++) {
		cJSON *doc = dump(&z, "0", NULL);

		good += doc && !differs(truth, cJSON_GetArrayItem(GET(doc, "rings"), 0));
		cJSON_Delete(doc);
	}
	tap(good == tries, "%d of %d dumps of a ring in full use are sound", good, tries);
	zoo_close(&z);
}

/* A target that ends while it is dumped is no error and no crash. */
static void exits(void)
{
	int sound = 0, tries = slow() ? 3 : 30;

	for (int i = 0; i < tries; i++) {
		struct zoo z = zoo_open("exits");
		bool good = true;
		double until = now_ms() + 40;

		do {
			struct output o = RUN(built("uringctl"), "dump", "--json", "-p", pid_text(zoo_pid(&z)));
			cJSON *doc = cJSON_Parse(o.out);

			good &= doc && (o.status == 0 || (o.status == 1 && strstr(o.err, "no such process")) ||
					       (o.status == 1 && strstr(o.err, "zombie")));
			if (!good)
				tap_note("status %d: %s", o.status, o.err);
			cJSON_Delete(doc);
			output_free(&o);
		} while (good && now_ms() < until);
		sound += good;
		zoo_close(&z);
	}
	tap(sound == tries, "%d of %d programs that ended while they were dumped: no crash, whole JSON", sound, tries);
}

/* The row of a process in one of the frames that uringtop prints, NULL if there is none. */
static char *row_of(const char *text, int frame, const char *pid)
{
	char *copy = strdup(text), *line = NULL, *rest = copy, *found = NULL;
	char word[32];

	snprintf(word, sizeof(word), " %s ringzoo ", pid);
	while (!found && (line = strsep(&rest, "\n"))) {
		frame -= !strncmp(line, "uringtop ", 9);
		if (frame < 0 && strstr(line, word))
			found = strdup(line);
	}
	free(copy);
	return found;
}

/* The words of a row: pid, name, fd, ring, and so on. The bars are left out. */
static int words_of(char *row, char *out[24])
{
	int n = 0;

	for (char *w; n < 24 && (w = strsep(&row, " "));)
		if (*w && (unsigned char)*w < 0x80)
			out[n++] = w;
	return n;
}

/* uringtop prints what is true, and knows a ring again in the next frame. */
static void watched(void)
{
	static const int of_row[] = {0, 1, 3}; /* pid, command, ring */
	struct zoo z = zoo_open("plain");
	const char *pid = pid_text(zoo_pid(&z));
	struct output o;
	char *rows[3], *w[3][24] = {{NULL}};
	bool same = true;

	setenv("LC_ALL", "C.UTF-8", 1);
	o = RUN(built("uringtop"), "--batch", "-n", "3", "-d", "0.3", "-p", pid);
	for (int i = 0; i < 3; i++)
		rows[i] = row_of(o.out, i, pid);
	tap(o.status == 0 && rows[0] && rows[1] && rows[2], "uringtop: a row in each of three frames");
	tap(rows[2] && rows[2][0] == '!' && strstr(rows[2], " 2/8 ") && strstr(rows[2], " 7/16 ") &&
			strstr(rows[2], "2 entries not submitted"),
		"uringtop: its fill, and why it needs attention");
	for (int i = 0; i < 3 && rows[2]; i++)
		if (rows[i]) /* the mark comes once the state has lasted */
			words_of(rows[i] + (rows[i][0] == '!'), w[i]);
	for (size_t k = 0; k < sizeof(of_row) / sizeof(of_row[0]); k++)
		for (int i = 1; i < 3; i++)
			same &= w[0][of_row[k]] && w[i][of_row[k]] && !strcmp(w[0][of_row[k]], w[i][of_row[k]]);
	tap(same, "uringtop: the same ring in all of them");
	for (int i = 0; i < 3; i++)
		free(rows[i]);
	if (tap_failed())
		tap_note("%.2000s", o.out);
	output_free(&o);
	zoo_close(&z);
	z = zoo_open("busy");
	pid = pid_text(zoo_pid(&z));
	o = RUN(built("uringtop"), "--batch", "-n", "2", "-d", slow() ? "2" : "0.5", "-p", pid);
	tap(o.status == 0 && strstr(o.out, "completed ") && !strstr(o.out, "completed 0/s"),
		"uringtop: a ring in use has a rate");
	output_free(&o);
	zoo_close(&z);
}

int main(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	for (size_t i = 0; i < sizeof(exhibits) / sizeof(exhibits[0]); i++)
		exhibit(exhibits[i]);
	list();
	data();
	escapes();
	round_trip("ops");
	round_trip("ops128");
	round_trip("registered");
	round_trip("cqes");
	round_trip("names");
	round_trip("shared-sqpoll");
	round_trip("closed");
	if (!slow()) {
		round_trip("restricted");
		round_trip("groups");
		round_trip("chain");
		round_trip("io-wq");
		round_trip("guest");
	}
	scribble();
	busy();
	exits();
	watched();
	return tap_end();
}
