#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from a checkout. Needs autoconf, automake, libtool and pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p m4 build-aux
exec autoreconf --install --warnings=all
