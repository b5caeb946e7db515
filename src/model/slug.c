/* SPDX-License-Identifier: Apache-2.0 */
/* slug.c: from a name's key to a DNS label that is also safe in a collection's name. */
#include "model/slug.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/str.h"
#include "model/org.h"

#define HASH_DIGITS 8
#define STEM_MAX (SLUG_MAX - 1 - HASH_DIGITS)

/* Letters with an ASCII form that no decomposition gives. Keys are case-folded: lower case only. */
static const struct {
	utf8proc_int32_t letter;
	const char *ascii;
} letters[] = {
	{0x00f8, "o"},  /* ø */
	{0x0142, "l"},  /* ł */
	{0x0111, "d"},  /* đ */
	{0x00f0, "d"},  /* ð */
	{0x00fe, "th"}, /* þ */
	{0x00e6, "ae"}, /* æ */
	{0x0153, "oe"}, /* œ */
	{0x0131, "i"},  /* ı */
};

static const char *const reserved[] = {"admin", "system", "master", "api", "www", "config", "local"};

/* A slug being written; may grow past SLUG_MAX, which is how "too long" is seen. */
struct writer {
	char text[SLUG_MAX + 2];
	size_t size;
	bool separate; /* a hyphen is due before the next letter */
	bool lossy;    /* a letter or digit had no ASCII form */
};

static void put(struct writer *writer, const char *ascii)
{
	if (writer->separate && writer->size > 0 && writer->size <= SLUG_MAX)
		writer->text[writer->size++] = '-';
	writer->separate = false;
	for (; *ascii != '\0' && writer->size <= SLUG_MAX; ascii++)
		writer->text[writer->size++] = *ascii;
}

static const char *ascii_form(utf8proc_int32_t c)
{
	for (size_t i = 0; i < COUNT_OF(letters); i++)
		if (letters[i].letter == c)
			return letters[i].ascii;
	return NULL;
}

static bool is_letter_or_digit(utf8proc_int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);

	return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO &&
	       !(category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME);
}

static void put_codepoint(struct writer *writer, utf8proc_int32_t c)
{
	char one[2] = {(char)c, '\0'};

	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		put(writer, one);
	else if (ascii_form(c) != NULL)
		put(writer, ascii_form(c));
	else if (is_letter_or_digit(c))
		writer->lossy = true;
	else
		writer->separate = true;
}

static bool is_reserved(const char *slug)
{
	for (size_t i = 0; i < COUNT_OF(reserved); i++)
		if (strcmp(slug, reserved[i]) == 0)
			return true;
	return false;
}

/* Cuts the slug to a stem and puts the key's hash behind it. */
static enum err add_hash(const char *key, char slug[SLUG_MAX + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t size = strlen(slug);

	if (EVP_Digest(key, strlen(key), digest, NULL, EVP_sha256(), NULL) != 1)
		return ERR_INTERNAL;
	if (size > STEM_MAX)
		size = STEM_MAX;
	while (size > 0 && slug[size - 1] == '-')
		size--;
	if (size == 0)
		size = (size_t)snprintf(slug, SLUG_MAX, "org");
	slug[size++] = '-';
	str_hex(digest, HASH_DIGITS / 2, slug + size);
	return ERR_OK;
}

enum err slug_derive(const char *key, char slug_r[SLUG_MAX + 1])
{
	const int options = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
			    UTF8PROC_STRIPMARK;
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)key;
	utf8proc_uint8_t *plain = NULL;
	struct writer writer = {.size = 0};

	/* ASCII has nothing to decompose. */
	if (!str_is_ascii(key)) {
		if (utf8proc_map(at, 0, &plain, options) < 0)
			return ERR_INTERNAL;
		at = plain;
	}
	while (*at != '\0') {
		utf8proc_int32_t c;
		at += utf8proc_iterate(at, -1, &c);
		put_codepoint(&writer, c);
	}
	free(plain);
	writer.text[writer.size <= SLUG_MAX ? writer.size : SLUG_MAX] = '\0';
	memcpy(slug_r, writer.text, SLUG_MAX + 1);
	if (writer.lossy || writer.size == 0 || writer.size > SLUG_MAX || is_reserved(slug_r))
		return add_hash(key, slug_r);
	return ERR_OK;
}

enum err slug_of_name(struct arena *arena, const char *name, const char **slug_r)
{
	char *key = org_name_key(arena, name);
	char *slug = arena_alloc(arena, SLUG_MAX + 1);

	*slug_r = slug;
	return key != NULL && slug != NULL ? slug_derive(key, slug) : ERR_INTERNAL;
}

bool slug_is_valid(const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size > SLUG_MAX || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != size)
		return false;
	return text[0] != '-' && text[size - 1] != '-' && strstr(text, "--") == NULL;
}
