/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_check.c: a recognizer for RFC 8259, one function a rule of its grammar.
 *
 * It exists because cJSON also takes trailing text, raw control characters, "01", "1.", a byte order
 * mark, and cuts strings at "\u0000". A NUL stands behind the text, so looking one ahead is safe.
 */
#include "base/json_check.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

struct scan {
	const char *at;
	const char *why;
	int depth_left;
};

static bool fail(struct scan *scan, const char *why)
{
	if (scan->why == NULL)
		scan->why = why;
	return false;
}

static void skip_space(struct scan *scan)
{
	scan->at += strspn(scan->at, " \t\n\r");
}

static bool take(struct scan *scan, char wanted)
{
	if (*scan->at != wanted)
		return false;
	scan->at++;
	return true;
}

static bool take_digits(struct scan *scan)
{
	size_t count = strspn(scan->at, "0123456789");

	scan->at += count;
	return count > 0;
}

/* The four digits of "\uXXXX", -1 if they are not. */
static int hex4(const char *text)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef";
		char lower = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] | 0x20 : text[i]);
		const char *digit = lower != '\0' ? strchr(digits, lower) : NULL;
		if (digit == NULL)
			return -1;
		value = value << 4 | (int)(digit - digits);
	}
	return value;
}

static bool check_unicode_escape(struct scan *scan)
{
	int unit = hex4(scan->at);

	if (unit < 0)
		return fail(scan, "A \\u escape needs four hex digits.");
	scan->at += 4;
	if (unit == 0)
		return fail(scan, "A string must not hold NUL.");
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	if (unit <= 0xdbff && scan->at[0] == '\\' && scan->at[1] == 'u') {
		int low = hex4(scan->at + 2);
		scan->at += 6;
		if (low >= 0xdc00 && low <= 0xdfff)
			return true;
	}
	return fail(scan, "A \\u escape is half of a surrogate pair.");
}

static bool check_string(struct scan *scan)
{
	if (!take(scan, '"'))
		return fail(scan, "A string was expected.");
	while (*scan->at != '"') {
		unsigned char c = (unsigned char)*scan->at++;
		if (c < 0x20)
			return fail(scan, "A control character stands in a string, or the string has no end.");
		if (c != '\\')
			continue;
		c = (unsigned char)*scan->at++;
		if (c == 'u' ? !check_unicode_escape(scan) : c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
			return fail(scan, "A string has an unknown escape.");
	}
	scan->at++;
	return true;
}

static bool check_number(struct scan *scan)
{
	take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan))
		return fail(scan, "A value was expected.");
	if (take(scan, '.') && !take_digits(scan))
		return fail(scan, "A number has no digits behind its point.");
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			take(scan, '-');
		if (!take_digits(scan))
			return fail(scan, "A number has no digits in its exponent.");
	}
	return true;
}

static bool check_word(struct scan *scan, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(scan->at, word, size) != 0)
		return fail(scan, "A value was expected.");
	scan->at += size;
	return true;
}

static bool check_value(struct scan *scan);

static bool check_member(struct scan *scan)
{
	skip_space(scan);
	if (!check_string(scan))
		return false;
	skip_space(scan);
	if (!take(scan, ':'))
		return fail(scan, "A colon was expected behind a name.");
	return check_value(scan);
}

/* The inside of an object or array, up to its closing bracket. */
static bool check_list(struct scan *scan, char close, bool (*check_item)(struct scan *))
{
	if (scan->depth_left-- == 0)
		return fail(scan, "The nesting is too deep.");
	scan->at++;
	skip_space(scan);
	if (!take(scan, close)) {
		do {
			if (!check_item(scan))
				return false;
		} while (take(scan, ','));
		if (!take(scan, close))
			return fail(scan, "A comma or a closing bracket was expected.");
	}
	scan->depth_left++;
	return true;
}

static bool check_value(struct scan *scan)
{
	bool ok;

	skip_space(scan);
	switch (*scan->at) {
	case '{':
		ok = check_list(scan, '}', check_member);
		break;
	case '[':
		ok = check_list(scan, ']', check_value);
		break;
	case '"':
		ok = check_string(scan);
		break;
	case 't':
		ok = check_word(scan, "true");
		break;
	case 'f':
		ok = check_word(scan, "false");
		break;
	case 'n':
		ok = check_word(scan, "null");
		break;
	default:
		ok = check_number(scan);
	}
	if (ok) /* else `at` may stand past the end */
		skip_space(scan);
	return ok;
}

const char *json_check(const char *text, size_t size, int depth_max)
{
	struct scan scan = {.at = text, .depth_left = depth_max};

	if (!str_is_utf8(text, size))
		return "The body is not UTF-8, or holds NUL.";
	skip_space(&scan);
	if (*scan.at != '{')
		return "The body must be a JSON object.";
	if (!check_value(&scan))
		return scan.why;
	return *scan.at == '\0' ? NULL : "Something follows the JSON object.";
}
