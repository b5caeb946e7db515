#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's commands, run as printed against a real script/server: they must answer as printed."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import tap
from examples import ROOT, compare_block, read_answers, read_examples, run_blocks
from tap import case, equal, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """script/server on a port and in a state directory of its own."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="orgd-readme-", dir="/tmp")
        self.port = free_port()
        self.output_path = os.path.join(self.top, "output")
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("ORGD_") and name not in ("MONGO_URI", "JWT_SECRET_KEY")}
        self.env = dict(kept, PORT=str(self.port), ORGD_STATE_DIR=os.path.join(self.top, "state"),
                        ORGD_ENV_FILE=self.write_env_file())
        self.process = None

    def write_env_file(self):
        """A file of its own, so that a ./.env of the checkout does not count."""
        path = os.path.join(self.top, "env")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(f"JWT_SECRET_KEY={os.urandom(32).hex()}\n")
        return path

    def output(self):
        with open(self.output_path, errors="replace") as file:
            return file.read()

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with open(self.output_path, "wb") as output:
            self.process = subprocess.Popen(
                [os.path.join(ROOT, "script/server")], env=self.env, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)
        try:
            wait_until(lambda: "Ctrl-C stops it" in self.output() or self.process.poll() is not None,
                       60, "script/server up")
            equal(self.process.poll(), None, "exit status at start; " + self.output())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.top, ignore_errors=True)


@case
def every_block_has_its_answers(examples, _):
    """the README shows an answer with a status for each curl line"""
    equal(len(examples) >= 6, True, "at least six examples")
    for number, (block, answers) in enumerate(examples, 1):
        equal(len(read_answers(answers)), len(re.findall(r"\bcurl ", block)), f"answers of block {number}")
        equal(all("localhost:5000/" in line for line in re.findall(r"curl [^\n]*(?:\n  [^\n]*)*", block)),
              True, f"block {number} speaks to localhost:5000")


@case
def answers_are_as_printed(examples, printed):
    """the README's curl lines, run in order, give the statuses, members and values printed below them"""
    known = {}
    for number, ((_, shown), got) in enumerate(zip(examples, printed), 1):
        compare_block(number, got, shown, known)


def main():
    examples = read_examples("README.md")
    with Server() as server:
        return tap.main(examples, run_blocks([block for block, _ in examples], server.port))


if __name__ == "__main__":
    sys.exit(main())
