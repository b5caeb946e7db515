# SPDX-License-Identifier: Apache-2.0
"""Instructions that orgd spends on a request, counted by callgrind: figures that repeat on any machine."""
import os
import re
import subprocess
import tempfile

import fastcgi      # of tests/system
import services

WARM = 20       # requests after which nothing is done for the first time any more
PARAMS = {"HTTP_X_REQUEST_ID": "0123456789abcdef0123456789abcdef"}      # as nginx sends one


def count(run):
    """Of each kind of request, one at a time; what the kernel does is not in it."""
    one = run.service("sqlite")
    kinds = {"health": fastcgi_call("GET", "/healthz"),
             "get_slug": of(one.gets_by_slug()[0]), "get_name": of(one.gets_by_name()[0]),
             "token": of(one.token_checks()[0])}
    with tempfile.TemporaryDirectory() as directory, Counted(one, directory) as counted:
        return {name: counted.instructions(call, run.scale.counted) for name, call in kinds.items()}


def of(request):
    return fastcgi_call(request.method, request.path, request.body, request.token or None)


def fastcgi_call(method, uri, body=None, token=None):
    return {"method": method, "uri": uri, "body": body, "token": token, "params": PARAMS}


class Counted:
    """Another orgd on the store of a service, under callgrind, with one worker and a connection to it."""

    def __init__(self, service, directory):
        arguments, env, self.path = service.command()
        self.out = os.path.join(directory, "callgrind.out")
        self.command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + self.out, *arguments]
        self.env = {**env, "ORGD_WORKERS": "1", "ORGD_HASH_THREADS": "1"}
        self.dumps = 0

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=services.end_with_parent)
        services.wait_for(lambda: os.path.exists(self.path), seconds=60)
        self.connection = fastcgi.Connection(self.path, timeout=60)
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait(60)

    def instructions(self, call, times):
        self.ask(call, WARM)
        self.dump()
        self.ask(call, times)
        return self.dump() / times

    def ask(self, call, times):
        for _ in range(times):
            answer = self.connection.call(**call)
            if answer.status != 200:
                raise RuntimeError(f"under callgrind: {answer!r}")

    def dump(self):
        """What was counted since the last one."""
        subprocess.run(["callgrind_control", "-d", str(self.process.pid)], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.dumps += 1
        with open(f"{self.out}.{self.dumps}") as file:
            return int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1))
