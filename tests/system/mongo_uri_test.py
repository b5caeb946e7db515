# SPDX-License-Identifier: Apache-2.0
"""What MONGO_URI may say of reading, writing and connections: what counts, and what orgd does all the same."""
import sys

import fastcgi
from mongo_server import run_cases
from mongo_support import Database
from promises import expect, must
from tap import case, equal, together
from wire_faults import delay
from wire_proxy import Proxy

USER = {"organization_name": "Acme", "email": "a@x.org", "password": "violet-anvil-72-meadow"}
THREADS = 8
OTHER_CONNECTIONS = 4  # of the janitor, the watch and the driver's own


class World(Database):
    """orgd behind a proxy, with options in its URI."""

    def __init__(self, server, options):
        super().__init__(server)
        self.proxy = Proxy(self.uri)
        self.orgd.env.update(MONGO_URI=f"{self.proxy.uri}?{options}", ORGD_WORKERS=str(THREADS))

    def __enter__(self):
        super().__enter__()
        self.orgd.start()
        return self

    def __exit__(self, *rest):
        super().__exit__(*rest)
        self.proxy.close()

    def call(self, method, uri, body=None, **about):
        return fastcgi.call(self.orgd.socket_path, method, uri, body, **about)

    def use(self):
        """One of each request; returns the commands that they were."""
        with self.proxy.recording() as commands:
            expect(self.call("POST", "/org/create", USER), 201)
            answer = self.call("POST", "/admin/login", {"email": USER["email"], "password": USER["password"]})
            token = expect(answer, 200).json()["access_token"]
            expect(self.call("GET", "/org/get?slug=acme"), 200)
            expect(self.call("PUT", "/org/update", {"organization_name": "Zorn"}, token=token), 200)
            expect(self.call("DELETE", "/org/delete", token=token), 200)
        return commands


def concerns_of(commands):
    """({what writes wait for}, {the levels that documents are read with}, {where reads may go})."""
    writes = [one.body for one in commands if one.writes]
    reads = [one.body for one in commands if one.name in ("find", "count")]
    must(len(writes) > 10 and len(reads) > 5, "the commands", commands)
    return ({(body["writeConcern"]["w"], body["writeConcern"]["wtimeout"], body["writeConcern"].get("j")) for body in writes},
            {body["readConcern"]["level"] for body in reads},
            {body.get("$readPreference", {}).get("mode", "primary") for body in reads} - {"primaryPreferred"})


@case
def concerns(server):
    """writes wait for a majority and reads ask for one, at the primary, whatever the URI says"""
    for options in ("w=1&readConcernLevel=local&readPreference=secondary&maxStalenessSeconds=120",
                    "w=0&readConcernLevel=linearizable&readPreference=nearest&readPreferenceTags=dc:ny&retryWrites=false"):
        with World(server, options) as world:
            equal(concerns_of(world.use()), ({("majority", 1500, None)}, {"majority"}, {"primary"}), options)


@case
def journal(server):
    """that a write waits for the journal too, and for how long, is the URI's to say"""
    with World(server, "journal=true&wtimeoutMS=1234") as world:
        equal(concerns_of(world.use())[0], {("majority", 1234, True)}, "what writes wait for")


@case
def idle_connections(server):
    """connections are kept between requests, whatever pool the URI asks for"""
    for options in ("minPoolSize=1", "maxPoolSize=1", "minPoolSize=1&maxPoolSize=1"):
        with World(server, options) as world:
            expect(world.call("POST", "/org/create", USER), 201)
            with world.proxy.faulty("find", kind=delay(0.05), count=None):
                for _ in range(6):
                    for answer in together([lambda: world.call("GET", "/org/get?slug=acme")] * THREADS):
                        expect(answer, 200)
            must(world.proxy.accepted <= THREADS + OTHER_CONNECTIONS, f"connections, {options}", world.proxy.accepted)


if __name__ == "__main__":
    sys.exit(run_cases("what MONGO_URI may say"))
