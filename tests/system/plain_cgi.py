# SPDX-License-Identifier: Apache-2.0
"""The binary as a plain CGI program: one process for one request."""
import subprocess
import time

import fastcgi
import process
from tap import equal


def cgi(orgd, method="GET", uri="/healthz", body=None, extra=b"", close=True, **about):
    """Runs the binary as a plain CGI program; returns its answer, exit status and the time it took."""
    body = fastcgi.to_bytes(body)
    values = fastcgi.parameters(method, uri, fastcgi.headers(body, **about))
    env = {**orgd.env, **{name: str(value) for name, value in values.items()}}
    begin = time.monotonic()
    child = subprocess.Popen([process.BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=env, cwd=orgd.directory)
    try:
        child.stdin.write(body + extra)
        child.stdin.flush()
    except BrokenPipeError:
        pass
    if close:
        out, errors = child.communicate(timeout=20)
    else:
        out = child.stdout.read()
        errors = child.stderr.read()
        child.wait(20)
        child.stdin.close()
        child.stdout.close()
        child.stderr.close()
    spent = time.monotonic() - begin
    equal(child.returncode, 0, f"exit status, stderr {errors[-1000:]!r}")
    if not out.startswith(b"Status: "):
        raise AssertionError(f"stdout begins with {out[:100]!r}")
    return fastcgi.Answer(out), spent
