# SPDX-License-Identifier: Apache-2.0
"""Starting on MongoDB: with a server, without one, and with settings that cannot be right.

The service starts without its store and answers 503 until that comes; what
looks at the store for the operator (orgd -t, orgctl) says in one line that it is not there.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time

import fastcgi
from mongo_server import run_cases
from mongo_wire import MongoClient
from orgctl_support import ORGCTL
from process import BINARY, MODULES, Orgd, short_directory
from promises import must
from tap import case, equal, wait_until
from wire_faults import error_before
from wire_proxy import PASS, REFUSE, Proxy

NOT_THERE = "mongodb://user:geheim-4711@127.0.0.1:1/db"
USER = {"organization_name": "Acme", "email": "a@x.org", "password": "violet-anvil-72-meadow"}


@contextlib.contextmanager
def orgd_at(uri, **env):
    """An orgd for a database there that is its own, not started yet."""
    directory = short_directory()
    orgd = Orgd(directory=directory, env={"MONGO_URI": uri, **env})
    try:
        yield orgd
    finally:
        orgd.close()
        shutil.rmtree(directory, ignore_errors=True)


def call(orgd, method, uri, body=None):
    """The answer and the seconds that it took."""
    begin = time.monotonic()
    answer = fastcgi.call(orgd.socket_path, method, uri, body)
    return answer, time.monotonic() - begin


def refused(orgd, method, uri, seconds, body=None):
    answer, spent = call(orgd, method, uri, body)
    equal((answer.status, answer.json()["code"]), (503, "store_unavailable"), f"{method} {uri}")
    must(int(answer.headers["retry-after"]) > 0, "no Retry-After", answer)
    must(spent < seconds, f"{method} {uri} took {spent:.2f} s", answer)


def run(command, orgd):
    done = subprocess.run(command, env=orgd.env, cwd=orgd.directory, stdin=subprocess.DEVNULL, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode()
    must("geheim" not in text, "the password is shown", text)
    return done.returncode, text


@contextlib.contextmanager
def database(server):
    """The URI of a database of this test's own."""
    uri = server.uri(f"orgd-start-{os.getpid()}-{time.monotonic_ns()}")
    yield uri
    client = MongoClient(uri)
    client.command(client.database, {"dropDatabase": 1})
    client.close()


@case
def good_settings(server):
    """-t is content with a server, silent, and needs no second to say so; -T masks the URI"""
    with database(server) as uri, orgd_at(uri) as orgd:
        begin = time.monotonic()
        equal(run([BINARY, "-t"], orgd), (0, ""))
        must(time.monotonic() - begin < 2, "-t is slow", time.monotonic() - begin)
        status, text = run([BINARY, "-T"], orgd)
        must(status == 0 and uri not in text and '\nMONGO_URI="****' in text, "-T", text)
        must('\nORGD_STORE="mongodb"\n' in text, "the store", text)


@case
def starts_without_its_server(_):
    """without a server orgd starts, lives, and answers 503 within 2 s, then within 50 ms; -t says it in one line"""
    with orgd_at(NOT_THERE) as orgd:
        orgd.start()
        refused(orgd, "GET", "/org/get?slug=acme", 2)
        for _ in range(5):
            refused(orgd, "GET", "/org/get?slug=acme", 0.05)
            refused(orgd, "POST", "/org/create", 0.05, USER)
        equal(call(orgd, "GET", "/healthz")[0].status, 200)
        refused(orgd, "GET", "/readyz", 1)
        must("geheim" not in orgd.log() and "does not answer" in orgd.log(), "the log", orgd.log())
        begin = time.monotonic()
        equal(orgd.terminate(), 0, "status of the stop")
        must(time.monotonic() - begin < 5, "the stop is slow", orgd.log())


@case
def the_operator_is_told(_):
    """without a server orgd -t and orgctl end with status 1 and a line that names its host and no password"""
    with orgd_at(NOT_THERE) as orgd:
        status, text = run([BINARY, "-t"], orgd)
        must(status == 1 and len(text.strip().splitlines()) == 1 and "127.0.0.1:1" in text, "-t", text)
        status, text = run([ORGCTL, "store", "info"], orgd)
        must(status == 1 and "127.0.0.1:1" in text and "the store mongodb cannot be opened" in text, "orgctl", text)


@case
def the_reason_is_told(server):
    """why a server does not answer is said: a name that is none, a port that is closed, a login that is refused"""
    with database(server) as uri:
        login = uri.replace("//", "//user:geheim-4711@")
        for wrong, word in (("mongodb://nowhere.invalid/db", "resolve"), (NOT_THERE, "connect"), (login, "sasl")):
            with orgd_at(wrong) as orgd:
                status, text = run([BINARY, "-t"], orgd)
                equal(status, 1, text)
                line = text.strip().splitlines()[-1]
                must("the store does not answer" in line and word in line, f"{wrong}: {word}", text)


@case
def says_it_once(server):
    """what the driver says with each try to reach the server is in the log once a minute"""
    with database(server) as uri, orgd_at(uri.replace("//", "//user:geheim-4711@")) as orgd:
        orgd.start()
        time.sleep(3)
        must(1 <= orgd.log().count("Failed authentication") <= 2, "the log", orgd.log())


@case
def recovers_by_itself(server):
    """a server that comes after the start, goes and comes back is used within 5 s, without a restart"""
    with database(server) as uri, Proxy(uri) as proxy:
        proxy.set_mode(REFUSE)
        with orgd_at(proxy.uri) as orgd:
            orgd.start()
            refused(orgd, "POST", "/org/create", 2, USER)
            proxy.set_mode(PASS)
            wait_until(lambda: call(orgd, "GET", "/readyz")[0].status == 200, 5, "readiness")
            equal(call(orgd, "POST", "/org/create", USER)[0].status, 201)
            proxy.set_mode(REFUSE)
            refused(orgd, "GET", "/org/get?slug=acme", 2)
            proxy.set_mode(PASS)
            wait_until(lambda: call(orgd, "GET", "/org/get?slug=acme")[0].status == 200, 5, "an answer")
            equal(orgd.terminate(), 0, "status of the stop")


@case
def names_the_uuid(server):
    """on a server that compares UUIDs every rename and drop names the collection's; no command is refused"""
    with database(server) as uri, Proxy(uri) as proxy, orgd_at(proxy.uri, ORGD_METRICS="on") as orgd:
        orgd.start()
        with proxy.recording() as commands:
            equal(call(orgd, "POST", "/org/create", USER)[0].status, 201, "create")
            answer, _ = call(orgd, "POST", "/admin/login", {"email": USER["email"], "password": USER["password"]})
            token = answer.json()["access_token"]
            equal(fastcgi.call(orgd.socket_path, "DELETE", "/org/delete", token=token).status, 200, "delete")
        moved = [one for one in commands if one.name in ("renamecollection", "drop")]
        must({one.name for one in moved} == {"renamecollection", "drop"}, "what is moved and dropped", moved)
        equal([one for one in moved if "collectionUUID" not in one.body], [], "commands that name no UUID")
        must("mongodb failed" not in orgd.log(), "the log", orgd.log())
        metrics = call(orgd, "GET", "/metrics")[0].body.decode()
        must("\norgd_store_errors_total 0\n" in metrics, "errors where there were none", metrics)


@case
def an_index_in_the_way(server):
    """an index that cannot be made, as another has its name, is a line and an end at the start"""
    for code in (85, 86):
        with database(server) as uri, Proxy(uri) as proxy, orgd_at(proxy.uri) as orgd:
            with proxy.faulty("createIndexes", "admins", kind=error_before(code), count=None):
                status, text = run([BINARY, "--listen", orgd.socket_path], orgd)
            equal(status, 1, text)
            must("an index cannot be made" in text and "email_1" in text, "the log", text)


@case
def unusable_uris(_):
    """a URI that the driver does not take is refused at start, which says that it is MONGO_URI and does not show it"""
    for uri in ("mongodb://", "mongodb://user:geheim-4711@", "mongodb://user:geheim-4711@host:99999/",
                "mongodb://user:geheim-4711@host/?w=x&nonsense", "mongodb://user:gehe:im-4711@host/",
                "mongodb://user:gehe@im-4711@host/", "mongodb://user:gehe/im-4711@host/",
                "mongodb://user:gehe%im-4711@host/", "mongodb://host/?maxPoolSize=geheim-4711", "mongodb://host/a.b", "mongodb://host/a%20b", "mongodb://host/" + 64 * "d",
                "mongodb://user:geheim-4711@host/?tls=true&tlsAllowInvalidCertificates=true"):
        with orgd_at(uri) as orgd:
            for command in ([BINARY, "-t"], [BINARY, "--listen", orgd.socket_path]):
                status, text = run(command, orgd)
                equal(status, 1, f"{uri}: {text}")
                must("MONGO_URI" in text, uri, text)
                must("gehe" not in text and "im-4711" not in text, "the password is shown", text)


@case
def sqlite_beside(server):
    """with ORGD_STORE=sqlite:... a MONGO_URI is not used, and the module not loaded"""
    with orgd_at(server.uri("orgd")) as orgd:
        orgd.env["ORGD_STORE"] = f"sqlite:{orgd.directory}/orgd.db"
        orgd.start()
        equal(call(orgd, "POST", "/org/create", USER)[0].status, 201)
        with open(f"/proc/{orgd.pid}/maps") as maps:
            must(not re.search("mongoc|store_mongo", maps.read()), "the module is loaded", MODULES)


if __name__ == "__main__":
    sys.exit(run_cases("starting on MongoDB"))
