#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doc/openapi.json is what the tables say now. Prints TAP.
set -u
cd "${top_builddir:-.}" || exit 1
if ./print_openapi | diff "${top_srcdir:-.}/doc/openapi.json" - | sed 's/^/# /' | grep .; then
	echo "# make openapi writes it anew"
	printf 'not '
fi
echo "ok 1 - doc/openapi.json is the document that orgd gives"
echo "1..1"
