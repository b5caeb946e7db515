# SPDX-License-Identifier: Apache-2.0
"""Two orgd processes on a MongoDB database of their own, one of which is stopped at a step; and the judgement.

The database is looked at directly too, and changed as an outside program would.
"""
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from urllib.parse import quote

import fastcgi
import mongo_judge
from crash_world import State, fresh_state, patiently
from mongo_deeds import Party, created, explain
from mongo_wire import Message, MongoClient
from orgctl_support import ORGCTL
from process import Orgd, short_directory
from tap import equal
from wire_proxy import Proxy

LEASE_MS = 1000      # of processes that are to recover soon; the others keep the real one
RECOVERY = 15.0      # what is promised, with the real lease
DOCUMENTS = 3
ALONE = os.environ.get("ORGD_TEST_PROCESSES") == "1"  # the server does not stand several processes


class Disturbed(Exception):
    """The case did not come to what it is about, as on a machine that is too busy: it says nothing."""


class Call(threading.Thread):
    """A request in a thread of its own; `answer` is None when it was cut off."""

    def __init__(self, path, method, uri, body=None, token=None):
        super().__init__(daemon=True)
        self.arguments, self.token, self.answer = (path, method, uri, body), token, None
        self.start()

    def run(self):
        with contextlib.suppress(fastcgi.Broken, ConnectionError):
            self.answer = fastcgi.call(*self.arguments, token=self.token, timeout=60)

    def wait(self):
        self.join(70)
        if self.is_alive():
            raise AssertionError(f"no answer: {self.arguments}")
        return self.answer


def process_state(pid):
    """The letter of proc(5): T for one that is stopped, Z for one that has ended."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def is_stopped(pid):
    return process_state(pid) == "T"


def orgctl(orgd, *arguments, failpoint=None, text=""):
    """A process of orgctl on an orgd's store, with a text for its standard input."""
    env = {name: value for name, value in orgd.env.items() if not name.startswith("ORGD_TEST_")}
    if failpoint is not None:
        env["ORGD_TEST_FAILPOINT"] = failpoint
    process = subprocess.Popen([ORGCTL, *arguments], env=env, cwd=orgd.directory, text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.stdin.write(text)
    process.stdin.close()
    process.stdin = None
    return process


def findings_of_orgctl(orgd):
    """The words of what `orgctl store check` finds, sorted."""
    out, _ = orgctl(orgd, "store", "check", "--json").communicate(timeout=60)
    return sorted(finding["finding"] for finding in json.loads(out.splitlines()[-1])["findings"])


class OldServer(Proxy):
    """A server before MongoDB 6.0, as far as orgd asks: it does not compare UUIDs."""

    def _greeting(self, answer, command):
        body = super()._greeting(answer, command).body
        return Message.of({**body, "maxWireVersion": 13}, command.message.number, answer.opcode)


class Stoppable(Orgd):
    """One that may stop itself before it serves."""

    def says_serving(self):
        return is_stopped(self.pid) or super().says_serving()


class World:
    """The processes are `victim`, which is stopped and killed, and `rival`; the parties begin with `subject`
    and `other`, two organizations with documents. `wanted`: what an operation of the victim asks for."""

    def __init__(self, uri, proxy=None):
        """proxy: a class of Proxy, if there is to be one between them and the server."""
        self.directory, self.proxy = short_directory(), proxy(uri) if proxy else None
        self.env = {"MONGO_URI": self.proxy.uri if proxy else uri, "ORGD_WORKERS": "4", "ORGD_HASH_QUEUE": "4"}
        self.victim = Stoppable(self.directory, env=self.env, name="victim")
        self.rival = Orgd(self.directory, env=self.env, name="rival")
        self.third = Stoppable(self.directory, env=self.env, name="third")
        self.client = MongoClient(uri)
        self.database = self.client.database
        self.wanted = fresh_state()
        self.parties, self.documents, self.foreign = [], {}, {}
        self.subject = self.other = self.pass_ = None
        self.repaired = False
        self.stopped = self.victim  # or an orgctl in its place
        self.witness = self.rival if ALONE else self.victim

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.stopped is not self.victim:
            self.stopped.kill()
        for orgd in (self.victim, self.rival, self.third):
            orgd.close()
        if self.proxy is not None:
            self.proxy.close()
        self.client.command(self.database, {"dropDatabase": 1})
        self.client.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # Processes

    def start(self, orgd, lease_ms=None, failpoint=None, **env):
        """failpoint: "STEP:before" or "STEP:after", where it stops itself once."""
        hooks = {"ORGD_TEST_LEASE_MS": lease_ms and str(lease_ms), "ORGD_TEST_FAILPOINT": failpoint, **env}
        orgd.env = {**{name: value for name, value in orgd.env.items() if name not in hooks},
                    **{name: value for name, value in hooks.items() if value is not None}}
        orgd.start()

    @staticmethod
    def wait_for_stop(process, call=None):
        """Until it has stopped itself; Disturbed if the call that should bring it there is answered."""
        end = time.monotonic() + 20
        while not is_stopped(process.pid):
            if call is not None and not call.is_alive() and not is_stopped(process.pid):
                raise Disturbed(f"{call.arguments} was answered: {call.answer}")
            if process_state(process.pid) == "Z":
                raise Disturbed("the process ended")
            if time.monotonic() > end:
                raise Disturbed("nothing happened")
            time.sleep(0.002)

    def end_stopped(self, how):
        """"kill" or "wake"."""
        if how == "kill":
            self.stopped.kill()
            return
        os.kill(self.stopped.pid, signal.SIGCONT)
        if self.stopped is not self.victim:
            self.stopped.wait(60)

    def run_orgctl(self, *arguments, failpoint=None, text=""):
        """A process of it, that stops itself at the failpoint, in the place of the victim."""
        self.stopped = orgctl(self.rival, *arguments, failpoint=failpoint, text=text)
        return self.stopped

    def finish_orgctl(self, *arguments, text=""):
        """Likewise, to its end: (exit status, what it said)."""
        process = self.run_orgctl(*arguments, text=text)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def restart_both(self):
        """kill -9 and a start of each, with a short lease and without failpoint."""
        for orgd in (self.victim, self.rival):
            if orgd.process is not None:
                orgd.kill()
        self.start(self.rival, LEASE_MS)
        if not ALONE:
            self.start(self.victim, LEASE_MS)

    # Parties, and what is done to them

    def party(self, first=None, org_id=None):
        party = Party(first, org_id)
        self.parties.append(party)
        return party

    def populate(self):
        """The two organizations that there are at first, each with documents."""
        self.subject, self.other = self.found(fresh_state()), self.found(fresh_state())
        self.pass_ = self.token(self.subject)

    def clear(self):
        """As if nothing had ever been."""
        self.client.command(self.database, {"dropDatabase": 1})
        self.parties, self.documents = [], {}

    def found(self, state):
        org = self.undisturbed(fastcgi.call(self.rival.socket_path, "POST", "/org/create", state.input(), timeout=20))
        self.documents[org["org_id"]] = [{"_id": n, "of": state.name} for n in range(DOCUMENTS)]
        self.client.insert(self.database, org["collection_name"], self.documents[org["org_id"]])
        return self.party(state, org["org_id"])

    def token(self, party):
        """Of whichever of its possible states can log in."""
        for state in party.possible() - {None}:
            answer = patiently(10, self.rival.socket_path, "POST", "/admin/login", state.credentials())
            if answer.status == 200:
                return answer.json()["access_token"]
        return None

    @staticmethod
    def undisturbed(answer):
        """The organization that a create must give."""
        if answer is not None and answer.status == 503:
            raise Disturbed(f"a create that must succeed: {answer}")
        if answer is None or answer.status != 201:
            raise AssertionError(f"a create that must succeed: {answer}")
        return answer.json()

    def ask(self, orgd, party, change, method, uri, body=None, token=None):
        """A request of a party to one process, to its end."""
        deed, call = party.deed(change), Call(orgd.socket_path, method, uri, body, token)
        self.settle_deed(party, deed, call)
        return call.answer

    @staticmethod
    def settle_deed(party, deed, call):
        answer = call.wait()
        deed.take(answer)
        if answer is not None and answer.status == 201:
            party.org_id = answer.json()["org_id"]

    # Judgement

    def snapshot(self):
        return mongo_judge.Snapshot(self.client, self.database)

    def wait_for_recovery(self, tolerated=()):
        """Until nothing is wrong but what may stay: {word: how many}. Returns the time it took."""
        begin = time.monotonic()
        while left := [finding for finding in self.snapshot().findings() if finding.word not in tolerated]:
            if time.monotonic() > begin + RECOVERY:
                raise AssertionError("not recovered: " + ", ".join(map(str, left)))
            time.sleep(0.05)
        return time.monotonic() - begin

    def recover_beside(self, tolerated):
        """The stopped victim is taken for dead: what it began is finished or undone, and its claims are swept."""
        self.rival.kill()
        self.start(self.rival, LEASE_MS)
        self.wait_for_recovery(tolerated)

    def universe(self):
        """Every name, email and password that any party may have or have had."""
        states = {self.wanted, *(party.first for party in self.parties if party.first),
                  *(state for party in self.parties for state in party.possible() if state)}
        return [sorted({getattr(state, part) for state in states}) for part in ("name", "email", "password")]

    def judge(self):
        """All is as some order of what was asked would have made it, as the service tells and as it is stored."""
        names, emails, passwords = self.universe()
        actual = self.actual(emails, passwords)
        who = explain(self.parties, actual)
        if who is None:
            raise AssertionError(f"{actual} is none of {[party.possible() for party in self.parties]}")
        self.judge_names(names, actual)
        self.judge_token(who)
        self.judge_documents(actual)
        taken = {state.name.casefold() for state in actual.values()}
        free = {name.casefold(): name for name in names if name.casefold() not in taken}
        self.judge_free(free.values(), sorted(set(emails) - {state.email for state in actual.values()}))
        return who

    def actual(self, emails, passwords):
        """{org_id: state} as each can be logged in to; every other pair of credentials is refused."""
        snapshot, found = self.snapshot(), {}
        for email, password in itertools.product(emails, passwords):
            answer = patiently(5, self.rival.socket_path, "POST", "/admin/login",
                               {"email": email, "password": password})
            if answer.status == 200:
                org = answer.json()
                if org["org_id"] in found:
                    raise AssertionError(f"{found[org['org_id']]} and {email}, {password} both log in")
                found[org["org_id"]] = State(org["organization_name"], email, password)
            elif answer.status != 401:
                raise AssertionError(f"login: {answer}")
        equal(set(found), {str(id_) for id_ in snapshot.organizations}, "organizations that can be logged in to")
        return found

    def judge_names(self, names, actual):
        """Each name gives its organization; another one gives none."""
        owners = {state.name.casefold(): org_id for org_id, state in actual.items()}
        for name in names:
            answer = patiently(5, self.witness.socket_path, "GET", "/org/get?organization_name=" + quote(name))
            found = answer.json()["org_id"] if answer.status == 200 else None
            if answer.status not in (200, 404) or found != owners.get(name.casefold()):
                raise AssertionError(f"{name} of {owners}: {answer}")

    def judge_token(self, who):
        """The subject's first token is good as long as its email and password are the same; `repaired` kills it."""
        if self.subject not in self.parties:
            return
        _, state = who.get(self.subject, (None, None))
        same = state is not None and state.credentials() == self.subject.first.credentials()
        answer = patiently(5, self.rival.socket_path, "PUT", "/org/update",
                           {"organization_name": state.name if state else "Nobody"}, token=self.pass_)
        if answer.status != (200 if same and not self.repaired else 401):
            raise AssertionError(f"the token of {self.subject.first}, now {state}: {answer}")

    def judge_documents(self, actual):
        """Each organization has its own documents, and nothing else; what was foreign is still somewhere."""
        snapshot = self.snapshot()
        for organization in snapshot.organizations.values():
            documents = self.client.find(self.database, organization["collection_name"])
            equal(sorted(documents, key=str), self.documents.get(str(organization["_id"]), []),
                  "documents of " + organization["slug"])
        places = {uuid: name for name, uuid in snapshot.collections.items()}
        for uuid, documents in self.foreign.items():
            equal(self.client.find(self.database, places.get(uuid, "nowhere")), documents, "foreign documents")

    def judge_free(self, names, emails):
        """What nobody has can be had."""
        for name, email in itertools.zip_longest(names, emails):
            fresh = fresh_state()
            state = State(name or fresh.name, email or fresh.email, fresh.password)
            self.undisturbed(self.ask(self.rival, self.party(), created(state), "POST", "/org/create", state.input()))

    def judge_check(self, tolerated):
        """`orgctl store check` says the same as the judge."""
        words = findings_of_orgctl(self.rival)
        own = sorted(finding.word for finding in self.snapshot().findings())
        equal(words, own, "findings of orgctl store check")
        if set(words) - set(tolerated):
            raise AssertionError(f"orgctl store check: {words}")
