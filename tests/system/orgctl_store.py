# SPDX-License-Identifier: Apache-2.0
"""orgctl on the store as a whole: checks that find what is planted, repairs, backups and restores."""
import os
import random
import signal
import sqlite3
import stat
import subprocess
import threading
import time

from orgctl_support import ORGCTL, PASSWORD, World
from tap import case, equal, wait_until

NOBODY = "0123456789abcdef01234567"
HASH = "x"


def findings(world, *args, status=1):
    """{word: state} of a check."""
    result = world.expect(status, "store", "check", "--json", *args).json
    equal(result["found"], len(result["findings"]), "found")
    return {finding["finding"]: finding["state"] for finding in result["findings"]}


def planted(statement, word, mended, aftermath=None):
    """One fault, planted in a store of two organizations: found, left alone by a check, mended or left."""
    with World() as world:
        world.create("Acme", "a@x.org")
        world.create("Zorn", "z@x.org")
        world.plant(*statement)
        before = dump(world)
        equal(findings(world), {word: "found"}, word)
        assert word in world.expect(1, "store", "check").out, word
        equal(dump(world), before, "a check changed something")
        equal(findings(world, "--repair", "--yes", status=0 if mended else 1),
              {word: "mended" if mended else "left"}, f"repair of {word}")
        equal(findings(world, status=0 if mended else 1), {} if mended else {word: "found"}, f"after {word}")
        if aftermath:
            aftermath(world)


def dump(world):
    connection = sqlite3.connect(world.database)
    lines = list(connection.iterdump())
    connection.close()
    return lines


@case
def nothing_to_find():
    """a healthy store, empty or not, has no findings; info counts"""
    with World() as world:
        world.create("Acme", "a@x.org")
        equal(findings(world, status=0), {})
        equal(world.ok("store", "check").out, "nothing found\n")
        equal(world.ok("store", "check", "--repair", "--yes").out, "nothing found\n")
        world.plant("INSERT INTO documents SELECT org_id, '1', '{{}}' FROM organizations")
        info = world.ok("store", "info", "--json").json
        equal([info[key] for key in ("kind", "organizations", "admins", "documents")], ["sqlite", 1, 1, 1])
        assert info["bytes"] > 0 and info["software"].startswith("SQLite 3") and info["place"] == world.database


@case
def admins_without_organization():
    """an admin of no organization is found, and removed by a repair"""
    planted([f"INSERT INTO admins VALUES ('{NOBODY}', '{NOBODY}', 'n@x.org', '{HASH}', 1)"], "admin_unowned", True,
            lambda world: equal(world.count("admins"), 2))


@case
def organizations_without_admin():
    """an organization without admin is found, and left with word of it; admin create gives it one"""
    def give_one(world):
        equal(world.expect(1, "admin", "passwd", "acme", "--json", input=PASSWORD).json["error"], "admin_not_found")
        equal(world.expect(1, "admin", "create", "zorn", "--email", "n@x.org", "--json",
                           input=PASSWORD).json["error"], "admin_exists")
        equal(world.expect(1, "admin", "create", "acme", "--email", "z@x.org", "--json",
                           input=PASSWORD).json["error"], "email_taken")
        by_id = world.ok("org", "show", "acme", "--json").json["org_id"]
        world.ok("admin", "create", by_id, "--email", "n@x.org", input=PASSWORD)
        equal(findings(world, status=0), {})
        assert world.start().login("n@x.org"), "login of the new admin"
    planted(["DELETE FROM admins WHERE email = 'a@x.org'"], "admin_missing", False, give_one)


@case
def unlinked_admins():
    """an organization that names no admin takes the one that belongs to it"""
    planted([f"UPDATE organizations SET admin_id = '{NOBODY}' WHERE slug = 'acme'"], "admin_unlinked", True,
            lambda world: world.ok("admin", "show", "a@x.org"))


@case
def admins_elsewhere():
    """an admin that points to another organization than its own is set right"""
    def login(world):
        assert world.start().login("a@x.org")
    planted([f"UPDATE admins SET org_id = '{NOBODY}' WHERE email = 'a@x.org'"], "admin_elsewhere", True, login)


@case
def documents_without_organization():
    """documents of no organization are found, and removed by a repair; those of others stay"""
    planted([f"INSERT INTO documents VALUES ('{NOBODY}', '1', '{{}}'), ('{NOBODY}', '2', '{{}}')",
             "INSERT INTO documents SELECT org_id, '3', '{}' FROM organizations"], "documents_unowned", True,
            lambda world: equal(world.count("documents"), 2))


@case
def wrong_slugs():
    """a slug that is not its name's is derived again if it is free, else left"""
    planted(["UPDATE organizations SET slug = 'other' WHERE slug = 'acme'"], "slug_wrong", True,
            lambda world: equal(world.slugs(), ["acme", "zorn"]))
    planted(["UPDATE organizations SET slug = 'other', organization_name = 'ZORN' WHERE slug = 'acme'"],
            "slug_wrong", False)


@case
def chained_slugs():
    """slugs that wait for each other are all set right"""
    with World() as world:
        for name in ("A", "B", "C"):
            world.create(name, name + "@x.org")
        world.plant("UPDATE organizations SET slug = 'x' WHERE slug = 'c'",
                    "UPDATE organizations SET slug = 'c' WHERE slug = 'b'",
                    "UPDATE organizations SET slug = 'b' WHERE slug = 'a'")
        equal(findings(world, "--repair", "--yes", status=0), {"slug_wrong": "mended"})
        equal(world.slugs(), ["a", "b", "c"])
        equal(findings(world, status=0), {})


@case
def wrong_emails():
    """an email that is not normalized is set right if it is free; one that is none is left"""
    planted(["UPDATE admins SET email = ' A@X.org' WHERE email = 'a@x.org'"], "email_wrong", True,
            lambda world: world.ok("admin", "show", "a@x.org"))
    planted(["UPDATE admins SET email = 'Z@x.org' WHERE email = 'a@x.org'"], "email_wrong", False)
    planted(["UPDATE admins SET email = 'nobody' WHERE email = 'a@x.org'"], "email_invalid", False)


@case
def wrong_names_ids_and_versions():
    """names that are none and malformed ids are left, token versions below 1 are replaced"""
    planted(["UPDATE organizations SET organization_name = ' Acme' WHERE slug = 'acme'"], "name_invalid", False,
            lambda world: world.ok("org", "rename", "acme", "Acme"))
    planted(["UPDATE organizations SET admin_id = 'X' WHERE slug = 'acme'",
             "UPDATE admins SET admin_id = 'X' WHERE email = 'a@x.org'"], "id_malformed", False)
    planted(["UPDATE admins SET token_version = 0 WHERE email = 'a@x.org'"], "version_invalid", True)


@case
def repair_asks():
    """a repair shows what it found and asks; it refuses without a terminal"""
    with World() as world:
        world.create("Acme", "a@x.org")
        world.plant("UPDATE organizations SET slug = 'other'")
        world.expect(1, "store", "check", "--repair")
        equal(world.on_terminal("store", "check", "--repair", answers=["n\n"]).status, 1)
        equal(world.slugs(), ["other"])
        shown = world.on_terminal("store", "check", "--repair", answers=["y\n"])
        equal(shown.status, 0, f"{shown}")
        assert "1 found, 1 mended, 0 left" in shown.out, shown
        equal(world.on_terminal("store", "check", "--repair").status, 0, "nothing to ask about")


@case
def damage():
    """a damaged file is found and never repaired"""
    with World() as world:
        world.create("Acme", "a@x.org")
        world.plant("UPDATE organizations SET slug = 'other'",
                    *[f"INSERT INTO documents VALUES ('{NOBODY}', '{n}', '{'x' * 3000}')" for n in range(40)])
        world.plant("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(world.database, "r+b") as file:
            file.seek(os.path.getsize(world.database) - 2 * 4096)
            file.write(random.Random(1).randbytes(4096))
        states = findings(world, "--repair", "--yes")
        equal(states.get("store_damaged"), "left", f"{states}")
        assert "mended" not in states.values(), states
        world.expect(1, "backup", world.path("bad"))
        assert not os.path.exists(world.path("bad")), "a backup of a damaged store was kept"


@case
def backs_up_and_restores():
    """a backup is private, never over a file; it fills an empty store only, and logins work there"""
    with World() as world, World() as other:
        world.create("Acme", "a@x.org")
        world.plant("INSERT INTO documents SELECT org_id, '1', '{}' FROM organizations")
        path = world.path("backup")
        world.ok("backup", path)
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the backup")
        with open(path, "rb") as file:
            before = file.read()
        world.create("Zorn", "z@x.org")
        equal(world.expect(1, "backup", path, "--json").json["error"], "file")
        with open(path, "rb") as file:
            equal(file.read() == before, True, "the backup is untouched")
        equal(world.expect(1, "restore", path, "--yes", "--json").json["error"], "store_not_empty")
        equal(world.slugs(), ["acme", "zorn"])
        other.expect(1, "restore", path)
        equal(other.on_terminal("restore", path, answers=["n\n"]).status, 1)
        assert not os.path.exists(other.database), "a refused restore made a store"
        equal(other.on_terminal("restore", path, answers=["y\n"]).status, 0)
        equal((other.slugs(), other.count("documents")), (["acme"], 1))
        equal(findings(other, status=0), {})
        assert other.start().login("a@x.org"), "login at the restored store"
        left = [name for name in os.listdir(world.directory) if name.startswith("backup.")]
        equal(left, [], "left files")


@case
def refuses_what_is_no_backup():
    """a restore from anything that is not a whole backup changes nothing"""
    with World() as world, World() as source:
        source.create("Acme", "a@x.org")
        good = source.path("good")
        source.ok("backup", good)
        with open(good, "rb") as file:
            data = file.read()

        def refused(text, statements=()):
            path = world.path("bad")
            with open(path, "wb") as file:
                file.write(text)
            if statements:
                connection = sqlite3.connect(path)
                with connection:
                    for statement in statements:
                        connection.execute(statement)
                connection.close()
            equal(world.expect(1, "restore", path, "-y", "--json").json["error"], "no_backup", f"{statements}")
            equal(world.slugs(), [], "organizations after a refusal")

        refused(b"")
        refused(b"root:x:0:0:root\n" * 200)
        refused(data[:len(data) // 2])
        refused(data[:4096] + b"\xff" * 3000 + data[7096:])
        refused(data, ["PRAGMA user_version = 99"])
        refused(data, ["DROP TABLE documents"])
        refused(data, ["ALTER TABLE admins ADD COLUMN x TEXT"])
        refused(data, ["PRAGMA foreign_keys = OFF", "UPDATE admins SET org_id = 'nowhere'"])
        equal(world.expect(1, "restore", world.path("none"), "-y", "--json").json["error"], "file")
        equal(world.expect(1, "restore", world.directory, "-y", "--json").json["error"], "no_backup")
        world.ok("restore", good, "-y")


@case
def backs_up_under_load():
    """backups while the service writes are whole: each restores to a store without findings"""
    with World() as world:
        world.create("First", "first@x.org")
        world.start()
        stop = threading.Event()
        made = []

        def load(worker):
            for number in range(100000):
                if stop.is_set():
                    return
                name = f"w{worker}n{number}"
                body = {"organization_name": name, "email": name + "@x.org", "password": PASSWORD}
                if world.call("POST", "/org/create", body).status != 201:
                    raise AssertionError("a create failed beside the backup")
                made.append(name)
                if number % 3 == 0:
                    token = world.login(name + "@x.org")
                    equal(world.call("DELETE", "/org/delete", token=token).status, 200)

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(made) > 20, 30, "some organizations")
            for number in range(5):
                world.ok("backup", world.path(f"b{number}"))
                equal(findings(world, status=0), {}, "check under load")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        for number in range(5):
            with World() as other:
                other.ok("restore", world.path(f"b{number}"), "--yes")
                equal(findings(other, status=0), {}, f"backup {number}")
                assert other.count("organizations") > 5, "an empty backup"
                assert other.start().login("first@x.org"), "login at the restored store"


@case
def restores_beside_the_service():
    """a restore into the empty store of a running service: it serves what came at once"""
    with World() as world, World() as source:
        source.create("Acme", "a@x.org")
        source.ok("backup", source.path("b"))
        world.start()
        equal(world.login("a@x.org"), None)
        world.ok("restore", source.path("b"), "--yes")
        assert world.login("a@x.org"), "login after the restore"
        equal(world.call("GET", "/org/get?slug=acme").status, 200)


@case
def killed_backup():
    """a backup that is ended by a signal leaves no file of either name; one by kill -9 none of its name"""
    with World() as world:
        world.create("Acme", "a@x.org")
        row = "x" * 2000
        world.plant("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
                    f"INSERT INTO documents SELECT org_id, i, '{row}' FROM organizations, n")
        for number, (sent, status) in enumerate(((signal.SIGTERM, -15), (signal.SIGKILL, -9))):
            path = world.path(f"b{number}")
            running = subprocess.Popen([ORGCTL, "backup", path], env=world.env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            wait_until(lambda: any(name.startswith(f"b{number}.") for name in os.listdir(world.directory)), 10,
                       "the growing file")
            time.sleep(0.02)
            running.send_signal(sent)
            equal(running.wait(30), status, "exit status")
            assert not os.path.exists(path), "half a backup has its name"
        equal([name for name in os.listdir(world.directory) if name.startswith("b0")], [], "left by SIGTERM")
        shown = world.on_terminal("backup", world.path("whole"))
        equal(shown.status, 0, f"{shown}")


@case
def belongs_to_the_directory():
    """a store that root makes belongs to its directory's owner"""
    if os.geteuid() != 0:
        return
    with World() as world:
        os.chown(world.directory, 65534, 65534)
        world.create("Acme", "a@x.org")
        status = os.stat(world.database)
        equal((status.st_uid, status.st_gid), (65534, 65534), "owner")
