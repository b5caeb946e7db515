# SPDX-License-Identifier: Apache-2.0
"""Starts orgd with nothing but what a test gives it, to see what it refuses and how it says so."""
import contextlib
import os
import secrets
import shutil
import subprocess

from process import BINARY, short_directory

KEY = secrets.token_hex(32)


@contextlib.contextmanager
def directory():
    path = short_directory()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(arguments, state, **env):
    """Runs orgd with nothing but this environment; returns its status and all it wrote."""
    values = {"PATH": os.environ["PATH"], "ORGD_STATE_DIR": state, "ORGD_ENV_FILE": "/dev/null", "ORGD_TESTING": "on",
              "ORGD_BCRYPT_COST": "4", "JWT_SECRET_KEY": KEY}
    values.update({name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")})
    values.update(env)
    values = {name: value for name, value in values.items() if value is not None}
    listen = [] if set(arguments) & {"-t", "-T", "-V", "-h"} else ["--listen", os.path.join(state, "orgd.sock")]
    result = subprocess.run([BINARY, *arguments, *listen], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env=values, cwd=state, timeout=20)
    return result.returncode, result.stdout.decode()
