# SPDX-License-Identifier: Apache-2.0
"""orgctl store migrate: everything arrives, a second run goes on, and nothing is taken for the same that is not."""
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time

from orgctl_support import ORGCTL, World
from tap import case, equal

PLACES = ("from.db", "to.db")


def database(world, name):
    """A connection that obeys the schema's rules less than orgd does."""
    return sqlite3.connect(world.path(name), timeout=20)


def names(world):
    return [f"sqlite:{world.path(name)}" for name in PLACES]


def migrate(world, status=0, *more):
    """The JSON that a migration ends with."""
    return world.expect(status, "store", "migrate", *names(world), "--json", *more).json


def fill(world, organizations, documents):
    """from.db with a real organization, named First, and so many made ones, each with so many documents."""
    world.ok("org", "create", "First", "--email", "first@x.org", "--json", input="violet-anvil-72-meadow\n",
             env={"ORGD_STORE": names(world)[0]})
    connection = database(world, "from.db")
    with connection:
        for number in range(organizations):
            add(connection, number)
            org = f"{number:024x}"
            for document in range(documents):
                text = '{"n":%d,"text":"%s"}' % (document, random.choice("aäß€\U0001f600") * 20)
                connection.execute("INSERT INTO documents VALUES (?, ?, ?)", (org, f"d{document}", text))
    connection.close()


def add(connection, number):
    org, admin = f"{number:024x}", f"{10 ** 12 + number:024x}"
    connection.execute("INSERT INTO organizations VALUES (?, ?, ?, ?, ?, ?)",
                       (org, admin, f"Org {number}", f"org-{number}", 1000 + number, 5000 + number))
    connection.execute("INSERT INTO admins VALUES (?, ?, ?, ?, ?)",
                       (admin, org, f"a{number}@x.org", f"hash {number}", 1 + number % 7))


def change(world, name, *statements):
    connection = database(world, name)
    with connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
    connection.close()


def rows(world, name):
    connection = database(world, name)
    found = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
             for table in ("organizations", "admins", "documents")]
    connection.close()
    return found


def same(world):
    equal(rows(world, "to.db") == rows(world, "from.db"), True, "both have the same rows")


@case
def everything_arrives():
    """organizations, admins and documents arrive as they are, more than a page and a batch of them"""
    with World() as world:
        fill(world, 450, 3)
        connection = database(world, "from.db")
        with connection:
            connection.executemany("INSERT INTO documents VALUES (?, ?, ?)",
                                   [(f"{7:024x}", f"more {n}", "x" * (n % 50)) for n in range(2500)])
            connection.execute("INSERT INTO documents VALUES (?, 'large', ?)", (f"{8:024x}", "y" * (9 << 20)))
        connection.close()
        result = migrate(world)
        equal([result[key] for key in ("organizations", "there_before", "documents")], [451, 0, 450 * 3 + 2501])
        equal(len(result["documents_sum"]), 64, "digits of the checksum")
        same(world)
        equal(world.ok("store", "check", env={"ORGD_STORE": names(world)[1]}).out, "nothing found\n")
        again = migrate(world)
        equal(again, {**result, "there_before": 451}, "a second run")
        same(world)
        text = world.ok("store", "migrate", *names(world)).out
        assert text.startswith("migrated; both have the same\n") and result["documents_sum"] in text, text
        back = world.ok("store", "migrate", names(world)[1], "sqlite:" + world.path("back.db"), "--json").json
        equal(back["documents_sum"], result["documents_sum"], "the checksum of the way back")


@case
def logins_go_on():
    """passwords and tokens of the old store are good in the new one"""
    with World() as world:
        fill(world, 1, 1)
        world.orgd.env["ORGD_STORE"] = names(world)[0]
        token = world.start().login("first@x.org")
        equal(world.orgd.terminate(), 0)
        migrate(world)
        world.orgd.env["ORGD_STORE"] = names(world)[1]
        world.start()
        assert world.alive(token, "First"), "the token of before"
        assert world.login("first@x.org"), "login"


@case
def killed_and_gone_on_with():
    """killed again and again at any moment, it ends with everything, and SIGINT ends it at once"""
    with World() as world:
        fill(world, 200, 20)
        before = rows(world, "from.db")
        for number in range(100):
            running = subprocess.Popen([ORGCTL, "store", "migrate", *names(world)], env=world.env,
                                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            time.sleep(0.005 + number * 0.002)
            running.send_signal(signal.SIGINT if number % 4 == 3 else signal.SIGKILL)
            if running.wait(20) == 0:
                break
        assert number > 3, "it was never killed amid its work"
        equal(migrate(world)["organizations"], 201)
        same(world)
        equal(rows(world, "from.db") == before, True, "the source is untouched")


@case
def half_a_copy():
    """documents that are missing in the copy of an organization, as when it was cut off, are added"""
    with World() as world:
        fill(world, 3, 5)
        migrate(world)
        change(world, "to.db", f"DELETE FROM documents WHERE id = 'd1' AND org_id = '{0:024x}'",
               *[f"DELETE FROM {table} WHERE org_id = '{2:024x}'" for table in ("admins", "documents", "organizations")])
        result = migrate(world)
        equal([result["organizations"], result["there_before"]], [4, 3])
        same(world)


@case
def what_must_not_be_there():
    """organizations of others, changed ones, and documents too many are refused by name; nothing is taken away or overwritten"""
    for name, statement, word, told in (
            ("to.db", "UPDATE organizations SET organization_name = 'ORG 1' WHERE slug = 'org-1'", "changed", "ORG 1"),
            ("to.db", "UPDATE organizations SET created_at = 7 WHERE slug = 'org-1'", "changed", "Org 1"),
            ("to.db", "UPDATE admins SET password_hash = 'x' WHERE email = 'a1@x.org'", "changed", "Org 1"),
            ("to.db", "UPDATE admins SET token_version = 99 WHERE email = 'a1@x.org'", "changed", "Org 1"),
            ("from.db", "UPDATE admins SET email = 'b@x.org' WHERE email = 'a1@x.org'", "changed", "Org 1"),
            ("from.db", f"DELETE FROM organizations WHERE org_id = '{1:024x}'", "store_not_empty", "Org 1"),
            ("to.db", f"INSERT INTO documents VALUES ('{1:024x}', 'd9', '')", "documents_differ", "Org 1"),
            ("to.db", "UPDATE documents SET document = '{}' WHERE id = 'd1'", "documents_differ", "Org 0"),
            ("from.db", "UPDATE documents SET document = '{}' WHERE id = 'd1'", "documents_differ", "Org 0"),
            ("from.db", "DELETE FROM documents WHERE id = 'd1'", "documents_differ", "Org 0")):
        with World() as world:
            fill(world, 2, 2)
            migrate(world)
            if statement.startswith("DELETE FROM organizations"):
                change(world, name, f"DELETE FROM admins WHERE org_id = '{1:024x}'",
                       f"DELETE FROM documents WHERE org_id = '{1:024x}'")
            change(world, name, statement)
            before = [rows(world, place) for place in PLACES]
            result = migrate(world, 1)
            equal(result["error"], word, statement)
            assert f'"{told}"' in result["message"], result
            equal([rows(world, place) for place in PLACES] == before, True, "nothing changed")


@case
def changes_meanwhile():
    """organizations and documents that come to the source during the migration are noticed"""
    with World() as world:
        fill(world, 300, 2)
        stop = threading.Event()

        def write():
            connection = database(world, "from.db")
            for number in range(1000, 10 ** 6):
                if stop.is_set():
                    break
                with connection:
                    add(connection, number)
                    connection.execute("INSERT INTO documents VALUES (?, ?, '{}')", (f"{5:024x}", f"new {number}"))
            connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            result = migrate(world, 1)
        finally:
            stop.set()
            writer.join()
        assert result["error"] in ("changed", "documents_differ"), result
        migrate(world)
        same(world)


@case
def unhealthy_stores():
    """a store with something to mend, or an organization without admin, is not migrated"""
    for name, statement, word in (("from.db", "UPDATE organizations SET slug = 'other' WHERE slug = 'org-1'",
                                   "store_unhealthy"),
                                  ("from.db", "DELETE FROM admins WHERE email = 'a1@x.org'", "admin_not_found"),
                                  ("to.db", "UPDATE admins SET email = 'A1@x.org' WHERE email = 'a1@x.org'",
                                   "store_unhealthy")):
        with World() as world:
            fill(world, 2, 1)
            if name == "to.db":
                migrate(world)
            change(world, name, statement)
            equal(migrate(world, 1)["error"], word, statement)


@case
def names_of_stores():
    """what names no store is refused, a missing source too, and a password on the command line is not taken"""
    with World() as world:
        fill(world, 1, 1)
        here, there = names(world)
        for source, target, word in (("sqlite:" + world.path("none.db"), there, "no_store"), (here, here, "same_store"),
                                     ("from.db", there, "no_store"), (here, "sqlite:", "no_store"),
                                     (here, "mongodb", "no_uri"), ("mongodb", there, "no_uri"),
                                     (here, "mongodb://user:geheim-4711@127.0.0.1:1/db", "password_shown"),
                                     (here, "mongodb://127.0.0.1:1/db?tlsCertificateKeyFilePassword=geheim-4711",
                                      "password_shown")):
            result = world.run("store", "migrate", source, target, "--json", env={"MONGO_URI": ""})
            equal((result.status, result.json["error"]), (1, word), f"{source} {target}")
            assert "geheim" not in result.out + result.err, result
        assert not os.path.exists(world.path("to.db")), "a refused migration made a store"
        world.expect(2, "store", "migrate", here)


@case
def shows_how_far_it_is():
    """on a terminal a bar shows how far it is, and goes away"""
    with World() as world:
        fill(world, 1, 1)
        connection = database(world, "from.db")
        with connection:
            connection.executemany("INSERT INTO documents VALUES (?, ?, ?)",
                                   ((f"{0:024x}", f"more {n}", "x" * 2000) for n in range(60000)))
        connection.close()
        shown = world.on_terminal("store", "migrate", *names(world))
        equal(shown.status, 0, f"{shown}")
        assert "#" in shown.out and " %" in shown.out, shown
        assert "\r" + " " * 48 + "\r" in shown.out.replace("\r\n", "\n"), shown
        assert "documents          60001" in shown.out, shown
