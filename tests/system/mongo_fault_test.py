#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The MongoDB store when the server, or the way to it, misbehaves: one case a line, in the mongo_fault_*.py files.

ORGD_TEST_SEED chooses the random part; ORGD_TEST_LONG: every command goes wrong in every way.
"""
import sys

import mongo_fault_names  # noqa: F401  (importing registers the cases, in this order)
import mongo_fault_down  # noqa: F401
import mongo_fault_lost  # noqa: F401
import mongo_fault_rival  # noqa: F401
import mongo_fault_load  # noqa: F401
from mongo_server import run_cases
from mongo_world import Setup

if __name__ == "__main__":
    sys.exit(run_cases("the MongoDB store under faults", Setup))
