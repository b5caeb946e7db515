# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: ways to be started: fd 0, LISTEN_FDS, --listen, TCP; and as plain CGI."""
import os
import socket
import statistics
import subprocess
import time

import fastcgi
import process
from fcgi_support import created, credentials, healthy, lookup, organization, running
from plain_cgi import cgi
from process import Orgd
from tap import case, equal


def refused(orgd, *words):
    """Starting it fails with an exit status and a line that holds one of the words."""
    try:
        orgd.start()
    except RuntimeError as fault:
        if not any(word in str(fault) for word in words):
            raise AssertionError(f"no clear line: {fault}") from fault
        equal(orgd.process.returncode > 0, True, f"exit status {orgd.process.returncode} is a failure's")
        return
    orgd.kill()
    raise AssertionError("it started")


@case
def started_each_way(_):
    """a socket as fd 0 (spawn-fcgi), as LISTEN_FDS (systemd), or --listen PATH: each serves"""
    for how in ("fd0", "systemd", "listen"):
        with running(how=how) as orgd:
            healthy(orgd.socket_path)
            created(orgd.socket_path)
            equal(orgd.terminate(), 0, f"exit status ({how})")


@case
def started_on_tcp(_):
    """a TCP listener as fd 0 works too"""
    with running(start=False) as orgd, socket.create_server(("127.0.0.1", 0)) as listener:
        orgd.listener = listener
        orgd.start()
        address = listener.getsockname()
        healthy(address)
        with fastcgi.Connection(address) as connection:
            for number in range(20):
                equal(connection.call(name=f"tcp-{number}").name, f"tcp-{number}", "answer")
        equal(orgd.terminate(), 0, "exit status")


@case
def listen_pid_of_another(_):
    """LISTEN_FDS meant for another process is not taken"""
    with running(start=False, how="systemd") as orgd:
        descriptor = orgd.bind().fileno()
        env = {**orgd.env, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
        command = ["/bin/sh", "-c", f'exec "$0" 3<&{descriptor}', process.BINARY]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, env=env, pass_fds=(descriptor,), timeout=20,
                              capture_output=True, cwd=orgd.directory, check=False)
        equal(done.returncode > 0 and bool(done.stderr.strip()), True, f"refused with a line: {done}")


@case
def second_instance(_):
    """a second instance on one --listen path is refused with a clear line, the first one serves on"""
    with running(how="listen") as first:
        second = Orgd(first.directory, env={"ORGD_WORKERS": "2"}, how="listen")
        second.log_path += ".second"
        for _ in range(3):
            refused(second, "in use", "already", "another", "running")
            healthy(first.socket_path)
        equal(first.terminate(), 0, "exit status of the first")
        second.start()
        healthy(first.socket_path)
        equal(second.terminate(), 0, "exit status of its successor")


@case
def second_instance_race(_):
    """eight instances started at once on one path: one serves, the others are refused"""
    with running(how="listen", start=False) as first:
        commands = [[process.BINARY, "--listen", first.socket_path]] * 8
        started = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, env=first.env, cwd=first.directory)
                   for command in commands]
        try:
            end = time.monotonic() + 20
            while sum(p.poll() is None for p in started) > 1 and time.monotonic() < end:
                time.sleep(0.01)
            alive = [p for p in started if p.poll() is None]
            equal(len(alive), 1, "instances that live")
            equal(all(p.returncode > 0 for p in started if p not in alive), True, "exit status of the others")
            while not os.path.exists(first.socket_path) and time.monotonic() < end:
                time.sleep(0.01)
            healthy(first.socket_path)
        finally:
            for one in started:
                one.kill()
                one.wait()


@case
def stale_socket(_):
    """the socket file that kill -9 left behind is taken over"""
    with running(how="listen") as orgd:
        for _ in range(3):
            orgd.kill()
            equal(os.path.exists(orgd.socket_path), True, "socket file after kill -9")
            orgd.start()
            healthy(orgd.socket_path)


@case
def path_of_something_else(_):
    """--listen never removes what is not a socket"""
    with running(how="listen", start=False) as orgd:
        with open(orgd.socket_path, "w") as file:
            file.write("precious")
        refused(orgd, orgd.socket_path, "socket")
        with open(orgd.socket_path) as file:
            equal(file.read(), "precious", "the file")


@case
def path_too_long(_):
    """--listen with a path longer than a Unix socket's may be is refused with a clear line"""
    with running(how="listen", start=False) as orgd:
        orgd.socket_path = os.path.join(orgd.directory, "s" * 120)
        refused(orgd, "long", "107", "108")


@case
def plain_cgi(_):
    """plain CGI: one answer, nothing else on stdout, exit 0"""
    with running(start=False) as orgd:
        answer, _ = cgi(orgd, name="once")
        equal((answer.status, answer.json(), answer.name), (200, {"status": "ok"}, "once"))
        equal(answer.raw.count(b"Status: "), 1, "status lines")
        equal(cgi(orgd, "GET", "/nope")[0].status, 404)
        equal(cgi(orgd, "PUT", "/org/update", {"email": "a@example.org"})[0].status, 401)


@case
def plain_cgi_post(_):
    """plain CGI: POST with a body works, processes share the store, also beside a service"""
    with running(start=False) as orgd:
        entry = organization("Cgi")
        equal(cgi(orgd, "POST", "/org/create", entry)[0].status, 201)
        equal(cgi(orgd, "POST", "/org/create", entry)[0].status, 409)
        token = cgi(orgd, "POST", "/admin/login", credentials(entry))[0].json()["access_token"]
        equal(cgi(orgd, "PUT", "/org/update", {"organization_name": "Cgi renamed"}, token=token)[0].status, 200)
        orgd.start()
        equal(lookup(orgd.socket_path, "Cgi renamed"), 200)
        equal(cgi(orgd, "DELETE", "/org/delete", token=token)[0].status, 200)
        equal(lookup(orgd.socket_path, "Cgi renamed"), 404)


@case
def plain_cgi_body(_):
    """plain CGI: no more than CONTENT_LENGTH is read or waited for; a short body is 400, a long one 413"""
    with running(start=False) as orgd:
        entry = organization("Cgi")
        answer, _ = cgi(orgd, "POST", "/org/create", entry, extra=b"x" * 1000, close=False)
        equal(answer.status, 201, "with bytes behind the body, pipe left open")
        equal(cgi(orgd, "GET", "/healthz", close=False)[0].status, 200, "no body, pipe left open")
        size = len(fastcgi.to_bytes(organization("Cgi")))
        for length in (size + 1, size + 50, "-1", "x", str(2**63)):
            late = organization("Cgi")
            answer, _ = cgi(orgd, "POST", "/org/create", late, content_length=length)
            equal(answer.status in (400, 413), True, f"CONTENT_LENGTH {length}: {answer}")
            equal(cgi(orgd, "GET", "/org/get?slug=" + late["organization_name"].lower().replace(" ", "-"))[0].status,
                  404, "organization")
        equal(cgi(orgd, "POST", "/org/create", b"x" * 70000)[0].status, 413)


@case
def plain_cgi_time(_):
    """plain CGI: time of one answer"""
    with running(start=False) as orgd:
        cgi(orgd, "POST", "/org/create", organization("Cgi"))
        for uri in ("/healthz", "/org/get?slug=none"):
            median = statistics.median(cgi(orgd, "GET", uri)[1] for _ in range(9))
            print(f"# plain CGI, GET {uri}: median {median * 1000:.1f} ms")
            if median > 0.25:
                raise AssertionError(f"{median} s")
