# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For the shell tests: one TAP line a finding. The number of tests ends up in $count.
count=0
# report NAME TEXT: a test that fails when there is TEXT.
report() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}
