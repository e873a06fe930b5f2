/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: JSON, so that a library reads it. A member that is missing keeps what it was; one that is wrong is an error. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui.h"

enum { MOST_CONFIG = 1 << 16 };

static const char *const palettes[] = {"auto", "none", "8", "256", NULL};
static const char *const charsets[] = {"auto", "ascii", NULL};
static const char *const choices[] = {"auto", "shown", "hidden", NULL};

void config_default(struct config *c)
{
	*c = (struct config){.interval = 1, .graph = true, .sort = (size_t)column_number("completed")};
}

const char *config_path(struct arena *a)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/* a relative path there is to be passed over, says the XDG Base Directory Specification */
	if (base && *base == '/')
		return arena_printf(a, "%s/uringtop/config.json", base);
	return home && *home ? arena_printf(a, "%s/.config/uringtop/config.json", home) : NULL;
}

/* The number of a word, -1 if it is none of them. */
static int word(const cJSON *o, const char *const *words)
{
	const char *s = cJSON_GetStringValue(o);

	for (int i = 0; s && words[i]; i++)
		if (!strcmp(words[i], s))
			return i;
	return -1;
}

static const char *read_columns(struct arena *a, const cJSON *o, struct config *c)
{
	const cJSON *item;

	if (!cJSON_IsObject(o))
		return "\"columns\" is no object";
	cJSON_ArrayForEach(item, o)
	{
		int column = item->string ? column_number(item->string) : -1, choice = word(item, choices);

		/* a column of another version is none of ours */
		if (column < 0)
			continue;
		if (choice < 0)
			return arena_printf(a, "column \"%s\" is none of auto, shown, hidden", item->string);
		c->columns[column] = (enum column_choice)choice;
	}
	return NULL;
}

static const char *read_word(struct arena *a, const cJSON *o, const char *name, const char *const *words, int *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	if (!item)
		return NULL;
	*out = word(item, words);
	return *out < 0 ? arena_printf(a, "\"%s\" has a value that is none of those it may have", name) : NULL;
}

static const char *read_bool(struct arena *a, const cJSON *o, const char *name, bool *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	if (!item)
		return NULL;
	*out = cJSON_IsTrue(item);
	return cJSON_IsBool(item) ? NULL : arena_printf(a, "\"%s\" is neither true nor false", name);
}

static const char *read_all(struct arena *a, const cJSON *o, struct config *c)
{
	const cJSON *interval = cJSON_GetObjectItemCaseSensitive(o, "interval");
	const cJSON *sort = cJSON_GetObjectItemCaseSensitive(o, "sort");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "columns");
	int palette = (int)c->palette, charset = (int)c->charset;
	const char *why;

	if (!cJSON_IsObject(o))
		return "no JSON object";
	if (interval) {
		c->interval = cJSON_IsNumber(interval) ? cJSON_GetNumberValue(interval) : 0;
		if (!(c->interval >= 0.1 && c->interval <= 3600))
			return "\"interval\" is not a number of seconds from 0.1 to 3600";
	}
	if (sort) {
		int n = cJSON_IsString(sort) ? column_number(cJSON_GetStringValue(sort)) : -1;

		if (n < 0)
			return "\"sort\" names no column";
		c->sort = (size_t)n;
	}
	why = read_word(a, o, "colours", palettes, &palette);
	why = why ? why : read_word(a, o, "characters", charsets, &charset);
	why = why ? why : read_bool(a, o, "graph", &c->graph);
	why = why ? why : read_bool(a, o, "tree", &c->tree);
	why = why ? why : read_bool(a, o, "ascending", &c->ascending);
	c->palette = (enum palette)palette;
	c->charset = (enum charset)charset;
	return why ? why : list ? read_columns(a, list, c) : NULL;
}

const char *config_parse(struct arena *a, const char *text, size_t len, struct config *c)
{
	cJSON *o = cJSON_ParseWithLength(text, len);
	struct config next = *c;
	const char *why = o ? read_all(a, o, &next) : "no JSON, or cut off";

	cJSON_Delete(o);
	if (!why)
		*c = next;
	return why;
}

void config_print(const struct config *c, struct buf *b)
{
	cJSON *o = cJSON_CreateObject(), *list;
	char *text;

	cJSON_AddNumberToObject(o, "interval", c->interval);
	cJSON_AddStringToObject(o, "colours", palettes[c->palette]);
	cJSON_AddStringToObject(o, "characters", charsets[c->charset]);
	cJSON_AddBoolToObject(o, "graph", c->graph);
	cJSON_AddBoolToObject(o, "tree", c->tree);
	cJSON_AddStringToObject(o, "sort", columns[c->sort].name);
	cJSON_AddBoolToObject(o, "ascending", c->ascending);
	list = cJSON_AddObjectToObject(o, "columns");
	for (size_t i = 0; columns[i].name; i++)
		cJSON_AddStringToObject(list, columns[i].name, choices[c->columns[i]]);
	text = cJSON_Print(o);
	if (text)
		buf_printf(b, "%s\n", text);
	cJSON_free(text);
	cJSON_Delete(o);
}

const char *config_load(struct arena *a, const char *path, struct config *c)
{
	char *text = arena_alloc(a, MOST_CONFIG + 1);
	/* a FIFO that somebody has put there is not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got = 0;
	size_t len = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? NULL : arena_strdup(a, strerror(errno));
	while (len <= MOST_CONFIG && (got = read(fd, text + len, MOST_CONFIG + 1 - len)) > 0)
		len += (size_t)got;
	if (got < 0) {
		close(fd);
		return arena_strdup(a, strerror(errno));
	}
	close(fd);
	return len > MOST_CONFIG ? "too large" : config_parse(a, text, len, c);
}

const char *config_save(struct arena *a, const char *path, const struct config *c)
{
	char *folder = arena_strdup(a, path), *slash;
	struct buf b = {0};
	int err = 0;

	/* each folder above it, from the top */
	for (slash = strchr(folder + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) && errno != EEXIST)
			err = -errno;
		*slash = '/';
	}
	config_print(c, &b);
	if (!err)
		err = write_file(path, b.data, b.len, true);
	buf_free(&b);
	return err ? arena_strdup(a, strerror(-err)) : NULL;
}
