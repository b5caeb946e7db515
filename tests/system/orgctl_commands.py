# SPDX-License-Identifier: Apache-2.0
"""orgctl's commands on organizations, admins and tokens; its help, prompts and refusals."""
import base64
import json
import os
import re
import stat
import subprocess
import time

from orgctl_support import ORGCTL, PASSWORD, World
from tap import case, equal

GROUPS = ("org", "admin", "token", "store")


def commands(world):
    """The names of all commands, from the overview."""
    text = world.ok("--help").out
    names = re.search(r"commands:\n(.*?)\n\n", text, re.DOTALL)[1].splitlines()
    return [" ".join(line.split()[:2 if line.split()[0] in GROUPS else 1]) for line in names]


@case
def help_leads():
    """--help names every command with an example; each command's help has its own; all exit 0"""
    with World() as world:
        overview = world.ok("--help")
        names = commands(world)
        equal(len(names), 18, f"commands {names}")
        for name in names:
            own = world.ok(*name.split(), "--help")
            assert f"example: orgctl {name}" in own.out, own
            assert f"\n  orgctl {name}" in overview.out, name
            equal(world.ok(*name.split(), "-h").out, own.out, f"-h of {name}")
        for name in GROUPS:
            assert f"orgctl {name} " in world.ok(name, "--help").out, name
            world.expect(2, name)
        world.expect(2)
        assert world.ok("-V").out.startswith("orgctl "), "version"
        assert not os.path.exists(world.database), "help made a store"


@case
def wrong_usage():
    """a wrong command line is exit 2, says what is wrong, and changes nothing"""
    with World() as world:
        for args, word in ((("org", "lst"), "org list"), (("nonsense",), "no command"),
                           (("org", "list", "x"), "takes no arguments"), (("org", "show"), "ORG"),
                           (("org", "show", "a", "b"), "ORG"), (("org", "rename", "a"), "NAME"),
                           (("org", "create", "Acme"), "--email"), (("org", "show", "a", "--repair"), "--repair"),
                           (("org", "list", "--yes"), "--yes"), (("org", "list", "--frob"), "frob"),
                           (("org", "list", "--limit"), "limit"), (("backup",), "FILE")):
            assert word in world.expect(2, *args).err, args
        world.create("Acme", "a@x.org")
        for args in (("--limit", "0"), ("--limit", "1001"), ("--limit", "x"), ("--sort", "size"),
                     ("--sort", "created", "--after", "acme")):
            world.expect(2, "org", "list", *args)
        world.expect(2, "token", "check", "eyJ.eyJ.abc", env={"JWT_SECRET_KEY": "k" * 16 + "m" * 16})
        equal(world.slugs(), ["acme"])


@case
def without_a_store():
    """without a store commands refuse and make none; org create makes it, private"""
    with World() as world:
        for args in (("org", "list"), ("store", "info"), ("store", "check"), ("backup", "b")):
            result = world.expect(1, *args, "--json")
            equal(result.json["error"], "no_store", f"{args}")
        assert not os.path.exists(world.database), "a store was made"
        org = world.create("Acme Corp", "Admin@Acme.Example")
        equal((org["slug"], org["collection_name"], org["status"]), ("acme-corp", "org_acme-corp", "active"))
        equal(stat.S_IMODE(os.stat(world.database).st_mode), 0o600, "mode of the database")
        for variable in ({"ORGD_STORE": "postgres:x"}, {"ORGD_STORE": f"sqlite:{world.directory}"}):
            world.expect(1, "org", "list", env=variable)


@case
def configuration():
    """the .env file is -c FILE; no key is needed but for tokens; a bad file is refused"""
    with World() as world:
        path = world.path("settings")
        with open(path, "w") as file:
            file.write(f"ORGD_STORE=sqlite:{world.path('other.db')}\nORGD_CREATE=closed\n")
        world.expect(1, "-c", path, "org", "list")
        os.chmod(path, 0o600)
        world.ok("-c", path, "org", "create", "Acme", "--email", "a@x.org", input=PASSWORD)
        assert os.path.exists(world.path("other.db")), "the file's store was not used"
        assert "JWT_SECRET_KEY" in world.expect(1, "-c", path, "token", "check", input="x").err
        world.expect(1, "-c", world.path("none"), "org", "list")


@case
def creates():
    """org create keeps the service's rules, while creation is closed too"""
    with World() as world:
        closed = {"ORGD_CREATE": "closed"}

        def refused(name, email, password, **more):
            return world.expect(1, "org", "create", name, "--email", email, "--json", input=password, **more).json

        for name, email, password, field, code in (
                ("", "a@x.org", PASSWORD, "organization_name", "too_short"),
                ("x" * 101, "a@x.org", PASSWORD, "organization_name", "too_long"),
                ("a\x1bb", "a@x.org", PASSWORD, "organization_name", "invalid"),
                ("Acme", "a@x", PASSWORD, "email", "invalid"),
                ("Acme", "a@x.org", "short", "password", "too_short"),
                ("Acme", "a@x.org", "x" * 73, "password", "too_long"),
                ("Acme", "a@x.org", "password123", "password", "too_common"),
                ("Acme", "admin@acme.example", "Admin@acme.example", "password", "invalid"),
                ("Acme and Sons", "a@x.org", "ACME and  sons", "password", "invalid"),
                ("Acme", "a@x.org", b"\xff\xfe234567890", "password", "invalid")):
            errors = refused(name, email, password)["errors"]
            equal([(error["field"], error["code"]) for error in errors], [(field, code)], f"{name!r} {password!r}")
        both = world.expect(1, "org", "create", "", "--email", "x", "--json").json
        equal(len(both["errors"]), 2, "both faults")
        equal(refused("Acme", "a@x.org", "")["error"], "no_input")
        equal(refused("Acme", "a@x.org", b"abc\0defghijkl\n")["error"], "invalid_input")
        world.ok("org", "create", "Acme", "--email", "a@x.org", input=PASSWORD, env=closed)
        equal(refused("ACME", "b@x.org", PASSWORD)["error"], "organization_exists")
        equal(refused("Other", "A@X.org", PASSWORD)["error"], "email_taken")
        equal(refused("Other", "b@x.org", PASSWORD, env={"ORGD_MAX_ORGANIZATIONS": "1"})["error"],
              "organization_limit")
        equal(world.slugs(), ["acme"])


@case
def lists():
    """org list sorts, filters and pages, in text and JSON"""
    with World() as world:
        names = ["zebra", "Acme Corp", "Café Zürich", "it's 100%", "acme two", "株式会社"]
        for number, name in enumerate(names):
            world.create(name, f"a{number}@x.org")
            time.sleep(0.002)
        equal(len(world.slugs()), 6)
        created = world.slugs("--sort", "created")
        equal(created[:3], ["zebra", "acme-corp", "cafe-zurich"])
        equal(world.slugs("--sort", "slug"), sorted(created))
        equal(world.slugs("--name", "ACME"), ["acme-corp", "acme-two"])
        equal(world.slugs("--name", "ZÜR"), ["cafe-zurich"])
        equal(world.slugs("--name", "%"), ["it-s-100"])
        equal(world.slugs("--name", "nobody"), [])
        equal(world.ok("org", "list", "--name", "nobody").out, "no organizations\n")
        for sort in ("name", "created", "slug"):
            whole, paged, more = world.slugs("--sort", sort), [], []
            for _ in range(6):
                page = world.ok("org", "list", "--json", "--sort", sort, "--limit", "1", *more).json
                paged += [org["slug"] for org in page["organizations"]]
                more = ["--after", page.get("next", "")]
            equal((paged, "next" in page), (whole, False), f"pages by {sort}")
        text = world.ok("org", "list", "--limit", "4").out
        equal(text.splitlines()[-1], "more: --after 'it'\\''s 100%'")
        world.ok("org", "delete", "it-s-100", "--yes")
        equal(world.slugs("--after", "it's 100%"), world.slugs()[-2:])


@case
def shows_and_renames():
    """org show finds slug, name and id; rename keeps id and admin; what is not there is exit 1"""
    with World() as world:
        org = world.create("Acme Corp", "a@x.org")
        world.create("Zorn", "z@x.org")
        for word in ("acme-corp", "  ACME  corp ", org["org_id"]):
            shown = world.ok("org", "show", word, "--json").json
            equal(shown, {**org, "admin_email": "a@x.org"})
        assert "acme-corp" in world.ok("org", "show", "acme-corp").out
        # A name with the same slug is another name.
        equal(world.expect(1, "org", "show", "Acme, Corp", "--json").json["error"], "organization_not_found")
        renamed = world.ok("org", "rename", "acme-corp", "Acme Inc", "--json").json
        equal({key: renamed[key] for key in ("org_id", "admin_id", "slug", "organization_name")},
              {"org_id": org["org_id"], "admin_id": org["admin_id"], "slug": "acme-inc",
               "organization_name": "Acme Inc"})
        world.ok("org", "rename", "acme-inc", "Acme Inc")
        world.ok("org", "rename", "acme-inc", "ACME Inc")
        equal(world.expect(1, "org", "rename", "acme-inc", "zorn", "--json").json["error"], "organization_exists")
        equal(world.expect(1, "org", "rename", "acme-inc", " ", "--json").json["errors"][0]["code"], "too_short")
        for args in (("org", "show"), ("org", "delete", "-y"), ("admin", "show"), ("admin", "passwd")):
            world.expect(1, *args, "nobody", input=PASSWORD)
        world.expect(1, "org", "show", b"\xff\xfe".decode(errors="surrogateescape"))
        equal(world.slugs(), ["acme-inc", "zorn"])


@case
def kills_tokens():
    """beside a running service: passwd and email kill tokens at once, a rename does not; token check says why"""
    with World() as world:
        world.create("Acme", "a@x.org")
        keys = {"JWT_SECRET_KEY": world.start().orgd.env["JWT_SECRET_KEY"]}

        def check(token, status, **more):
            return world.expect(status, "token", "check", "--json", input=token + "\n",
                                env={**keys, **more}).json

        first = world.login("a@x.org")
        accepted = check(first, 0)
        equal((accepted["result"], accepted["email"]), ("accepted", "a@x.org"))
        equal(check("Bearer " + first, 0), accepted)
        world.ok("org", "rename", "acme", "Mint")
        assert world.alive(first, "Mint"), "a rename killed the token"
        world.ok("admin", "passwd", "a@x.org", input="another long word 5\n")
        assert not world.alive(first, "Mint"), "passwd left the token alive"
        equal(check(first, 1)["error"], "token_version_old")
        equal(world.login("a@x.org"), None, "login with the old password")
        second = world.login("a@x.org", "another long word 5")
        shown = world.ok("admin", "email", "mint", "B@x.org", "--json").json
        equal((shown["email"], shown["token_version"]), ("b@x.org", 3))
        assert not world.alive(second, "Mint"), "email left the token alive"
        equal(world.login("a@x.org", "another long word 5"), None, "login with the old email")
        third = world.login("b@x.org", "another long word 5")
        world.ok("admin", "email", "b@x.org", "b@x.org")
        assert world.alive(third, "Mint"), "no change killed the token"
        head, body, signature = third.split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        other = base64.urlsafe_b64encode(json.dumps({**claims, "exp": 1}).encode()).decode().rstrip("=")
        for token, word in (("abc", "malformed"), ("", "malformed"), (f"{head}.{body}.{signature[::-1]}",
                            "bad_signature"), (f"{head}.{other}.{signature}", "bad_signature")):
            equal(check(token, 1)["error"], word)
        equal(check(third, 1, ORGD_TOKEN_ISSUER="other")["error"], "bad_claims")
        equal(check(third, 1, JWT_SECRET_KEY=world.ok("secret").out.strip())["error"], "bad_signature")
        check(third, 0, JWT_SECRET_KEY=world.ok("secret").out.strip(),
              JWT_SECRET_KEY_PREVIOUS=keys["JWT_SECRET_KEY"])
        world.expect(2, "token", "check", third, env=keys)
        world.ok("org", "delete", "mint", "--yes")
        assert not world.alive(third, "Mint"), "delete left the token alive"
        equal(check(third, 1)["error"], "organization_gone")


@case
def expired():
    """token check says that a token has expired"""
    with World() as world:
        world.create("Acme", "a@x.org")
        world.orgd.env["ORGD_TOKEN_TTL"] = "1"
        token = world.start().login("a@x.org")
        time.sleep(1.2)
        env = {"JWT_SECRET_KEY": world.orgd.env["JWT_SECRET_KEY"]}
        equal(world.expect(1, "token", "check", "-", "--json", input=token, env=env).json["error"], "expired")


@case
def admins():
    """admin commands find by email, slug, name and id; rules of password and email hold"""
    with World() as world:
        org = world.create("Acme", "a@x.org")
        world.create("Zorn", "z@x.org")
        for word in ("A@x.org", "acme", "ACME", org["org_id"]):
            equal(world.ok("admin", "show", word, "--json").json["admin_id"], org["admin_id"])
        for password, code in (("short", "too_short"), ("password1", "too_common"), ("a@x.orG", "too_short")):
            error = world.expect(1, "admin", "passwd", "acme", "--json", input=password).json["errors"][0]
            equal((error["field"], error["code"]), ("password", code), password)
        equal(world.expect(1, "admin", "email", "acme", "Z@x.org", "--json").json["error"], "email_taken")
        equal(world.expect(1, "admin", "email", "acme", "z", "--json").json["errors"][0]["code"], "invalid")
        equal(world.ok("admin", "show", "acme", "--json").json["token_version"], 1, "after refusals")


@case
def prompts():
    """on a terminal passwords are asked for twice and never shown; a difference or Ctrl-C changes nothing"""
    with World() as world:
        world.create("Acme", "a@x.org")
        secret = "tulip hammer 9"
        shown = world.on_terminal("admin", "passwd", "acme", answers=[secret + "\n", secret + "\n"])
        equal(shown.status, 0, f"{shown}")
        assert "New password: " in shown.out and "Once more: " in shown.out, shown
        assert secret not in shown.out, "the password was shown"
        equal(world.ok("admin", "show", "acme", "--json").json["token_version"], 2)
        shown = world.on_terminal("admin", "passwd", "acme", answers=[secret + "\n", "other" + secret + "\n"])
        equal(shown.status, 1, f"{shown}")
        shown = world.on_terminal("admin", "passwd", "acme", answers=["half\x03"])
        equal(shown.status, -2, f"SIGINT {shown}")
        shown = world.on_terminal("org", "create", "Zorn", "--email", "z@x.org",
                                  answers=[secret + "\n", secret + "\n"])
        equal(shown.status, 0, f"{shown}")
        equal(world.ok("admin", "show", "acme", "--json").json["token_version"], 2, "unchanged")


@case
def asks_before_it_destroys():
    """org delete asks on a terminal, refuses without one, and obeys --yes"""
    with World() as world:
        world.create("Acme", "a@x.org")
        world.create("Zorn", "z@x.org")
        equal(world.expect(1, "org", "delete", "acme", "--json", input="y\n").json["error"], "not_confirmed")
        for answer in ("n\n", "\n", "\x04"):
            equal(world.on_terminal("org", "delete", "acme", answers=[answer]).status, 1, repr(answer))
        equal(world.slugs(), ["acme", "zorn"])
        shown = world.on_terminal("org", "delete", "acme", answers=["y\n"])
        equal(shown.status, 0, f"{shown}")
        assert "Acme" in shown.out and "a@x.org" in shown.out, shown
        equal(world.ok("org", "delete", "Zorn", "-y", "--json").json["organization_name"], "Zorn")
        equal((world.slugs(), world.count("admins")), ([], 0))


@case
def setup():
    """secret is 64 fresh hex digits; init writes a private .env that works, never over one"""
    with World() as world:
        first, second = world.ok("secret").out, world.ok("secret", "--json").json["secret"]
        assert re.fullmatch(r"[0-9a-f]{64}\n", first) and first.strip() != second, (first, second)
        world.ok("init", world.directory)
        path = world.path(".env")
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
        with open(path) as file:
            text = file.read()
        assert re.search(r"^JWT_SECRET_KEY=[0-9a-f]{64}$", text, re.MULTILINE), text
        for _ in range(2):
            equal(world.expect(1, "init", world.directory, "--json").json["error"], "file")
        os.rename(path, world.path("kept"))
        os.symlink("elsewhere", path)
        world.expect(1, "init", world.directory)
        assert not os.path.exists(world.path("elsewhere")), "init wrote through a link"
        with open(world.path("kept")) as file:
            equal(file.read(), text, "the file after refusals")
        world.expect(1, "init", world.path("nowhere"))
        world.create("Acme", "a@x.org")
        result = world.expect(1, "-c", world.path("kept"), "token", "check", input="x.y.z")
        assert "refused: bad signature" in result.err, result
        equal([name for name in os.listdir(world.directory) if name.startswith(".env.")], [], "left files")


@case
def hostile_text():
    """control characters and broken UTF-8 in the store reach neither terminal nor JSON"""
    with World() as world:
        world.create("Acme", "a@x.org")
        world.plant("UPDATE organizations SET organization_name = CAST(x'411b5b33316dff42' AS TEXT)")
        shown = world.ok("org", "list")
        assert "\x1b" not in shown.out and "A?[31m?B" in shown.out, shown
        equal(world.ok("org", "list", "--json").json["organizations"][0]["organization_name"], "A?[31m?B")
        assert "\x1b" not in world.expect(1, "store", "check").out
        world.create("Zorn", "z@x.org")
        equal(world.ok("org", "list", "--json", "--limit", "1").json["next"], "A?[31m?B")


@case
def full_output():
    """a full disk behind the output is exit 1"""
    with World() as world:
        world.create("Acme", "a@x.org")
        with open("/dev/full", "w") as full:
            done = subprocess.run([ORGCTL, "org", "list"], stdout=full, stderr=subprocess.PIPE, env=world.env,
                                  check=False)
        equal(done.returncode, 1)
