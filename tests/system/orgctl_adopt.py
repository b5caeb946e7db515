# SPDX-License-Identifier: Apache-2.0
"""orgctl store adopt, as a command: what it says, asks and refuses. The store behind it is a fake one."""
import os
import subprocess

from orgctl_support import ORGCTL, World
from tap import case, equal

HERE = os.path.dirname(os.path.abspath(__file__))


class Fake(World):
    """A world whose module for MongoDB is tests/system/fake_store.c."""

    def __enter__(self):
        version = subprocess.run([ORGCTL, "-V"], capture_output=True, check=True).stdout.decode().split()[1]
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f'-DVERSION="{version}"', "-D_GNU_SOURCE",
                        "-I", os.path.join(HERE, "../../src"), "-o", self.path("store_mongo.so"),
                        os.path.join(HERE, "fake_store.c")], check=True)
        self.env["ORGD_MODULE_DIR"] = self.directory
        self.env["FAKE_STORE_LOG"] = self.path("log")
        return self

    def at(self, host):
        """Settings of a database, and nothing done with it yet."""
        open(self.path("log"), "w").close()
        return {"MONGO_URI": f"mongodb://{host}"}

    def done(self):
        with open(self.path("log")) as file:
            return file.read().split()


LINES = """organization_adopted: 0123456789abcdef01234567 is taken over (Acme)
slug_derived: 0123456789abcdef01234567 gets the slug of its name (acme_corp to acme-corp)
hash_adopted: a?[31m@x.org keeps its password: its hash is taken over
"""


@case
def adopt_shows_and_asks():
    """adopt shows what it would do and does it when told so; --dry-run never does; without a terminal it needs --yes"""
    with Fake() as world:
        plain = world.at("plain")
        equal(world.ok("store", "adopt", "--dry-run", env=plain).out, LINES + "3 to do; nothing was changed\n")
        equal(world.done(), ["dry"])
        equal(world.expect(1, "store", "adopt", env=world.at("plain")).out, LINES)
        equal(world.done(), ["dry"])
        equal(world.ok("store", "adopt", "--yes", env=world.at("plain")).out, LINES + "3 done\n")
        equal(world.done(), ["dry", "real"])
        equal(world.on_terminal("store", "adopt", answers=["n\n"], env=world.at("plain")).status, 1)
        equal(world.done(), ["dry"])
        shown = world.on_terminal("store", "adopt", answers=["y\n"], env=world.at("plain"))
        assert shown.status == 0 and shown.out.endswith("3 done\r\n"), shown
        equal(world.done(), ["dry", "real"])
        equal(world.ok("store", "adopt", env=world.at("nothing")).out, "nothing to adopt\n")
        equal(world.done(), ["dry"])


@case
def adopt_refuses_conflicts():
    """after a conflict nothing is done, and the status is 1"""
    with Fake() as world:
        for more in (["--yes"], ["--dry-run"]):
            result = world.expect(1, "store", "adopt", *more, env=world.at("conflict"))
            equal(result.out, LINES + "email_conflict: a@x.org has the same email as another admin (twice): left to you\n"
                  "1 in conflict; nothing was changed\n")
            equal(world.done(), ["dry"])
        equal(world.expect(1, "store", "adopt", env=world.at("down")).out, "")


@case
def adopt_in_json():
    """--json prints one object, and asks for --yes unless --dry-run"""
    with Fake() as world:
        result = world.ok("store", "adopt", "--dry-run", "--json", env=world.at("plain")).json
        equal([result[key] for key in ("found", "conflicts", "adopted")], [3, 0, False])
        equal(result["adoptions"][1], {"adoption": "slug_derived", "subject": "0123456789abcdef01234567",
                                       "message": "gets the slug of its name", "detail": "acme_corp to acme-corp",
                                       "conflict": False})
        equal(world.expect(1, "store", "adopt", "--json", env=world.at("plain")).json["error"], "not_confirmed")
        equal(world.done(), [])
        result = world.ok("store", "adopt", "--json", "-y", env=world.at("plain")).json
        equal([result["adopted"], world.done()], [True, ["real"]])
        result = world.expect(1, "store", "adopt", "--json", "-y", env=world.at("conflict")).json
        equal([result["conflicts"], result["adopted"]], [1, False])
        equal(world.expect(1, "store", "adopt", "--json", "-y", env=world.at("down")).json["error"], "store_unavailable")


@case
def adopt_is_for_mongodb():
    """on SQLite there is nothing to adopt"""
    with World() as world:
        world.create("Acme", "a@x.org")
        equal(world.expect(1, "store", "adopt", "--json", "--yes").json["error"], "not_adoptable")
