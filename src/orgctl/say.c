/* SPDX-License-Identifier: Apache-2.0 */
/* say.c: what a command prints. */
#include "orgctl/say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "orgctl/progress.h"

static bool is_json(const struct call *call)
{
	return call->values[OPTION_JSON] != NULL;
}

/* The bytes of the character at `text`, 0 if it is none, or a control character (C0, DEL, C1). */
static size_t character(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f))
		return 0;
	for (size_t size = 1; size <= strnlen(text, 4); size++)
		if (str_is_utf8(text, size))
			return size;
	return 0;
}

const char *say_clean(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);
	char *to = copy;

	if (copy == NULL)
		return "?";
	while (*text != '\0') {
		size_t size = character(text);
		if (size == 0)
			*to++ = '?';
		memcpy(to, text, size);
		to += size;
		text += size > 0 ? size : 1;
	}
	*to = '\0';
	return copy;
}

const char *say_time(struct arena *arena, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(ms, text);
	return say_clean(arena, text);
}

void say_org(struct call *call, const struct org *org, struct say_field fields_r[SAY_ORG_FIELDS])
{
	const char *collection = arena_printf(&call->arena, ORG_COLLECTION_PREFIX "%s", org->slug);
	const struct say_field fields[SAY_ORG_FIELDS] = {
		SAY_TEXT("org_id", org->id),
		SAY_TEXT("organization_name", org->name),
		SAY_TEXT("slug", org->slug),
		SAY_TEXT("collection_name", collection != NULL ? collection : "?"),
		SAY_TEXT("admin_id", org->admin_id),
		SAY_TEXT("status", "active"),
		SAY_TEXT("created_at", say_time(&call->arena, org->created_ms)),
		SAY_TEXT("updated_at", say_time(&call->arena, org->updated_ms)),
	};

	memcpy(fields_r, fields, sizeof(fields));
}

void say_add(struct json_writer *writer, json_value *object, const struct say_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fields[i].text != NULL)
			json_add_text(writer, object, fields[i].name, say_clean(writer->arena, fields[i].text));
		else
			json_add_number(writer, object, fields[i].name, (double)fields[i].number);
}

int say_json(struct json_writer *writer)
{
	const char *text = json_print(writer);

	if (text == NULL) {
		fputs("orgctl: out of memory\n", stderr);
		return STATUS_REFUSED;
	}
	puts(text);
	return STATUS_DONE;
}

int say_record(struct call *call, const struct say_field *fields, size_t count)
{
	struct json_writer writer;

	if (is_json(call)) {
		json_begin(&writer, &call->arena);
		say_add(&writer, writer.root, fields, count);
		return say_json(&writer);
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].text != NULL)
			printf("%-18s %s\n", fields[i].name, say_clean(&call->arena, fields[i].text));
		else
			printf("%-18s %" PRIu64 "\n", fields[i].name, fields[i].number);
	return STATUS_DONE;
}

void say_line(const struct call *call, const char *format, ...)
{
	va_list args;

	if (is_json(call))
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* The object of a refusal: what is wrong with fields, if anything, is in `faults`. */
static void print_refusal(struct call *call, const char *code, const char *message,
			  const struct say_fault *faults, size_t count)
{
	struct json_writer writer;
	json_value *array;

	json_begin(&writer, &call->arena);
	say_add(&writer, writer.root, (struct say_field[]){SAY_TEXT("error", code), SAY_TEXT("message", message)}, 2);
	array = count > 0 ? json_add_array(&writer, writer.root, "errors") : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct fault_info *info = fault_info(faults[i].fault);
		say_add(&writer, json_add_element(&writer, array),
			(struct say_field[]){SAY_TEXT("field", faults[i].field), SAY_TEXT("code", info->code),
					     SAY_TEXT("message", info->message)}, 3);
	}
	(void)say_json(&writer);
}

int say_refusal(struct call *call, const char *code, const char *format, ...)
{
	const char *message;
	va_list args;

	va_start(args, format);
	message = arena_vprintf(&call->arena, format, args);
	va_end(args);
	message = say_clean(&call->arena, message != NULL ? message : "out of memory");
	progress_end();
	fprintf(stderr, "orgctl: %s\n", message);
	if (is_json(call))
		print_refusal(call, code, message, NULL, 0);
	return STATUS_REFUSED;
}

int say_error(struct call *call, enum err err)
{
	const struct err_info *info = err_info(err);

	if (err == ERR_INVALID_TOKEN) /* of the tenant: somebody else was quicker */
		return say_refusal(call, "changed", "It was changed or deleted just now; look again.");
	if (err == ERR_ORGANIZATION_LIMIT)
		return say_refusal(call, info->code,
				   "There are as many organizations as ORGD_MAX_ORGANIZATIONS allows.");
	return say_refusal(call, info->code, "%s", info->detail);
}

int say_faults(struct call *call, const struct say_fault *faults, size_t count)
{
	const struct err_info *info = err_info(ERR_VALIDATION_FAILED);

	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "orgctl: the %s %s\n", faults[i].field, fault_info(faults[i].fault)->message);
	if (is_json(call))
		print_refusal(call, info->code, info->detail, faults, count);
	return STATUS_REFUSED;
}
