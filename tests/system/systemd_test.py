# SPDX-License-Identifier: Apache-2.0
"""systemd's way: activation by its own tool, restarts under load, readiness, watchdog, the units."""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import fastcgi
from fcgi_support import running
from process import BINARY
from tap import case, equal, main, wait_until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESTARTS = 12


def activate(orgd):
    """orgd as systemd-socket-activate starts it: at the first connection, by exec; the pid stays."""
    descriptor = orgd.bind().fileno()
    names = " ".join(f"-E {name}" for name in orgd.env)
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec systemd-socket-activate {names} "$0" 3<&{descriptor}'
    with open(orgd.log_path, "ab") as log:
        return subprocess.Popen(["/bin/sh", "-c", script, os.path.abspath(BINARY)], stdout=log, stderr=log,
                                stdin=subprocess.DEVNULL, env=orgd.env, pass_fds=(descriptor,))


class Load:
    """Threads that ask without pause, each request on a connection of its own, and never ask twice."""

    def __init__(self, path, threads=4):
        self.path, self.faults, self.served, self.stop = path, [], 0, False
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stop:
            try:
                equal(fastcgi.call(self.path, "GET", "/org/get?slug=none").status, 404)
                self.served += 1
            except Exception as fault:
                self.faults.append(repr(fault))

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


@case
def restarts_lose_nothing():
    """12 restarts by systemd-socket-activate under load: no request is lost"""
    if shutil.which("systemd-socket-activate") is None:
        raise AssertionError("systemd-socket-activate is not installed")
    with running(start=False) as orgd:
        orgd.bind()
        load = Load(orgd.socket_path)
        try:
            for _ in range(RESTARTS):
                before = load.served
                process = activate(orgd)
                wait_until(lambda: load.served > before + 20, 20, "20 answers")
                time.sleep(random.uniform(0, 0.05))
                process.send_signal(signal.SIGTERM)
                equal(process.wait(10), 0, "exit status")
            process = activate(orgd)
        finally:
            load.end()
            process.terminate()
            process.wait(10)
        equal(load.faults, [], f"lost of {load.served}")
        print(f"# {load.served} requests, {RESTARTS} restarts")


def messages(orgd, name, **env):
    """Starts orgd with a service manager listening at `name`; gives that one's socket."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(name.replace("@", "\0", 1))
    manager.settimeout(10)
    orgd.env.update({"NOTIFY_SOCKET": name, **env})
    orgd.start()
    return manager


@case
def tells_how_it_goes():
    """READY=1 when it serves, STOPPING=1 at SIGTERM, on a path and on an abstract name"""
    for name in ("{}/notify", "@{}/notify"):
        with running(start=False) as orgd:
            with messages(orgd, name.format(orgd.directory)) as manager:
                equal(manager.recv(99), b"READY=1")
                equal(orgd.terminate(), 0, "exit status")
                equal(manager.recv(99), b"STOPPING=1")


@case
def feeds_the_watchdog():
    """WATCHDOG=1 comes again and again while workers are free, and ends when the process is stopped"""
    with running(start=False) as orgd:
        with messages(orgd, orgd.directory + "/notify", WATCHDOG_USEC="2400000") as manager:
            equal(manager.recv(99), b"READY=1")
            for _ in range(3):
                equal(manager.recv(99), b"WATCHDOG=1")


@case
def another_process_watchdog():
    """a watchdog that is meant for another process is left alone"""
    with running(start=False) as orgd:
        with messages(orgd, orgd.directory + "/notify", WATCHDOG_USEC="200000", WATCHDOG_PID="1") as manager:
            equal(manager.recv(99), b"READY=1")
            manager.settimeout(1)
            try:
                raise AssertionError(manager.recv(99))
            except TimeoutError:
                pass


@case
def units_are_sound():
    """the units verify, and `systemd-analyze security --offline` gives 1.5 or better"""
    with running(start=False) as orgd:
        with open(os.path.join(TOP, "systemd", "orgd.service.in")) as file:
            text = file.read()
        text = text.replace("@sbindir@", os.path.dirname(os.path.abspath(BINARY))).replace("@sysconfdir@", "/etc")
        service = os.path.join(orgd.directory, "orgd.service")
        with open(service, "w") as file:
            file.write(text)
        shutil.copy(os.path.join(TOP, "systemd", "orgd.socket"), orgd.directory)
        output = subprocess.run(["systemd-analyze", "security", "--offline=true", service],
                                capture_output=True, text=True, check=False)
        level = re.search(r"Overall exposure level.*: ([0-9.]+)", output.stdout)
        equal(bool(level), True, output.stdout[-500:] + output.stderr)
        print("# exposure level", level.group(1))
        equal(float(level.group(1)) <= 1.5, True, "exposure level " + level.group(1))


if __name__ == "__main__":
    sys.exit(main())
