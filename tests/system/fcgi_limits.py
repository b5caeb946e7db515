# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: many peers, silent peers, descriptors used up, foreign uids: good requests are served beside them."""
import contextlib
import os
import resource
import socket
import threading
import time

import fastcgi
from fastcgi import Connection, begin, record, request, throw
from fcgi_support import (absent, created, credentials, healthy, organization, processor_seconds, running, tasks,
                          together, unhurt)
from tap import case, equal

NOBODY = 65534


@contextlib.contextmanager
def crowd(path, count, data=b""):
    """That many connections, each of which has sent `data` and then nothing."""
    connections = []
    try:
        for _ in range(count):
            connections.append(Connection(path))
            if data:
                connections[-1].send(data)
        yield connections
    finally:
        for connection in connections:
            connection.close()


def served_beside(path, count, data):
    with crowd(path, count, data):
        for _ in range(10):
            healthy(path)
        entry = created(path)
        with Connection(path) as connection:
            equal(connection.call("POST", "/admin/login", credentials(entry)).status, 200)
            equal(connection.call().status, 200)


@case
def silent_peers(bench):
    """200 silent connections and 2 workers: good requests are served at once"""
    served_beside(bench.path, 200, b"")


@case
def half_headers(bench):
    """200 connections with half a record header and 2 workers: good requests are served at once"""
    served_beside(bench.path, 200, request()[:4])


@case
def half_requests(bench):
    """200 connections that stop within parameters or body and 2 workers: good requests are served at once"""
    whole = request("POST", "/org/create", organization("Half"))
    served_beside(bench.path, 100, whole[:60])
    served_beside(bench.path, 100, whole[:-20])
    bench.whole()


@case
def half_large_bodies(_):
    """peers that stop within a body too large to wait for cost a worker no longer than the receive time"""
    with running({"ORGD_MAX_BODY": "1000000", "ORGD_TEST_RECEIVE_SECONDS": "1"}) as orgd:
        threads = tasks(orgd)
        start = request("POST", "/org/create", b"x" * 200_000)[:150_000]
        with crowd(orgd.socket_path, 2, start):
            healthy(orgd.socket_path, 8)
        unhurt(orgd, threads)


@case
def silence_ends(_):
    """half a header, half a request, then silence: closed after the receive time, not before"""
    with running({"ORGD_TEST_RECEIVE_SECONDS": "1"}) as orgd:
        entry = organization("Silent")
        whole = request("POST", "/org/create", entry)
        connections = []
        for cut in (1, 4, 8, 20, 100, len(whole) - 1):
            connections.append((cut, Connection(orgd.socket_path)))
            connections[-1][1].send(whole[:cut])
        begin_time = time.monotonic()
        for cut, connection in connections:
            connection.socket.settimeout(12)
            answer = connection.answer()
            spent = time.monotonic() - begin_time
            if answer is not None and answer.status not in (400, 408) or spent < 0.5:
                raise AssertionError(f"cut at {cut}: {answer} after {spent:.1f} s")
            connection.close()
        absent(orgd.socket_path, entry)


@case
def trickle_ends(_):
    """a peer that sends one byte now and then is closed too: the receive time is for the whole request"""
    with running({"ORGD_TEST_RECEIVE_SECONDS": "1"}) as orgd:
        with Connection(orgd.socket_path) as connection:
            end = time.monotonic() + 12
            for byte in request() * 100:
                if not connection.send(bytes([byte])):
                    break
                if time.monotonic() > end:
                    raise AssertionError("still open after 12 s")
                time.sleep(0.1)
        healthy(orgd.socket_path)


@case
def large_body_trickles(_):
    """peers that send a body too large to wait for byte by byte do not hold the workers for as long as they like"""
    with running({"ORGD_MAX_BODY": "1000000", "ORGD_TEST_RECEIVE_SECONDS": "1"}) as orgd:
        start = request("POST", "/org/create", b"x" * 200_000)[:150_000]
        with crowd(orgd.socket_path, 2, start) as peers, Connection(orgd.socket_path, 12) as good:
            time.sleep(0.1)
            good.send(request(name="good"))
            good.socket.setblocking(False)
            end = time.monotonic() + 8
            while time.monotonic() < end:
                try:
                    good.socket.recv(1, socket.MSG_PEEK)
                    break
                except BlockingIOError:
                    time.sleep(0.2)
                for peer in peers:
                    peer.send(b"x")
            good.socket.settimeout(0.1)
            equal(good.answer().name, "good", "answer within 8 s")


@case
def descriptors_used_up(_):
    """EMFILE: no worker ends, nothing spins; when descriptors come free, those who waited are served"""
    with running({"ORGD_WORKERS": "4"}) as orgd:
        for _ in range(8):
            healthy(orgd.socket_path)
        threads = tasks(orgd)
        used = len(os.listdir(f"/proc/{orgd.pid}/fd"))
        resource.prlimit(orgd.pid, resource.RLIMIT_NOFILE, (used + 10, used + 10))
        with crowd(orgd.socket_path, 60):
            waiting = Connection(orgd.socket_path, 20)
            waiting.send(request(name="waiting"))
            time.sleep(0.2)
            before, lines = processor_seconds(orgd.pid), orgd.log().count("\n")
            time.sleep(1)
            busy, lines = processor_seconds(orgd.pid) - before, orgd.log().count("\n") - lines
        if busy > 0.5 or lines > 20:
            raise AssertionError(f"in one second of EMFILE: {busy} s of processor time, {lines} lines of log")
        equal(waiting.answer().name, "waiting", "answer to the one who waited")
        waiting.close()
        together(8, lambda _: healthy(orgd.socket_path, 5))
        unhurt(orgd, threads)


@case
def descriptors_used_up_by_kept(_):
    """EMFILE beside kept connections: these are served on all the while"""
    with running({"ORGD_WORKERS": "2"}) as orgd, Connection(orgd.socket_path) as kept:
        for _ in range(4):
            equal(kept.call().status, 200)
        used = len(os.listdir(f"/proc/{orgd.pid}/fd"))
        resource.prlimit(orgd.pid, resource.RLIMIT_NOFILE, (used + 5, used + 5))
        with crowd(orgd.socket_path, 40):
            time.sleep(0.2)
            for number in range(20):
                answer = kept.call(name=f"kept-{number}")
                equal(answer and answer.name, f"kept-{number}", "answer")
        healthy(orgd.socket_path, 5)


def as_nobody(path):
    """What a process of uid nobody gets for GET /healthz: b"200", b"closed" or what went wrong."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with Connection(path, 10) as connection:
                answer = connection.call(keep=False)
            os.write(writer, str(answer.status).encode() if answer else b"closed")
        except BaseException as fault:
            os.write(writer, repr(fault).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        got = file.read()
    os.waitpid(child, 0)
    return got


@case
def foreign_uid(_):
    """ORGD_ALLOWED_UIDS: a uid not in it is closed unread, one in it is served (as root only)"""
    if os.geteuid() != 0:
        return
    for allowed, wanted in ((None, b"200"), ("0", b"closed"), (f"0,{NOBODY}", b"200"), ("0,33", b"closed")):
        with running({"ORGD_ALLOWED_UIDS": allowed}) as orgd:
            os.chmod(orgd.directory, 0o711)
            os.chmod(orgd.socket_path, 0o666)
            for _ in range(3):
                equal(as_nobody(orgd.socket_path), wanted, f"nobody with ORGD_ALLOWED_UIDS={allowed}")
            healthy(orgd.socket_path)


@case
def all_workers_alive(_):
    """after rubbish, silence, EMFILE and clients gone, all 4 workers work at the same time"""
    env = {"ORGD_WORKERS": "4", "ORGD_HASH_THREADS": "4", "ORGD_HASH_QUEUE": "4", "ORGD_BCRYPT_COST": "12",
           "ORGD_TEST_RECEIVE_SECONDS": "1"}
    with running(env) as orgd:
        path = orgd.socket_path
        entry = created(path)
        threads = tasks(orgd)
        rubbish = begin() + record(fastcgi.PARAMS, b"\xff\xff\xff\xf0\x20")
        throw(path, *(b"\1" * number + b"\0" * 8 for number in range(40)), *[rubbish] * 40)
        for _ in range(40):
            with Connection(path) as connection:
                connection.send(request())
        with crowd(path, 20, request()[:30]):
            together(4, lambda _: equal(fastcgi.call(path, "POST", "/admin/login", credentials(entry)).status, 200))
            beside_logins(path, entry)
        unhurt(orgd, threads)


def beside_logins(path, entry):
    """While three workers wait for a hash, the fourth answers."""
    order = []

    def login():
        equal(fastcgi.call(path, "POST", "/admin/login", credentials(entry)).status, 200)
        order.append("login")

    logins = [threading.Thread(target=login) for _ in range(3)]
    for thread in logins:
        thread.start()
    time.sleep(0.05)
    healthy(path)
    order.append("health")
    for thread in logins:
        thread.join()
    equal(sorted(order), ["health", "login", "login", "login"], "answers")
    equal(order[0], "health", "first answer")
