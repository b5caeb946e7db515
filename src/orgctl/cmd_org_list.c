/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_org_list.c: `orgctl org list`: a page, and the place where the next one begins.
 *
 * A place is what the list is sorted by, of the last organization shown: so it stays good when that
 * one is deleted or others come. Names are the same only for one organization; times need the slug.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model/slug.h"
#include "orgctl/cmd_org.h"
#include "orgctl/say.h"

#define LIMIT_USUAL 50
#define LIMIT_MAX 1000
#define BEHIND_ALL_SLUGS "~"

static bool parse_sort(const char *word, enum store_sort *sort_r)
{
	for (*sort_r = 0; *sort_r < STORE_SORT_COUNT; ++*sort_r)
		if (strcmp(word, store_sort_word(*sort_r)) == 0)
			return true;
	return false;
}

/* "MILLISECONDS,SLUG" */
static bool parse_created(const char *text, struct arena *arena, struct org *after_r)
{
	size_t size = strcspn(text, ",");
	char *number = arena_strndup(arena, text, size);
	uint64_t ms;

	if (text[size] != ',' || number == NULL || !str_to_uint(number, INT64_MAX, &ms))
		return false;
	after_r->created_ms = (int64_t)ms;
	after_r->slug = text + size + 1;
	return true;
}

static bool parse_place(const char *text, enum store_sort sort, struct arena *arena, struct org *after_r)
{
	*after_r = (struct org){.name = text, .slug = sort == STORE_SORT_SLUG ? text : BEHIND_ALL_SLUGS};
	if (!str_is_utf8(text, strlen(text)))
		return false;
	return sort != STORE_SORT_CREATED || parse_created(text, arena, after_r);
}

static const char *place_of(const struct org *org, enum store_sort sort, struct arena *arena)
{
	const char *place = sort == STORE_SORT_NAME ? org->name : org->slug;

	if (sort == STORE_SORT_CREATED)
		place = arena_printf(arena, "%" PRId64 ",%s", org->created_ms, org->slug);
	return place != NULL ? place : "";
}

static int complain(const char *what)
{
	fprintf(stderr, "orgctl: %s\n", what);
	return STATUS_USAGE;
}

static int parse_query(struct call *call, struct store_query *query_r, struct org *after)
{
	uint64_t limit = LIMIT_USUAL;
	const char *const *values = call->values;

	*query_r = (struct store_query){.part = values[OPTION_NAME]};
	if (values[OPTION_LIMIT] != NULL && (!str_to_uint(values[OPTION_LIMIT], LIMIT_MAX, &limit) || limit == 0))
		return complain("--limit must be a number from 1 to 1000");
	if (values[OPTION_SORT] != NULL && !parse_sort(values[OPTION_SORT], &query_r->sort))
		return complain("--sort must be name, created or slug");
	if (values[OPTION_NAME] != NULL && !str_is_utf8(values[OPTION_NAME], strlen(values[OPTION_NAME])))
		return complain("--name must be UTF-8");
	if (values[OPTION_AFTER] != NULL) {
		if (!parse_place(values[OPTION_AFTER], query_r->sort, &call->arena, after))
			return complain("--after must be what the page before printed, with the same --sort");
		query_r->after = after;
	}
	query_r->limit = (size_t)limit;
	return STATUS_DONE;
}

static int print_json(struct call *call, const struct store_page *page, const char *place)
{
	struct json_writer writer;
	json_value *array;

	json_begin(&writer, &call->arena);
	array = json_add_array(&writer, writer.root, "organizations");
	for (size_t i = 0; i < page->count; i++) {
		struct say_field fields[SAY_ORG_FIELDS];
		say_org(call, &page->orgs[i], fields);
		say_add(&writer, json_add_element(&writer, array), fields, SAY_ORG_FIELDS);
	}
	if (place != NULL)
		say_add(&writer, writer.root, &SAY_TEXT("next", place), 1);
	return say_json(&writer);
}

/* For a shell: in single quotes. */
static void print_place(const char *place)
{
	fputs("more: --after '", stdout);
	for (; *place != '\0'; place++)
		fputs(*place == '\'' ? "'\\''" : (char[]){*place, '\0'}, stdout);
	puts("'");
}

static int print_text(struct call *call, const struct store_page *page, const char *place)
{
	int width = (int)strlen("SLUG");

	for (size_t i = 0; i < page->count; i++)
		if ((int)strnlen(page->orgs[i].slug, SLUG_MAX) > width)
			width = (int)strnlen(page->orgs[i].slug, SLUG_MAX);
	if (page->count > 0)
		printf("%-*s  %-20s  %s\n", width, "SLUG", "CREATED", "NAME");
	else
		puts("no organizations");
	for (size_t i = 0; i < page->count; i++) {
		const struct org *org = &page->orgs[i];
		printf("%-*s  %s  %s\n", width, say_clean(&call->arena, org->slug),
		       say_time(&call->arena, org->created_ms), say_clean(&call->arena, org->name));
	}
	if (place != NULL)
		print_place(say_clean(&call->arena, place));
	return STATUS_DONE;
}

int cmd_org_list(struct call *call)
{
	const struct store *store = &call->store;
	struct store_query query;
	struct store_page page;
	struct org after;
	const char *place = NULL;
	enum err err;
	int status = parse_query(call, &query, &after);

	if (status != STATUS_DONE)
		return status;
	err = store->ops->org_list(store->impl, &call->arena, &query, &page);
	if (err != ERR_OK)
		return say_error(call, err);
	if (page.more)
		place = place_of(&page.orgs[page.count - 1], query.sort, &call->arena);
	return call->values[OPTION_JSON] != NULL ? print_json(call, &page, place) : print_text(call, &page, place);
}
