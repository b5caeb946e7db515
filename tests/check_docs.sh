#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Documents against the sources: configuration keys, options, routes, codes, files, version. Prints TAP.
# shellcheck disable=SC2016,SC2001  # backticks are meant literally; sed reads better here
set -u
cd "${top_srcdir:-.}" || exit 1
. tests/report.sh

# missing FILE: the lines of stdin that FILE does not hold.
missing() {
	while read -r line; do
		grep -qF -e "$line" "$1" || echo "$1 lacks: $line"
	done
}

# The table of keys as the manual must have it: "KEY default".
keys() {
	sed -n 's/^\t{"\([A-Z_]*\)", [A-Z]*, AT([a-z_]*), \(NULL\|"[^"]*"\),.*/\1 \2/p' src/conf.c | tr -d '"'
}
report "the keys are found in conf.c" "$([ "$(keys | wc -l)" -gt 20 ] || echo "conf.c has another layout")"
report "orgd.env(5) has every key with its default" "$(
	keys | while read -r key default; do
		grep -q "^\.It Ev $key\$" man/orgd.env.5 || echo "orgd.env.5 lacks: $key"
		[ "$default" = NULL ] || awk -v key="$key" '$0 == ".It Ev " key {on = 1; next} /^\.It /{on = 0} on' \
			man/orgd.env.5 | grep -qE "^Default: (\\.?Pa |\\.?Cm )?$default\\.\$" || echo "$key: default $default is not said"
	done
)"
report "orgd.env(5) has no other key, and the order of conf.c" "$(
	keys | cut -d' ' -f1 >"${TMPDIR:-/tmp}/orgd-keys.$$"
	sed -n 's/^\.It Ev //p' man/orgd.env.5 | diff - "${TMPDIR:-/tmp}/orgd-keys.$$"
	rm -f "${TMPDIR:-/tmp}/orgd-keys.$$"
)"
report "orgd-api(7) has every route" "$(
	sed -n 's/^\t{METHOD_\([A-Z]*\), "\([^"]*\)".*/\1 \2/p' src/api/routes.c | missing man/orgd-api.7
)"
report "orgd-api(7) has every problem code" "$(
	sed -n 's/^\tX([A-Z_]*, [0-9]*, "\([a-z_]*\)".*/Cm \1/p' src/base/err.h | missing man/orgd-api.7
)"
report "orgd-api(7) has every field code" "$(
	sed -n 's/^\tX([A-Z_]*, "\([a-z_]*\)".*/Cm \1/p' src/base/fault.h | missing man/orgd-api.7
)"
report "orgd-api(7) has every field" "$(
	sed -n 's/^\t\[FIELD_[A-Z_]*\] = {"\([a-z_]*\)".*/.It Ql \1/p' src/api/input.c | missing man/orgd-api.7
)"
report "doc/api.md has every route" "$(
	sed -n 's/^\t{METHOD_\([A-Z]*\), "\([^"]*\)".*/## \1 \2/p' src/api/routes.c | missing doc/api.md
)"
report "orgd(8) has every option" "$(
	sed -n 's/.*getopt_long(argc, argv, "\([^"]*\)".*/\1/p' src/orgd.c | tr -d ':' | fold -w1 |
		sed 's/^/Fl /' | missing man/orgd.8
)"
# The table of commands, and that of options, as the manual must have them.
report "orgctl(1) has every command" "$(
	sed -n 's/^\t{"\([a-z ]*\)", .*/Cm \1/p' src/orgctl/commands.c | missing man/orgctl.1
)"
report "orgctl(1) has every option" "$(
	sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)", .*/Fl -\1/p' src/orgctl/command.h | missing man/orgctl.1
)"
report "orgctl(1) has every finding and adoption" "$(
	sed -n 's/^\tX([A-Z_]*, "\([a-z_]*\)", .*/It Cm \1/p' src/store/findings.h | missing man/orgctl.1
)"
report "doc/design.md maps every source" "$(
	find src -name '*.c' | sed 's|.*/||' | sort | sed 's/.*/`&`/' | missing doc/design.md
)"
report "CHANGES.md has this version" "$(
	sed -n 's/^AC_INIT(\[orgd\], \[\([^]]*\)\])/## \1/p' configure.ac | missing CHANGES.md
)"
report "README names the parts of script/test" "$(
	sed -n "/^parts='/,/'\$/p" script/test | sed "s/^parts='//; s/:.*//" | sed 's/.*/`&`/' | missing HACKING.md
)"
echo "1..$count"
