/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every exhibit of ringzoo against what dump says of it with the kernel's help, then what the kernel source has to stand. Runs on any
 * kernel; the lines "# section" say what of it this one has, for the table of tests/vm.
 */
#include <bpf/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "tap.h"

/* Which section of a snapshot an exhibit stands for. */
static const struct {
	const char *exhibit, *section;
} sections[] = {{"plain", "setup flags, owner, address space"}, {"shared", "holders in a foreign address space"},
	{"restricted", "restrictions"}, {"restricting", "restrictions to come, ring disabled"},
	{"sqpoll-asleep", "SQPOLL: thread, state, idle time, creds"}, {"attach-wq", "SQPOLL shared"},
	{"registered", "registered files and buffers"}, {"cloned", "buffers cloned"}, {"groups", "provided buffers"},
	{"personalities", "personalities"}, {"inherited", "restrictions inherited"},
	{"bpf-filter", "restrictions: BPF filters"}, {"eventfd", "eventfd"}, {"napi", "NAPI"},
	{"limits", "io-wq limits"}, {"polled", "in flight: poll"},
	{"timeouts", "in flight: timeout, linked timeout, age"}, {"chain", "in flight: link chain"},
	{"drained", "in flight: drain"}, {"io-wq", "in flight: io-wq queued, running; workers"},
	{"futex", "in flight: futex"}, {"waitid", "in flight: waitid"}, {"task-work", "in flight: task work"},
	{"one-file", "in flight: behind a write to the same file"},
	{"left-over", "in flight: task work left to the next call"},
	{"woken", "in flight: descriptor of what was woken"}, {"shots", "in flight: descriptor of multishots"},
	{"forced", "in flight: what the kernel hands to io-wq"}, {"many-polls", "in flight: count, cut"},
	{"overflow", "CQ overflow"}, {"closed", "hidden: registered and closed"},
	{"mapped-only", "hidden: mapping only"}, {"overflow-big", "CQ overflow of 32-byte CQEs"},
	{"pinned", "SQPOLL pinned"}, {"registered-only", "hidden: REGISTERED_FD_ONLY"},
	{"no-mmap", "entries of NO_MMAP"}, {"sqpoll-died", "SQPOLL that has died"},
	{"guest", "used without being held"}, {"orphan", "owner ended"},
	{"held-pair", "hidden: held by requests alone"}, {"held-alone", "hidden: held by one request alone"},
	{"held-working", "hidden: held by requests, and working"}};

static void table(const char *exhibit, const char *state)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!strcmp(sections[i].exhibit, exhibit))
			printf("# section %s: %s\n", sections[i].section, state);
}

static double number(const cJSON *o, const char *key)
{
	return cJSON_GetNumberValue(GET(o, key));
}

static int by_user_data(const void *a, const void *b)
{
	const char *x = cJSON_GetStringValue(GET(*(cJSON *const *)a, "user_data")),
		   *y = cJSON_GetStringValue(GET(*(cJSON *const *)b, "user_data"));

	return x && y ? strcmp(x, y) : 0;
}

/* Where the kernel's order says nothing, both are put into one. */
static void sort(cJSON *list)
{
	int n = cJSON_GetArraySize(list);
	cJSON **v = calloc((size_t)n + 1, sizeof(*v));

	for (int i = 0; i < n; i++)
		v[i] = cJSON_DetachItemFromArray(list, 0);
	qsort(v, (size_t)n, sizeof(cJSON *), by_user_data);
	for (int i = 0; i < n; i++)
		cJSON_AddItemToArray(list, v[i]);
	free(v);
}

static const char *counted(const cJSON *truth, const char *key, const cJSON *list)
{
	const cJSON *n = GET(truth, key);

	return n && (int)cJSON_GetNumberValue(n) != cJSON_GetArraySize(list) ? key : NULL;
}

/* Timeouts of an hour that were armed a moment ago. */
static const char *timed(const cJSON *truth, const cJSON *requests)
{
	const cJSON *q;

	cJSON_ArrayForEach(q, requests)
	{
		const char *where = cJSON_GetStringValue(GET(q, "where"));

		if (!GET(truth, "timed") || !where || strcmp(where, "timeout") != 0)
			continue;
		if (!(number(q, "age_ns") > 0 && number(q, "age_ns") < 120e9 && number(q, "due_ns") < 3600e9 &&
			    number(q, "due_ns") > 3400e9))
			return "age_ns or due_ns";
	}
	return NULL;
}

/* What a worker that does not get on sleeps in. */
static const char *stuck(const cJSON *truth, const cJSON *threads)
{
	const char *in = cJSON_GetStringValue(GET(truth, "stuck_in"));
	const cJSON *t;
	int seen = 0;

	cJSON_ArrayForEach(t, threads)
	{
		char *text = cJSON_PrintUnformatted(t);

		seen += in && strstr(text, in) && cJSON_IsObject(GET(t, "request"));
		free(text);
	}
	return in && seen != 2 ? "wchan and stack" : NULL;
}

/* Reasons that are no failing: the kernel has no such thing, or the target makes no sense. */
static const char *unread(const cJSON *ring, bool old)
{
	static const char *const fine[] = {"no such thing", "makes no sense", "has ended", "has closed the file",
		"is ending", "is not known", "does not count it", "not in this pid namespace"};
	const cJSON *why;

	cJSON_ArrayForEach(why, GET(ring, "unavailable"))
	{
		for (const cJSON *other = why->next; other; other = other->next)
			if (!strcmp(why->string, other->string))
				return "a reason given twice";
		bool ok = old && !strcmp(why->string, "inflight.count");

		for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
			ok |= strstr(why->valuestring, fine[i]) != NULL;
		if (!ok)
			return why->string;
	}
	return NULL;
}

static const char *check(cJSON *truth, cJSON *ring)
{
	cJSON *in = GET(ring, "inflight"), *registered = GET(ring, "registered");
	bool old = old_kernel(truth);
	const char *why;

	if (!ring)
		return "no such ring in the dump";
	overlay(truth, GET(truth, "with_kernel"));
	if (cJSON_GetArraySize(GET(ring, "disagreements")))
		return "the sources disagree";
	if (old) {
		forget(truth, "sqpoll", "shared_with", "ring ids are numbers of one run");
		forget(truth, "inflight", "count", "nothing counts them");
		forget(truth, "inflight", "unknown", "nothing counts them");
	}
	if (GET(truth, "unordered") && in) {
		sort(GET(GET(truth, "inflight"), "requests"));
		sort(GET(in, "requests"));
	}
	why = differs(truth, ring);
	if (!why)
		why = check_files(truth, ring);
	if (!why)
		why = counted(truth, "count_files", GET(registered, "files"));
	if (!why)
		why = counted(truth, "count_buffers", GET(registered, "buffers"));
	if (!why)
		why = counted(truth, "count_requests", GET(in, "requests"));
	if (!why)
		why = timed(truth, GET(in, "requests"));
	if (!why)
		why = stuck(truth, GET(GET(ring, "workers"), "threads"));
	return why ? why : unread(ring, old);
}

/* Those of a document that a process holds. */
static cJSON *rings_of(const cJSON *doc, int pid)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "rings");
	const cJSON *ring, *holder;

	cJSON_ArrayForEach(ring, GET(doc, "rings"))
	{
		/* what a request alone holds has no holder, but its maker's address space is that of its owner */
		bool is = !cJSON_GetArraySize(GET(ring, "holders")) && number(GET(ring, "owner"), "pid") == pid;

		cJSON_ArrayForEach(holder, GET(ring, "holders")) is |= number(holder, "pid") == pid;
		if (is)
			cJSON_AddItemToArray(list, cJSON_Duplicate(ring, 1));
	}
	return o;
}

/* Does s have what looks like an address of the kernel? They begin with ffff on every 64-bit architecture with BTF. */
static const char *address_in(const char *s)
{
	for (; (s = strstr(s, "ffff")); s++) {
		size_t n = strspn(s, "0123456789abcdef");

		/* all ones is a number that people use */
		if (n == 16 && strncmp(s, "ffffffffffffffff", 16) != 0)
			return s;
		s += n ? n - 1 : 0;
	}
	return NULL;
}

/* whole: a document about all exhibits at once; NULL: this one is asked about by itself. */
static void exhibit(const char *name, struct zoo *z, const cJSON *whole)
{
	const char *bad = NULL;
	cJSON *doc, *truth;
	int nth = 0, n;
	char *text;

	if (zoo_unsupported(z)) {
		tap_skip(zoo_unsupported(z), "the kernel on %s", name);
		table(name, "absent");
		return;
	}
	n = cJSON_GetArraySize(GET(z->truth, "rings"));
	doc = whole ? rings_of(whole, zoo_pid(z)) : dump(z, "0", NULL);
	cJSON_ArrayForEach(truth, GET(z->truth, "rings"))
	{
		bad = check(truth, (cJSON *)find(doc, truth, nth++));
		if (bad || nth > 10)
			break;
	}
	/* a clone's source comes along; nothing else may */
	if (!bad && n != cJSON_GetArraySize(GET(doc, "rings")) && strcmp(name, "cloned") != 0)
		bad = "not as many rings as there are";
	text = cJSON_PrintUnformatted(doc);
	if (!bad && address_in(text))
		bad = "an address of the kernel";
	free(text);
	tap(!bad, "the kernel on %s", name);
	if (bad)
		tap_note("%s", bad);
	table(name, bad ? "UNREADABLE" : "read");
	cJSON_Delete(doc);
}

enum { MOST_EXHIBITS = 128 };

/* All exhibits but those that do not hold still: each by itself, or where that takes too long all of them in one dump. */
static void all(void)
{
	static const char *const restless[] = {"scribble", "busy", "exits", "recv", "churn"};
	static struct zoo zoos[MOST_EXHIBITS];
	const char *names[MOST_EXHIBITS];
	struct output o = RUN(built("ringzoo"), "--list", "x"), whole = {0};
	cJSON *doc = NULL;
	char *save = NULL;
	size_t n = 0;

	for (char *line = strtok_r(o.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		bool moves = false;

		line[strcspn(line, " ")] = '\0';
		for (size_t i = 0; i < sizeof(restless) / sizeof(restless[0]); i++)
			moves |= !strcmp(line, restless[i]);
		if (!moves && n < MOST_EXHIBITS)
			names[n++] = line;
	}
	for (size_t i = 0; slow() && i < n; i++)
		zoos[i] = zoo_open(names[i]);
	if (slow()) {
		usleep(300000);
		whole = RUN(built("uringctl"), "dump", "--json", "-s", "0");
		doc = cJSON_Parse(whole.out);
		output_free(&whole);
	}
	for (size_t i = 0; i < n; i++) {
		if (!slow()) {
			zoos[i] = zoo_open(names[i]);
			usleep(20000);
		}
		exhibit(names[i], &zoos[i], doc);
		zoo_close(&zoos[i]);
	}
	cJSON_Delete(doc);
	output_free(&o);
}

/* The kernel alone, without /proc and without the target's memory, says the same of what it knows. */
static void kernel_alone(void)
{
	struct zoo z = zoo_open("plain");
	cJSON *doc = dump(&z, "0", "kernel"), *truth = cJSON_GetArrayItem(GET(z.truth, "rings"), 0);
	const cJSON *ring = find(doc, truth, 0), *e;
	const char *why;

	overlay(truth, GET(truth, "with_kernel"));
	cJSON_ArrayForEach(e, GET(GET(truth, "sq"), "pending"))
	{
		/* what lies behind pointers and descriptors is read by other means */
		cJSON_DeleteItemFromObject((cJSON *)e, "decoded");
		cJSON_DeleteItemFromObject((cJSON *)e, "file");
	}
	why = ring ? differs(truth, ring) : "no ring";
	tap(!why, "--source kernel: entries and numbers from the kernel alone");
	if (why)
		tap_note("%s", why);
	tap(cJSON_IsFalse(GET(GET(doc, "sources"), "proc")) && cJSON_IsTrue(GET(GET(doc, "sources"), "kernel")),
		"--source kernel: the document says what was asked");
	cJSON_Delete(doc);
	zoo_close(&z);
}

/* Rings that are torn down while they are walked: whole JSON each time, nothing else. */
static void churn(void)
{
	struct zoo z = zoo_open("churn");
	int good = 0, tries = slow() ? 5 : 40, partly = 0;

	for (int i = 0; i < tries; i++) {
		struct output o = RUN(built("uringctl"), "dump", "--json", "-p", pid_text(zoo_pid(&z)));
		cJSON *doc = cJSON_Parse(o.out);

		good += doc && o.status == 0;
		partly += cJSON_GetArraySize(GET(doc, "skipped")) > 0;
		if (!doc || o.status)
			tap_note("status %d: %s", o.status, o.err);
		cJSON_Delete(doc);
		output_free(&o);
	}
	tap_note("%d of %d met a ring that went away", partly, tries);
	tap(good == tries, "%d of %d dumps of rings that come and go are whole", good, tries);
	zoo_close(&z);
}

/* --max-requests and --max-files are said where they cut. */
static void bounds(void)
{
	struct zoo z = zoo_open("many-polls");
	struct output o = RUN(built("uringctl"), "dump", "--json", "--max-requests", "7", "-p", pid_text(zoo_pid(&z)));
	cJSON *doc = cJSON_Parse(o.out);
	const cJSON *in = GET(cJSON_GetArrayItem(GET(doc, "rings"), 0), "inflight");

	tap(cJSON_GetArraySize(GET(in, "requests")) == 7 && number(in, "cut") == 7, "--max-requests cuts, and says so");
	cJSON_Delete(doc);
	output_free(&o);
	o = RUN(built("uringctl"), "dump", "--max-requests", "7", "-p", pid_text(zoo_pid(&z)));
	tap(strstr(o.out, "cut at 7") != NULL, "the text says so too");
	output_free(&o);
	o = RUN(built("uringctl"), "dump", "--json", "--max-requests", "20000", "-p", pid_text(zoo_pid(&z)));
	doc = cJSON_Parse(o.out);
	in = GET(cJSON_GetArrayItem(GET(doc, "rings"), 0), "inflight");
	tap(cJSON_GetArraySize(GET(in, "requests")) == 10000 && !GET(in, "cut"), "10000 requests are all found");
	cJSON_Delete(doc);
	output_free(&o);
	zoo_close(&z);
	z = zoo_open("many-files");
	o = RUN(built("uringctl"), "dump", "--max-files", "100", "-p", pid_text(zoo_pid(&z)));
	tap(strstr(o.out, "100 in use, cut at 100") != NULL, "--max-files cuts, and says so");
	output_free(&o);
	zoo_close(&z);
}

static void no_addresses(const char *name)
{
	static const char *const ways[][2] = {{"dump", "--json"}, {"dump", "--color=always"}, {"list", "--json"}};
	struct zoo z = zoo_open(name);

	for (size_t i = 0; i < 3 && !zoo_unsupported(&z); i++) {
		struct output o;
		const char *at;

		setenv("LIBBPF_LOG_LEVEL", "debug", 1);
		o = RUN(built("uringctl"), ways[i][0], ways[i][1], "-p", pid_text(zoo_pid(&z)));
		at = address_in(o.out);
		if (!tap(!at && !address_in(o.err) && o.out_len, "%s %s of %s shows no kernel address", ways[i][0],
			    ways[i][1], name))
			tap_note("%.40s", at ? at : o.err);
		output_free(&o);
	}
	zoo_close(&z);
}

/* How many of our programs the kernel has loaded. */
static int programs(void)
{
	uint32_t id = 0;
	int n = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		n += fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) && !strncmp(info.name, "walk_", 5);
		if (fd >= 0)
			close(fd);
	}
	return n;
}

/* Nothing is loaded, pinned or attached after the tool, also when it was killed. */
static void nothing_left(void)
{
	struct zoo z = zoo_open("polled");
	int before = programs(), killed = 0, during = 0;
	struct output o;

	for (int i = 0; i < (slow() ? 4 : 20); i++) {
		pid_t pid = fork();

		if (!pid) {
			freopen("/dev/null", "w", stdout);
			execl(built("uringctl"), "uringctl", "dump", NULL);
			_exit(127);
		}
		usleep((useconds_t)(10000 + (slow() ? 400000 : 8000) * i));
		during += programs() > before;
		killed += kill(pid, SIGKILL) == 0;
		waitpid(pid, NULL, 0);
	}
	o = RUN(built("uringctl"), "dump");
	output_free(&o);
	usleep(200000); /* the kernel frees them when nothing runs them any more */
	tap(killed && during && programs() == before, "nothing is left of the BPF programs, also after SIGKILL");
	zoo_close(&z);
}

int main(void)
{
	static const char *const addressed[] = {
		"timeouts", "registered", "io-wq", "drained", "groups", "shared-sqpoll", "orphan"};
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	all();
	kernel_alone();
	churn();
	bounds();
	for (size_t i = 0; i < (slow() ? 1 : sizeof(addressed) / sizeof(addressed[0])); i++)
		no_addresses(addressed[i]);
	nothing_left();
	return tap_end();
}
