#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's commands, run as printed against a real script/server: they must answer as printed."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import tap
from tap import case, equal, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARK = "==== end of block"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SHORTENED = re.compile(r"(\w+)\.\.\.")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_examples():
    """Pairs of a shell block with curl lines and the answers printed below it."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    pairs = []
    for (kind, text), (next_kind, answers) in zip(blocks, blocks[1:] + [("sh", "")]):
        if kind == "sh" and "curl" in text:
            pairs.append((text, answers if next_kind == "" else ""))
    return pairs


def read_answers(text):
    """A list of (object, status): JSON documents, each followed by a status."""
    answers, decoder = [], json.JSONDecoder()
    text = text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        status = re.match(r"\s+(\d{3})(?:\s+|$)", text[end:])
        if status is None:
            raise AssertionError(f"no status behind an answer: {text[end:end + 80]!r}")
        answers.append((document, int(status.group(1))))
        text = text[end + status.end():]
    return answers


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


def run_blocks(blocks, port):
    """What each block prints, all of them run by one bash as a reader would."""
    script = "".join(f"{block}\necho '{MARK}'\n" for block in blocks)
    script = script.replace("localhost:5000", f"localhost:{port}")
    env = dict(os.environ, no_proxy="*")
    done = subprocess.run(["bash"], input=script, env=env, text=True, encoding="utf-8", timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    printed = done.stdout.split(MARK + "\n")[:-1]
    equal(len(printed), len(blocks), "blocks that ran to their end; " + done.stderr[-2000:])
    return printed


def compare_value(name, got, printed, known):
    """One member. Times are times; what is shortened stands for one value, wherever it is shown."""
    if isinstance(printed, str) and SHORTENED.fullmatch(printed):
        if name == "access_token":
            equal(bool(re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", got)), True, "form of a token")
        else:
            equal(known.setdefault(printed, got), got, f"{name} {printed}")
            equal([short for short in known if known[short] == got], [printed], f"short for {name}")
    elif isinstance(printed, str) and TIME.fullmatch(printed):
        equal(bool(TIME.fullmatch(got)), True, f"{name} is a time ({got})")
    else:
        equal(got, printed, name)


def compare(number, got, printed, known):
    what = f"block {number}"
    equal([status for _, status in got], [status for _, status in printed], f"{what}: statuses")
    for (document, _), (shown, _) in zip(got, printed):
        equal(list(document), list(shown), f"{what}: members")
        for name, value in shown.items():
            compare_value(name, document[name], value, known)


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
        compare(number, read_answers(got), read_answers(shown), known)


def main():
    examples = read_examples()
    with Server() as server:
        return tap.main(examples, run_blocks([block for block, _ in examples], server.port))


if __name__ == "__main__":
    sys.exit(main())
