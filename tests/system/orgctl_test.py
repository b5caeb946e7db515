#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""orgctl as an operator uses it: arguments, pipes, a terminal, beside a running service and without."""
import sys

import orgctl_adopt  # noqa: F401: registers cases
import orgctl_commands  # noqa: F401: registers cases
import orgctl_migrate  # noqa: F401: registers cases
import orgctl_store  # noqa: F401: registers cases
import tap

if __name__ == "__main__":
    sys.exit(tap.main())
