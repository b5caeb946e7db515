#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The FastCGI core, over raw FastCGI: one case a line; the cases are in the fcgi_*.py files named here."""
import sys

import fcgi_kept  # noqa: F401  (importing registers the cases, in this order)
import fcgi_smuggle  # noqa: F401
import fcgi_framing  # noqa: F401
import fcgi_abuse  # noqa: F401
import fcgi_limits  # noqa: F401
import fcgi_start  # noqa: F401
import fcgi_stop  # noqa: F401
from fcgi_support import Bench
from tap import case, equal, main


@case
def shared_instance_unhurt(bench):
    """after all of this the instance that most cases shared still runs, with all its threads"""
    healthy_path = bench.path
    bench.whole()
    equal((bench.starts, bool(healthy_path)), (1, True), "starts of the shared instance")


if __name__ == "__main__":
    shared = Bench()
    try:
        status = main(shared)
    finally:
        shared.close()
    sys.exit(status)
