# SPDX-License-Identifier: Apache-2.0
"""How things are measured: each function makes one measurement and gives its figures by name."""
import contextlib
import glob
import json
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time

import fastcgi      # of tests/system
import load
import process
import services
from client import Client

BUSY = 64       # connections that keep everything at work
FINDERS = 32    # threads of a bare find: as many as orgd has workers
CALM = 4        # connections whose answers' time is of interest
PAUSE = 2       # milliseconds: together they leave most of the machine idle
HASHED = 2 * os.cpu_count()     # logins at once that leave no hashing thread idle
STORM = 64      # logins at once: more than are let in
EXPECTED = b"200 OK"


def rate(service, requests, like=None):
    """Requests a second, all busy; and the CPU time that each of the three programs spends on one, in us.
    like: whose organizations the requests are about."""
    def measure(run):
        one = run.service(service)
        before = cpu(one)
        result = load.send(one.port, requests(run.service(like or service)), run.scale.seconds, BUSY)
        spent = {name: (after - before[name]) / result["requests"] for name, after in cpu(one).items()}
        return {**keep(run, result, "rate"), **spent}
    return measure


def keep(run, result, *names):
    run.trim_logs()
    return {name: result[name] for name in names}


def cpu(service):
    """CPU time until now, in us: of the service, of its nginx's workers, and of all load there was."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"service_us": sum(map(cpu_of, service.processes())),
            "nginx_us": sum(map(cpu_of, services.children_of(service.nginx.process.pid))),
            "wrk_us": (children.ru_utime + children.ru_stime) * 1e6}


def cpu_of(pid):
    """Of all threads that there are, in us."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[0]) / 1000
    return total


def latency(service, pause=0):
    """Milliseconds of a GET by name on a few connections."""
    def measure(run):
        one = run.service(service)
        result = load.send(one.port, one.gets_by_name(), run.scale.seconds, CALM, pause=pause)
        return keep(run, result, "p50", "p99")
    return measure


def storm(service, pause=0):
    """The same while more clients log in than there are cores for."""
    def measure(run):
        one = run.service(service)
        seconds = run.scale.storm_seconds
        logins = load.Load(one.port, one.logins(), seconds + 2, STORM, patient=True)
        time.sleep(1)
        result = load.send(one.port, one.gets_by_name(), seconds, CALM, pause=pause)
        result["logins"] = logins.result()["rate"]
        one.settle()
        return keep(run, result, "p50", "p99", "logins")
    return measure


def logins(service):
    """Logins a second; as many at once as keep all hashing threads at work."""
    def measure(run):
        one = run.service(service)
        result = load.send(one.port, one.logins(), run.scale.login_seconds, HASHED)
        one.settle()
        return keep(run, result, "rate")
    return measure


def crypt_rate(run):
    one = run.service("sqlite")
    with contextlib.closing(one.database()) as database:
        (made,) = database.execute("SELECT password_hash FROM admins WHERE email = ?",
                                   (one.organizations[0].email,)).fetchone()
    return {"rate": loop("crypt_loop", os.cpu_count(), run.scale.login_seconds, services.PASSWORD, made)}


def find_rate(filter_of):
    """Bare finds of the first organization's document, in as many threads as orgd has workers."""
    def measure(run):
        one = run.service("mongodb")
        return {"rate": loop("mongo_loop", FINDERS, run.scale.seconds, one.uri, "organizations",
                             json.dumps(filter_of(one, one.organizations[0])))}
    return measure


def loop(program, *arguments):
    command = [os.path.join(services.BUILD, "bench", program), *map(str, arguments)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def creations(service):
    """Creations a second, each with its hash and its write."""
    def measure(run):
        one = run.service(service)
        requests = one.creations(100 * run.scale.login_seconds * os.cpu_count())
        result = load.send(one.port, requests, run.scale.login_seconds, HASHED)
        one.settle()
        return keep(run, result, "rate")
    return measure


class Renamed:
    """An organization with documents that is renamed again and again."""

    def __init__(self, service, documents):
        self.organization = services.Organization.numbered(documents, "Renamed")
        self.client = Client(service.port)
        service.create(self.client, self.organization)
        self.token = service.login(self.client, self.organization)[1]
        service.add_documents(self.organization, documents)
        self.turn = 0

    def rename(self):
        self.turn += 1
        begin = time.perf_counter()
        self.client.call("PUT", "/org/update", {"organization_name": f"{self.organization.name} {self.turn}"},
                         self.token)
        return (time.perf_counter() - begin) * 1000


def renames(service, documents, times=10):
    """Milliseconds of a rename; documents: the name of a number in the scale."""
    def measure(run):
        count = getattr(run.scale, documents)
        one = run.once((service, "renamed", count), lambda: Renamed(run.service(service), count))
        return {"ms": statistics.median(one.rename() for _ in range(times))}
    return measure


def start(service):
    """Milliseconds from the start of another process on the same store to its first answer to a GET."""
    def measure(run):
        one = run.service(service)
        arguments, env, path = one.command()
        uri = one.gets_by_name()[0].path
        with open(os.path.join(os.path.dirname(path), "another.log"), "ab") as log:
            begin = time.perf_counter()
            another = subprocess.Popen(arguments, env=env, cwd=one.code, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log)
        try:
            first_answer(path, one.raw_get(uri), another)
            return {"ms": (time.perf_counter() - begin) * 1000}
        finally:
            another.terminate()
            another.wait(30)
    return measure


def first_answer(path, request, program):
    end = time.monotonic() + 30
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(path)
            except OSError:
                if program.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("another process did not come up")
                time.sleep(0.0002)
                continue
            connection.settimeout(30)
            connection.sendall(request)
            answer = connection.recv(65536)
            if EXPECTED not in answer:
                raise RuntimeError(f"first answer: {answer[:300]!r}")
            return


def memory(service):
    """Megabytes, when it has just begun to serve and after load: resident, and its share of what is shared."""
    def measure(run):
        one = run.service(service)
        one.restart()
        load.send(one.port, one.gets_by_name(), 1, 1, limit=10)
        idle = memory_of(one)
        for requests in (one.gets_by_name(), one.token_checks(), one.logins()):
            load.send(one.port, requests, run.scale.seconds, BUSY if requests[0].method != "POST" else HASHED)
        loaded = memory_of(one)
        run.trim_logs()
        return {"idle_rss": idle[0], "idle_pss": idle[1], "loaded_rss": loaded[0], "loaded_pss": loaded[1]}
    return measure


def memory_of(service):
    """Of all its processes, in megabytes of 10^6 bytes: resident, proportional share."""
    sums = {"Rss": 0, "Pss": 0}
    for pid in service.processes():
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in sums:
                    sums[name] += int(value.split()[0]) * 1024 / 1e6
    return sums["Rss"], sums["Pss"]


def binary_size(run):
    """Kilobytes of 1000 bytes, stripped."""
    with tempfile.TemporaryDirectory() as directory:
        stripped = os.path.join(directory, "orgd")
        subprocess.run(["strip", "-o", stripped, process.BINARY], check=True)
        return {"kb": os.path.getsize(stripped) / 1000}


def cgi(run):
    """Requests a second as plain CGI: a process each, one at a time on every core."""
    one = run.service("sqlite")
    env = {**one.orgd.env, **fastcgi.parameters("GET", one.gets_by_name()[0].path)}
    end = time.monotonic() + run.scale.seconds
    answered = []

    def ask():
        while time.monotonic() < end:
            answer = subprocess.run([process.BINARY], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, check=True).stdout
            if EXPECTED not in answer:
                raise RuntimeError(f"CGI: {answer[:300]!r}")
            answered.append(1)

    run.parallel([ask] * os.cpu_count())
    return {"rate": len(answered) / run.scale.seconds}


def endurance(run):
    """What is held after many requests over what was held after few; at rest, nobody being connected."""
    one = run.service("endurance")
    load.send(one.port, one.mix(), 1, BUSY, limit=run.scale.few_requests)
    before = held(one)
    sent = 0
    while sent < run.scale.many_requests:
        sent += load.send(one.port, one.mix(), run.scale.seconds, BUSY)["requests"]
        run.trim_logs()
    after = held(one)
    return {"requests": sent, **{f"{name}_before": before[name] for name in before},
            **{f"{name}_after": after[name] for name in after}}


def held(service):
    """Descriptors, threads and resident megabytes, when its nginx has let go of all connections."""
    service.nginx.stop()
    time.sleep(0.5)
    pid = service.orgd.pid
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    result = {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(status["Threads"]),
              "rss": int(status["VmRSS"].split()[0]) * 1024 / 1e6}
    service.nginx.start()
    return result
