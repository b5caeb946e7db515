#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The MongoDB store when the server, or the way to it, misbehaves: one case a line; see mongo_fault_*.py.

ORGD_TEST_SEED chooses the random part; ORGD_TEST_LONG: every fault at every command, in every way.
"""
import sys

import mongo_fault_down  # noqa: F401
import mongo_fault_load  # noqa: F401
import mongo_fault_lost  # noqa: F401
import mongo_server
from tap import main

if __name__ == "__main__":
    with mongo_server.Server() as server:
        status = main(server)
    sys.exit(status)
