#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the documents say of the bench's last run is what doc/bench/run.json says. Prints TAP.
set -u
cd "${top_srcdir:-.}" || exit 1
exec "${PYTHON:-python3}" -B bench/report.py --check
