# SPDX-License-Identifier: Apache-2.0
"""The tables of what runs and what is measured; rows.py has what comes of it."""
import dataclasses
import typing

import instructions
import measures
import mongo
import rows
import services


@dataclasses.dataclass(frozen=True)
class Scale:
    rounds: int             # of each group, at most; see FEW_ROUNDS
    seconds: int            # of most measurements
    login_seconds: int      # of those that hash
    storm_seconds: int      # of those beside a storm of logins
    few: int                # organizations
    more: int
    many: int
    more_mongodb: int       # each has a collection there, and the server's lists of them get long
    few_documents: int      # of a renamed organization
    many_documents: int
    few_requests: int       # that orgd has had when it is looked at first
    many_requests: int      # and last
    counted: int            # requests whose instructions are counted
    flask: tuple            # numbers of workers and threads to choose from


FULL = Scale(rounds=5, seconds=3, login_seconds=5, storm_seconds=5, few=100, more=10_000, many=100_000,
             more_mongodb=2_000, few_documents=10, many_documents=1_000_000, few_requests=10_000, many_requests=10_000_000,
             counted=1000, flask=((2, 1), (3, 1), (5, 1), (2, 2), (2, 4), (3, 4)))
QUICK = Scale(rounds=1, seconds=1, login_seconds=1, storm_seconds=2, few=30, more=300, many=2_000,
              more_mongodb=100, few_documents=10, many_documents=2_000, few_requests=1_000, many_requests=20_000,
              counted=100, flask=((2, 4),))

# name: made at its first use, filled, and kept to the end
SERVICES = {
    "constant": lambda run: services.Constant(),
    "sqlite": lambda run: services.OrgdOnSqlite(run.scale.few),
    "sqlite_8_workers": lambda run: services.OrgdOnSqlite(run.scale.few, ORGD_WORKERS="8"),
    "sqlite_more": lambda run: services.OrgdOnSqlite(run.scale.more),
    "sqlite_many": lambda run: services.OrgdOnSqlite(run.scale.many),
    "endurance": lambda run: services.OrgdOnSqlite(run.scale.few),
    "mongodb": lambda run: mongo.OrgdOnMongo(run.server(), "orgd", run.scale.few),
    "mongodb_more": lambda run: mongo.OrgdOnMongo(run.server(), "orgd_more", run.scale.more_mongodb),
    "flask": lambda run: mongo.Flask(run.server(), run.scale.few),
}


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    group: str      # those of a group take turns, round by round
    take: typing.Callable


FEW_ROUNDS = {"endurance": 1, "binary": 1, "copy": 1, "memory": 2, "creations": 3,
              "instructions": 1}

MEASURES = (
    Measure("constant", "rates", measures.rate("constant", services.Service.gets_by_slug, like="sqlite")),
    Measure("get_slug", "rates", measures.rate("sqlite", services.Service.gets_by_slug)),
    Measure("get_name", "rates", measures.rate("sqlite", services.Service.gets_by_name)),
    Measure("get_8_workers", "rates", measures.rate("sqlite_8_workers", services.Service.gets_by_name)),
    Measure("token", "rates", measures.rate("sqlite", services.Service.token_checks)),
    Measure("crypt", "logins", measures.crypt_rate),
    Measure("login", "logins", measures.logins("sqlite")),
    Measure("login_mongodb", "logins", measures.logins("mongodb")),
    Measure("login_flask", "logins", measures.logins("flask")),
    Measure("calm", "storm", measures.latency("sqlite", measures.PAUSE)),
    Measure("storm", "storm", measures.storm("sqlite", measures.PAUSE)),
    Measure("calm_flask", "storm", measures.latency("flask", measures.PAUSE)),
    Measure("storm_flask", "storm", measures.storm("flask", measures.PAUSE)),
    Measure("busy", "storm", measures.latency("sqlite")),
    Measure("storm_busy", "storm", measures.storm("sqlite")),
    Measure("few", "sizes", measures.latency("sqlite")),
    Measure("more", "sizes", measures.latency("sqlite_more")),
    Measure("many", "sizes", measures.latency("sqlite_many")),
    Measure("few_mongodb", "sizes on MongoDB", measures.latency("mongodb")),
    Measure("more_mongodb", "sizes on MongoDB", measures.latency("mongodb_more")),
    Measure("create", "creations", measures.creations("sqlite")),
    Measure("create_mongodb", "creations", measures.creations("mongodb")),
    Measure("create_flask", "creations", measures.creations("flask")),
    Measure("rename_few", "renames", measures.renames("sqlite", "few_documents")),
    Measure("rename_many", "renames", measures.renames("sqlite", "many_documents")),
    Measure("rename_few_mongodb", "renames", measures.renames("mongodb", "few_documents")),
    Measure("rename_many_mongodb", "renames", measures.renames("mongodb", "many_documents")),
    Measure("rename_few_flask", "renames", measures.renames("flask", "few_documents")),
    Measure("rename_many_flask", "copy", measures.renames("flask", "many_documents", times=1)),
    Measure("find", "MongoDB", measures.find_rate(mongo.OrgdOnMongo.by_id)),
    Measure("find_slug", "MongoDB", measures.find_rate(mongo.OrgdOnMongo.by_slug)),
    Measure("get_mongodb", "MongoDB", measures.rate("mongodb", services.Service.gets_by_name)),
    Measure("get_flask", "MongoDB", measures.rate("flask", services.Service.gets_by_name)),
    Measure("token_mongodb", "MongoDB", measures.rate("mongodb", services.Service.token_checks)),
    Measure("token_flask", "MongoDB", measures.rate("flask", services.Service.token_checks)),
    Measure("constant_mongodb", "MongoDB", measures.rate("constant", services.Service.gets_by_name, like="mongodb")),
    Measure("start", "starts", measures.start("sqlite")),
    Measure("start_mongodb", "starts", measures.start("mongodb")),
    Measure("start_flask", "starts", measures.start("flask")),
    Measure("memory", "memory", measures.memory("sqlite")),
    Measure("memory_mongodb", "memory", measures.memory("mongodb")),
    Measure("memory_flask", "memory", measures.memory("flask")),
    Measure("binary", "binary", measures.binary_size),
    Measure("cgi", "cgi", measures.cgi),
    Measure("instructions", "instructions", instructions.count),
    Measure("endurance", "endurance", measures.endurance),
)


def needed(chosen):
    """The measures that rows are made of, in the table's order."""
    wanted = {name.split(".")[0] for row in chosen for name in rows.names(row)}
    return [measure for measure in MEASURES if measure.name in wanted]
