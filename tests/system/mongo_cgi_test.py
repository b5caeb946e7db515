#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plain CGI on MongoDB: a process for each request, so nothing lives on to wait for a server or to finish what died."""
import sys

from mongo_bson import ObjectId
from mongo_server import run_cases
from mongo_support import LONG_AGO, Database
from orgctl_support import PASSWORD
from plain_cgi import cgi
from tap import case, equal, together
from wire_proxy import HANG, REFUSE, Proxy

REFUSED_WITHIN, HANGING_WITHIN, SLACK = 2, 6, 0.5


def account(name):
    return {"organization_name": name, "email": f"{name.lower()}@x.org", "password": PASSWORD}


def expect_unavailable(orgd, within, *request):
    answer, spent = cgi(orgd, *request)
    equal((answer.status, answer.json()["code"]), (503, "store_unavailable"), f"{request}")
    if spent > within + SLACK:
        raise AssertionError(f"{request} took {spent:.2f} s, {within} s are promised")


@case
def without_a_server(server):
    """each request is answered, though no server is: 503 in time where the store is needed, 200 for healthz"""
    with Database(server) as world, Proxy(world.uri) as proxy:
        world.orgd.env["MONGO_URI"] = proxy.uri
        for mode, within in ((REFUSE, REFUSED_WITHIN), (HANG, HANGING_WITHIN)):
            with proxy.in_mode(mode):
                together([
                    lambda: expect_unavailable(world.orgd, within, "POST", "/org/create", account("Acme")),
                    lambda: expect_unavailable(world.orgd, within, "GET", "/org/get?slug=acme"),
                    lambda: expect_unavailable(world.orgd, within, "GET", "/readyz"),
                    lambda: equal(cgi(world.orgd)[0].status, 200, "healthz")])
        equal(cgi(world.orgd, "POST", "/org/create", account("Acme"))[0].status, 201, "with a server")


@case
def what_died_is_finished(server):
    """the next request finishes what a killed one began, when that is old enough"""
    with Database(server) as world:
        for state in ("creating", "deleting"):
            equal(cgi(world.orgd, "POST", "/org/create", account("Acme"))[0].status, 201, "create")
            world.set("organizations", {"slug": "acme"}, state=state)
            equal(cgi(world.orgd, "POST", "/org/create", account("Acme"))[0].status, 409, "of one that may be alive")
            world.set("organizations", {"slug": "acme"}, state=state, op_at=LONG_AGO)
            equal(cgi(world.orgd, "GET", "/org/get?slug=other")[0].status, 404, "another request")
            equal(world.find("organizations"), [], f"what was {state}")
            equal(world.kinds(), [], "the check")


@case
def what_cannot_be_finished_keeps_none_waiting(server):
    """however many cannot be finished, those behind them are"""
    with Database(server) as world:
        equal(cgi(world.orgd, "POST", "/org/create", account("Acme"))[0].status, 201, "create")
        world.insert("organizations", *({"_id": ObjectId(f"{number:024x}"), "state": "deleting", "op_at": LONG_AGO,
                                         "coll_uuid": None} for number in range(1, 131)))
        world.set("organizations", {"slug": "acme"}, state="deleting", op_at=LONG_AGO)
        equal(cgi(world.orgd, "GET", "/org/get?slug=other")[0].status, 404, "another request")
        equal(len(world.find("organizations")), 130, "organizations that are left")
        equal(world.find("admins"), [], "admins")


if __name__ == "__main__":
    sys.exit(run_cases("plain CGI on MongoDB"))
