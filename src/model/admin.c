/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c: rules of emails and passwords. */
#include "model/admin.h"

#include <string.h>
#include <strings.h>

#include "model/common_passwords.h"

#define LOCAL_MAX 64
#define LABEL_MAX 63
#define LETTERS_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

/* RFC 5322, 3.2.3: atext, letters in lower case. */
static const char atext[] = LETTERS_DIGITS "!#$%&'*+-/=?^_`{|}~";

static char *trim_and_lower(struct arena *arena, const char *text)
{
	const char *spaces = " \t\r\n\v\f";
	size_t size;
	char *copy;

	text += strspn(text, spaces);
	size = strlen(text);
	while (size > 0 && strchr(spaces, text[size - 1]) != NULL)
		size--;
	copy = arena_strndup(arena, text, size);
	for (size_t i = 0; copy != NULL && i < size; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return copy;
}

/* Dot-separated parts, none empty, of the given letters; returns how many, 0 if it is not so. */
static size_t count_parts(const char *text, size_t size, const char *letters)
{
	const char *end = text + size;
	size_t parts = 0;

	for (;; text++) {
		size_t length = strspn(text, letters);
		if (length == 0)
			return 0;
		text += length;
		parts++;
		if (text >= end)
			return text == end ? parts : 0;
		if (*text != '.')
			return 0;
	}
}

static bool is_ldh_domain(const char *domain)
{
	if (count_parts(domain, strlen(domain), LETTERS_DIGITS "-") < 2)
		return false;
	for (const char *label = domain;; label++) {
		size_t length = strcspn(label, ".");
		if (length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
			return false;
		label += length;
		if (*label == '\0')
			return true;
	}
}

enum fault admin_email_normalize(struct arena *arena, const char *text, const char **email_r)
{
	char *email = trim_and_lower(arena, text);
	const char *at;
	size_t local;

	if (email == NULL)
		return FAULT_INVALID;
	*email_r = email;
	if (strlen(email) > ADMIN_EMAIL_MAX)
		return FAULT_TOO_LONG;
	at = strchr(email, '@');
	if (at == NULL)
		return FAULT_INVALID;
	local = (size_t)(at - email);
	if (local > LOCAL_MAX || count_parts(email, local, atext) == 0 || !is_ldh_domain(at + 1))
		return FAULT_INVALID;
	return FAULT_NONE;
}

enum fault admin_password_check(const char *password)
{
	size_t size = strlen(password);

	if (size < ADMIN_PASSWORD_MIN)
		return FAULT_TOO_SHORT;
	if (size > ADMIN_PASSWORD_MAX)
		return FAULT_TOO_LONG;
	return common_passwords_has(password) ? FAULT_TOO_COMMON : FAULT_NONE;
}

bool admin_password_is_known(struct arena *arena, const char *password, const char *email, const char *name)
{
	if (email != NULL && strcasecmp(password, email) == 0)
		return true;
	return name != NULL && org_name_same(arena, password, name) == 1;
}
