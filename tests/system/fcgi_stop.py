# SPDX-License-Identifier: Apache-2.0
"""FastCGI core: signals, clean stop, restarts under load."""
import signal
import threading
import time

import fastcgi
from fastcgi import Connection, begin, request
from fcgi_support import (absent, created, credentials, exits, healthy, lookup, organization, running, tasks,
                          together, unhurt)
from tap import case, equal

SLOW = {"ORGD_BCRYPT_COST": "12", "ORGD_HASH_THREADS": "2"}
UNKNOWN = {"email": "nobody@example.org", "password": "some other phrase"}


@case
def stop_idle(_):
    """SIGTERM (or SIGINT) when idle: exit 0"""
    for number in (signal.SIGTERM, signal.SIGINT):
        with running() as orgd:
            orgd.process.send_signal(number)
            exits(orgd, 0)


@case
def stop_kept(_):
    """SIGTERM with silent, half-sent and kept connections: they are closed, exit 0"""
    with running() as orgd:
        connections = [Connection(orgd.socket_path) for _ in range(12)]
        for number, connection in enumerate(connections):
            if number % 3 == 0:
                equal(connection.call().status, 200)
            elif number % 3 == 1:
                connection.send(request()[:50])
        time.sleep(0.05)
        orgd.process.send_signal(signal.SIGTERM)
        exits(orgd, 0)
        for connection in connections:
            equal(connection.record(), None, "what comes")
            connection.close()


@case
def stop_busy(_):
    """SIGTERM during slow logins and creates: each is answered and done, exit 0"""
    with running({**SLOW, "ORGD_WORKERS": "4", "ORGD_HASH_QUEUE": "4"}) as orgd:
        entries = [organization("Busy") for _ in range(2)]
        connections = [Connection(orgd.socket_path) for _ in range(4)]
        for number, connection in enumerate(connections):
            if number < 2:
                connection.send(request("POST", "/org/create", entries[number], keep=bool(number)))
            else:
                connection.send(request("POST", "/admin/login", UNKNOWN, keep=bool(number % 2)))
        time.sleep(0.1)
        orgd.process.send_signal(signal.SIGTERM)
        for number, connection in enumerate(connections):
            answer = connection.answer()
            equal(answer and answer.status, 201 if number < 2 else 401, f"answer {number}")
            connection.close()
        exits(orgd, 0)
        orgd.start()
        for entry in entries:
            equal(lookup(orgd.socket_path, entry["organization_name"]), 200, "organization")


@case
def stop_readable(_):
    """SIGTERM while the only worker is busy: requests already readable on kept connections are answered"""
    with running({**SLOW, "ORGD_WORKERS": "1"}) as orgd:
        kept = [Connection(orgd.socket_path) for _ in range(5)]
        for connection in kept:
            equal(connection.call().status, 200)
        kept[0].send(request("POST", "/admin/login", UNKNOWN, keep=True, name="slow"))
        time.sleep(0.1)
        entry = organization("Readable")
        for number, connection in enumerate(kept[1:4]):
            connection.send(request(keep=True, name=f"quick-{number}"))
        kept[4].send(request("POST", "/org/create", entry, keep=True, name="create"))
        orgd.process.send_signal(signal.SIGTERM)
        names = [(answer.name, answer.status) if answer else None for answer in (c.answer() for c in kept)]
        equal(names, [("slow", 401), ("quick-0", 200), ("quick-1", 200), ("quick-2", 200), ("create", 201)], "answers")
        exits(orgd, 0)
        orgd.start()
        equal(lookup(orgd.socket_path, entry["organization_name"]), 200, "organization")


@case
def stop_just_connected(_):
    """a request sent in the moment of SIGTERM on a connection just made is answered, there or by the next process"""
    with running({"ORGD_WORKERS": "4"}) as orgd:
        for restart in range(5):
            connections = [Connection(orgd.socket_path) for _ in range(10)]
            time.sleep(0.02)
            orgd.process.send_signal(signal.SIGTERM)
            for number, connection in enumerate(connections):
                connection.send(request(name=f"moment-{number}"))
            exits(orgd, 0)
            orgd.start()
            names = [answer and answer.name for answer in (connection.answer() for connection in connections)]
            equal(names, [f"moment-{number}" for number in range(10)], f"answers at restart {restart}")
            for connection in connections:
                connection.close()


@case
def stop_takes_nothing_new(_):
    """after SIGTERM a kept connection is closed after its answer, and a later request on it does not run"""
    with running(SLOW) as orgd:
        with Connection(orgd.socket_path) as connection:
            connection.send(request("POST", "/admin/login", UNKNOWN, keep=True))
            time.sleep(0.1)
            orgd.process.send_signal(signal.SIGTERM)
            equal(connection.answer().status, 401)
            entry = organization("Late")
            time.sleep(0.05)
            equal(connection.call("POST", "/org/create", entry), None, "answer to a later request")
        exits(orgd, 0)
        orgd.start()
        absent(orgd.socket_path, entry)


@case
def stop_too_slow(_):
    """SIGTERM with more work than the stop may take: exit 1 after about 5 s"""
    env = {"ORGD_BCRYPT_COST": "15", "ORGD_WORKERS": "16", "ORGD_HASH_QUEUE": "12", "ORGD_HASH_THREADS": "1"}
    with running(env) as orgd:
        connections = [Connection(orgd.socket_path) for _ in range(12)]
        for connection in connections:
            connection.send(request("POST", "/admin/login", UNKNOWN))
        time.sleep(0.1)
        start = time.monotonic()
        orgd.process.send_signal(signal.SIGTERM)
        exits(orgd, 1, 9)
        if time.monotonic() - start < 2:
            raise AssertionError("it did not wait")
        for connection in connections:
            connection.close()


@case
def stop_twice(_):
    """a second SIGTERM ends it at once, exit 1"""
    with running({"ORGD_BCRYPT_COST": "15", "ORGD_WORKERS": "8", "ORGD_HASH_THREADS": "1"}) as orgd:
        connections = [Connection(orgd.socket_path) for _ in range(4)]
        for connection in connections:
            connection.send(request("POST", "/admin/login", UNKNOWN))
        time.sleep(0.1)
        orgd.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        equal(orgd.process.poll(), None, "end after the first one")
        start = time.monotonic()
        orgd.process.send_signal(signal.SIGTERM)
        exits(orgd, 1)
        if time.monotonic() - start > 2:
            raise AssertionError("not at once")
        for connection in connections:
            connection.close()


@case
def other_signals(_):
    """SIGPIPE, SIGUSR1, SIGUSR2 and SIGHUP do not end it badly"""
    for number in (signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
        with running() as orgd:
            threads = tasks(orgd)
            for _ in range(5):
                orgd.process.send_signal(number)
                time.sleep(0.01)
            time.sleep(0.1)
            if number == signal.SIGPIPE or orgd.alive():
                unhurt(orgd, threads)
            else:
                equal(orgd.process.returncode, 0, f"exit status after {number.name}")


@case
def signal_storm(_):
    """500 SIGPIPE under load cost no request"""
    with running() as orgd:
        done = threading.Event()

        def work(index):
            if index == 0:
                for _ in range(500):
                    orgd.process.send_signal(signal.SIGPIPE)
                    time.sleep(0.0005)
                done.set()
                return 0
            count = 0
            with Connection(orgd.socket_path, 30) as connection:
                while not done.is_set():
                    equal(connection.call().status, 200)
                    count += 1
            return count

        equal(all(together(4, work)[1:]), True, "every client was served")
        equal(orgd.terminate(), 0, "exit status")


def restarted_under_load(how, restarts, ask):
    """Restarts it that often on one listener while four threads do ask(path, index, number)."""
    with running({"ORGD_WORKERS": "12"}, how=how) as orgd:
        stop, counts = threading.Event(), []

        def work(index):
            number = 0
            try:
                while not stop.is_set():
                    ask(orgd.socket_path, index, number)
                    number += 1
            except Exception as fault:
                stop.set()
                raise AssertionError(f"request {number} of thread {index}: {fault!r}") from fault
            return number

        def restart():
            try:
                for _ in range(restarts):
                    if stop.wait(0.03):
                        return
                    equal(orgd.terminate(), 0, "exit status")
                    orgd.start()
                    counts.append(orgd.pid)
            finally:
                stop.set()

        served = together(5, lambda index: restart() if index == 4 else work(index))
        print(f"# {sum(served[:4])} requests over {len(counts)} restarts")
        equal(len(counts), restarts, "restarts")
        equal(all(served[:4]), True, "every client was served")


@case
def restart_under_load(_):
    """20 restarts under load on a listener that stays (systemd's way): no request is lost, without a retry"""
    def ask(path, index, number):
        if number % 8 == 0:
            created(path, "Restart")
        else:
            equal(fastcgi.call(path, timeout=30, name=f"r{index}-{number}").name, f"r{index}-{number}", "answer")
    restarted_under_load("systemd", 20, ask)


@case
def restart_under_kept_load(_):
    """10 restarts under load on kept connections: what is not answered has not happened"""
    connections, unanswered, answered = {}, [], []

    def ask(path, index, number):
        if index not in connections:
            connections[index] = Connection(path, 30)
        entry = organization("Kept")
        answer = connections[index].call("POST", "/org/create", entry)
        if answer is None:
            connections.pop(index).close()
            unanswered.append((path, entry))
            if lookup(path, entry["organization_name"]) != 404:
                raise AssertionError("done, but not answered")
        else:
            equal(answer.status, 201)
            answered.append(entry)

    try:
        restarted_under_load("fd0", 10, ask)
        print(f"# {len(answered)} answered, {len(unanswered)} not")
    finally:
        for connection in connections.values():
            connection.close()


@case
def waits_in_backlog(_):
    """requests sent while no process is there wait in the listener and are then answered"""
    with running() as orgd:
        entry = created(orgd.socket_path)
        equal(orgd.terminate(), 0, "exit status")
        waiting = [Connection(orgd.socket_path, 20) for _ in range(30)]
        for number, connection in enumerate(waiting):
            connection.send(request(name=f"early-{number}"))
        orgd.start()
        equal([c.answer().name for c in waiting], [f"early-{n}" for n in range(30)], "answers")
        for connection in waiting:
            connection.close()
        equal(fastcgi.call(orgd.socket_path, "POST", "/admin/login", credentials(entry)).status, 200)


@case
def stop_beside_bad_peers(_):
    """SIGTERM is clean also beside a peer that does not read its answers and one that has only begun"""
    with running() as orgd, Connection(orgd.socket_path) as deaf, Connection(orgd.socket_path) as mute:
        deaf.send(request(keep=True) * 3)
        mute.send(begin())
        time.sleep(0.05)
        healthy(orgd.socket_path)
        orgd.process.send_signal(signal.SIGTERM)
        exits(orgd, 0)


@case
def stop_beside_half_body(_):
    """SIGTERM is clean also beside peers that stop within a body of 60000 or of 300000 bytes"""
    with running({"ORGD_MAX_BODY": "1000000", "ORGD_WORKERS": "4"}) as orgd:
        with Connection(orgd.socket_path) as one, Connection(orgd.socket_path) as other:
            one.send(request("POST", "/org/create", b"x" * 60_000)[:30_000])
            other.send(request("POST", "/org/create", b"x" * 300_000)[:150_000])
            time.sleep(0.05)
            healthy(orgd.socket_path)
            orgd.process.send_signal(signal.SIGTERM)
            exits(orgd, 0)
