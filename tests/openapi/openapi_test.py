# SPDX-License-Identifier: Apache-2.0
"""schemathesis against the document of a real service: cases of its making, through nginx.

ORGD_TEST_SCHEMATHESIS is the program; without it all is skipped. ORGD_TEST_SEED repeats a run,
ORGD_TEST_REQUESTS is how many requests there are to be.
"""
import collections
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system"))
import tap  # noqa: E402
from promises import must  # noqa: E402
from stack import Stack  # noqa: E402
from tap import case, equal  # noqa: E402

PROGRAM = os.environ.get("ORGD_TEST_SCHEMATHESIS", "")
SEED = int(os.environ.get("ORGD_TEST_SEED") or random.randrange(1 << 31))
WANTED = int(os.environ.get("ORGD_TEST_REQUESTS") or 10000)  # in all
EXAMPLES = "300"  # cases of an operation in one round: more of them is less of the stateful phase
CREATE_KEY = "k9d8s7f6k9d8s7f6k9d8s7f6k9d8s7f6"
CLOSED = {"ORGD_CREATE": "key", "ORGD_CREATE_KEY": CREATE_KEY, "ORGD_PUBLIC_LOOKUP": "off",
          "ORGD_BASE_PATH": "/api", "ORGD_REQUIRE_CURRENT_PASSWORD": "on"}
SEEN = collections.Counter()
SUCCESSES = set()


def read_log(stack):
    """Counts what nginx has answered, but not what the hooks asked for."""
    stack.nginx.stop()
    with open(os.path.join(stack.nginx.directory, "log", "nginx-access.log"), errors="replace") as log:
        for line in log:
            found = re.search(r'"(\S+) ([^ ?"]*)[^"]*" (\d{3}) .* id=(\S*)$', line)
            if found is None or found.group(4) == "hooks":
                continue
            method, path, status, _ = found.groups()
            SEEN[int(status)] += 1
            if status[0] == "2" and method not in ("OPTIONS", "HEAD"):
                SUCCESSES.add(f"{method} {path.removeprefix('/api')}")


def explore(seed, env):
    """One round; returns what schemathesis printed if it found anything."""
    with Stack(env=env) as stack:
        url = f"http://127.0.0.1:{stack.nginx.port}{env.get('ORGD_BASE_PATH', '')}"
        command = [PROGRAM, "--config-file", os.path.join(HERE, "schemathesis.toml"), "--no-color", "run",
                   url + "/openapi.json", "--max-examples", EXAMPLES, "--seed", str(seed)]
        done = subprocess.run(command, cwd=stack.orgd.directory, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, "ORGD_TEST_URL": url, "ORGD_TEST_CREATE_KEY": CREATE_KEY,
                                   "SCHEMATHESIS_HOOKS": os.path.join(HERE, "hooks.py"),
                                   "PYTHONDONTWRITEBYTECODE": "1"})
        read_log(stack)
        equal(stack.orgd.terminate(), 0, "exit status of orgd")
    return done.stdout if done.returncode != 0 else None


def rounds(what, env, wanted):
    """Rounds with seeds of their own until nginx has answered so many requests in all."""
    seed = SEED
    while SEEN.total() < wanted:
        before = SEEN.total()
        print(f"# {what}: seed {seed}", flush=True)
        text = explore(seed, env)
        must(text is None, f"schemathesis, seed {seed}", text)
        must(SEEN.total() > before, "no requests", before)
        seed += 1


@case
def closed(_):
    """no case breaks the document: everything asks for a token or key, below a base path"""
    rounds("closed", CLOSED, WANTED // 4)


@case
def usual(_):
    """no case breaks the document: default settings"""
    rounds("default settings", {}, WANTED)


@case
def totals(_):
    """as many requests as wanted, every operation has succeeded, no answer is of class 5xx but 503 with Retry-After"""
    print("# " + ", ".join(f"{count} x {status}" for status, count in sorted(SEEN.items())))
    must(SEEN.total() >= WANTED, "too few requests", SEEN)
    equal({status for status in SEEN if status >= 500} - {503}, set(), "server errors")
    wanted = {"POST /org/create", "GET /org/get", "PUT /org/update", "DELETE /org/delete", "POST /admin/login",
              "GET /healthz", "GET /readyz"}
    equal(wanted - SUCCESSES, set(), "operations that never succeeded")


def main():
    if os.access(PROGRAM, os.X_OK):
        return tap.main(None)
    print("1..1\nok 1 - cases made by schemathesis # SKIP it is not installed, and could not be", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
