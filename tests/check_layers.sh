#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The walls of the house: who may include whom, which file may see which library, and how long things get.
# Prints TAP. Reads the sources below $top_srcdir.
set -u
cd "${top_srcdir:-.}" || exit 1
. tests/report.sh

# foreign FOLDER ALLOWED...: includes of a folder's files that are of no allowed folder.
foreign() {
	folder=$1
	shift
	allowed=$(printf '%s|' "$folder" "$@")
	grep -HnE '^#include "' "src/$folder"/*.[ch] | grep -vE "#include \"(${allowed%|})/" |
		grep -v '#include "app.h"' || true
}
report "base includes base only" "$(foreign base)"
report "model includes base" "$(foreign model base)"
report "http includes base" "$(foreign http base)"
report "store includes model and base" "$(foreign store model base)"
report "auth includes store, model and base" "$(foreign auth store model base)"
report "api includes http, auth, store, model and base" "$(foreign api http auth store model base)"
report "orgctl includes conf, version, store, auth, model and base" "$(
	foreign orgctl store auth model base | grep -vE '#include "(conf|version)\.h"'
)"
report "only api and the top include app.h" \
	"$(grep -ln '#include "app.h"' src/base/* src/model/* src/http/* src/store/* src/auth/* src/orgctl/* 2>/dev/null)"
report "conf.h stays at the top" "$(grep -ln '#include "conf' src/*/* | grep -v '^src/orgctl/')"

# owner HEADER FILES: who includes a library's header, besides FILES (a pattern).
owner() {
	grep -lE "#include <($1)>" src/*.[ch] src/*/*.[ch] | grep -vE "^src/($2)\$" || true
}
report "libfcgi is known to http/fcgi.c" "$(owner 'fcgiapp.h|fcgi_stdio.h' 'http/fcgi.c')"
report "libjwt is known to auth/token.c" "$(owner 'jwt.h' 'auth/token.c')"
report "cJSON is known to base/json.c" "$(owner 'cjson/cJSON.h' 'base/json.c|version.c')"
report "SQLite is known to store/sqlite*" "$(owner 'sqlite3.h' 'store/sqlite.*|version.c')"
report "libmongoc is known to store/mongo*" "$(owner 'mongoc/.*|bson/.*' 'store/mongo_[a-z]*.[ch]|store/mongo.c')"
report "crypt is known to auth/password.c" "$(owner 'crypt.h' 'auth/password.c|version.c')"
report "RAND_bytes is known to base/rand.c" "$(grep -l 'RAND_bytes(' src/*.c src/*/*.c | grep -v base/rand.c)"
report "no getter of cJSON that ignores case" "$(grep -n 'cJSON_GetObjectItem(' src/*/*.c)"

# A path's first segment names the file of its handler.
report "a route's handler stands in the file of its path" "$(
	sed -n 's/.*METHOD_[A-Z]*, "\/\([a-z]*\)[^"]*", ACCESS_[A-Z]*, \(api_[a-z_]*\),.*/\1 \2/p' src/api/routes.c |
		while read -r segment handler; do
			case $segment in healthz | readyz) segment=health ;; esac
			grep -q "^enum err $handler(" "src/api/api_$segment.c" || echo "$handler is not in api_$segment.c"
		done
)"
report "every route has an access" "$(grep -nE '^\s\{METHOD_' src/api/routes.c | grep -v ' ACCESS_[A-Z]*,')"

report "no source has more than 400 lines, no test more than 600" "$(
	wc -l src/*.[ch] src/*/*.[ch] tests/*.c tests/*/*.[ch] tests/*/*.py |
		awk '$2 != "total" && $1 > ($2 ~ /^src/ ? 400 : 600) {print $2, $1}'
)"
report "no function has more than 60 lines" "$(
	awk 'FNR == 1 {open = 0}
		/^{/ {open = 1; start = FNR; name = last}
		/^}/ && open {open = 0; if (FNR - start > 60) print FILENAME ":" start, name}
		!open && NF {last = $0}' src/*.c src/*/*.c
)"
report "no line of a source has more than 120 columns" "$(
	for file in src/*.[ch] src/*/*.[ch]; do
		expand -t 8 "$file" | awk -v file="$file" 'length > 120 {print file ":" NR}'
	done
)"
report "every source says its licence and purpose" \
	"$(grep -L 'SPDX-License-Identifier: Apache-2.0' src/*.[ch] src/*/*.[ch] tests/*.[ch] tests/*/*.[ch] \
		tests/*.sh tests/*/*.py script/* 2>/dev/null)"
report "file names are unique, and so symbol prefixes are" \
	"$(find src -name '*.c' | sed 's|.*/||' | sort | uniq -d)"
echo "1..$count"
