# SPDX-License-Identifier: Apache-2.0
"""Sends load by wrk, which keeps a number of connections busy for a time."""
import dataclasses
import json
import os
import subprocess
import tempfile

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "requests.lua")
THREADS = 2


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str
    token: str = ""
    body: object = None     # sent as JSON
    refused: bool = False   # an error is the right answer

    def line(self):
        body = "" if self.body is None else json.dumps(self.body)
        return "\t".join((self.method, self.path, self.token, body)) + "\n"


class Load:
    """A wrk at work. limit: requests in all; it then waits for the rest of the time. pause: milliseconds between
    an answer and the next request. patient: who is told to come back later does so, and that is no error."""

    def __init__(self, port, requests, seconds, connections, limit=0, pause=0, patient=False):
        threads = min(THREADS, connections)
        self.patient = patient
        self.refused = sum(request.refused for request in requests) / len(requests)
        self.file = tempfile.NamedTemporaryFile("w", prefix="orgd-bench-")
        self.file.writelines(request.line() for request in requests)
        self.file.flush()
        self.process = subprocess.Popen(
            ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", SCRIPT,
             f"http://127.0.0.1:{port}", "--", self.file.name, str(threads), str(limit // threads),
             str(pause), str(int(patient))],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self):
        """Waits for its end. Requests a second, milliseconds; raises if answers were not the right ones."""
        output, _ = self.process.communicate()
        self.file.close()
        lines = output.strip().splitlines()     # the last one is the script's
        if self.process.returncode != 0 or not lines or not lines[-1].startswith("{"):
            raise RuntimeError("wrk failed: " + output)
        got = json.loads(lines[-1])
        self.check(got)
        return {"requests": got["requests"], "rate": (got["requests"] - got["refused"]) / got["us"] * 1e6,
                "p50": got["p50_us"] / 1e3, "p99": got["p99_us"] / 1e3}

    def check(self, got):
        """wrk counts errors and does not say which requests they belong to: their share must be right."""
        wrong = 0 if self.patient else abs(got["refused"] - self.refused * got["requests"])
        # A mix is not sent whole times.
        slack = 0 if self.refused in (0, 1) else 0.01 * got["requests"] + 64
        if got["broken"] or wrong > slack:
            raise RuntimeError(f"wrong answers: {got}")


def send(port, requests, seconds, connections, **more):
    """All of it at once; as long as it takes for an answer to come at all, on a machine that is busy."""
    for factor in (1, 4, 16):
        result = Load(port, requests, seconds * factor, connections, **more).result()
        if result["requests"] > 0:
            return result
    raise RuntimeError("no answers at all")
