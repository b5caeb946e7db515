# SPDX-License-Identifier: Apache-2.0
"""THE table of what the bench shows, and what becomes of measurements. Needs nothing but Python."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Row:
    """A figure, or its ratio to another one in the same round; at least or at most so much, if a limit is set."""
    name: str
    what: str
    figure: str                 # MEASURE.FIGURE; "A + B": as many a second as of both, one after the other
    over: str = ""              # likewise
    at_least: float = None
    at_most: float = None
    unit: str = ""              # of what is no ratio


ROWS = (
    Row("get_slug", "GET by slug on SQLite / constant answer", "get_slug.rate", "constant.rate", at_least=0.80),
    Row("get_name", "GET by name on SQLite / constant answer", "get_name.rate", "constant.rate", at_least=0.80),
    Row("token", "token-checked request on SQLite / constant answer", "token.rate", "constant.rate", at_least=0.65),
    Row("get_mongodb", "GET on MongoDB / bare mongoc find of the same document", "get_mongodb.rate", "find.rate",
        at_least=0.75),
    Row("get_flask", "GET, orgd / Flask peer, same store server", "get_mongodb.rate", "get_flask.rate", at_least=10),
    Row("login", "logins / bare crypt_rn on all cores", "login.rate", "crypt.rate", at_least=0.97),
    Row("storm", "p99 of GET while logins storm / idle", "storm.p99", "calm.p99", at_most=4),
    Row("many", "p99 of GET at 100,000 organizations / at 100", "many.p99", "few.p99", at_most=1.2),
    Row("more", "p99 of GET at 10,000 organizations / at 100", "more.p99", "few.p99", at_most=1.2),
    Row("rename", "rename on SQLite at 1,000,000 documents / at 10", "rename_many.ms", "rename_few.ms", at_most=2),
    Row("rename_mongodb", "rename on MongoDB at 1,000,000 documents / at 10", "rename_many_mongodb.ms",
        "rename_few_mongodb.ms", at_most=2),
    Row("start", "start to first answer on SQLite", "start.ms", at_most=20, unit="ms"),
    Row("idle", "resident memory idle on SQLite", "memory.idle_rss", at_most=8, unit="MB"),
    Row("idle_mongodb", "resident memory idle on MongoDB", "memory_mongodb.idle_rss", at_most=20, unit="MB"),
    Row("binary", "stripped binary", "binary.kb", at_most=1000, unit="kB"),
    Row("descriptors", "descriptors after 10,000,000 requests / after 10,000", "endurance.descriptors_after",
        "endurance.descriptors_before", at_most=1.02),
    Row("threads", "threads after 10,000,000 requests / after 10,000", "endurance.threads_after",
        "endurance.threads_before", at_most=1.02),
    Row("resident", "resident memory after 10,000,000 requests / after 10,000", "endurance.rss_after",
        "endurance.rss_before", at_most=1.02),
    # Without a target: the rest of the picture.
    Row("workers", "GET by name on SQLite, 8 workers / 32", "get_8_workers.rate", "get_name.rate"),
    Row("get_both", "GET on MongoDB / bare find of it and constant answer, one after the other", "get_mongodb.rate",
        "find.rate + constant_mongodb.rate"),
    Row("flask_most", "bare find and constant answer, one after the other / Flask peer",
        "find.rate + constant_mongodb.rate", "get_flask.rate"),
    Row("find_slug", "bare find by what orgd asks for / by _id", "find_slug.rate", "find.rate"),
    Row("more_mongodb", "p99 of GET on MongoDB at 2,000 organizations / at 100", "more_mongodb.p99",
        "few_mongodb.p99"),
    Row("token_flask", "token-checked request, orgd / Flask peer, same store server", "token_mongodb.rate",
        "token_flask.rate"),
    Row("login_flask", "logins, orgd / Flask peer", "login_mongodb.rate", "login_flask.rate"),
    Row("create_flask", "creations, orgd / Flask peer", "create_mongodb.rate", "create_flask.rate"),
    Row("storm_busy", "p99 of GET that takes all cores while logins storm / without them", "storm_busy.p99", "busy.p99"),
    Row("storm_flask", "p99 of GET while logins storm / idle, Flask peer", "storm_flask.p99", "calm_flask.p99"),
    Row("copy_flask", "rename at 1,000,000 documents, Flask peer", "rename_many_flask.ms", unit="ms"),
    Row("start_flask", "start to first answer, Flask peer", "start_flask.ms", unit="ms"),
    Row("start_mongodb", "start to first answer on MongoDB", "start_mongodb.ms", unit="ms"),
    Row("loaded", "resident memory after load on SQLite", "memory.loaded_rss", unit="MB"),
    Row("loaded_mongodb", "resident memory after load on MongoDB", "memory_mongodb.loaded_rss", unit="MB"),
    Row("loaded_flask", "memory after load, Flask peer (shares counted once)", "memory_flask.loaded_pss", unit="MB"),
    Row("create", "creations on SQLite", "create.rate", unit="/s"),
    Row("cgi", "requests as plain CGI, on SQLite", "cgi.rate", unit="/s"),
    Row("instructions_slug", "instructions of a GET by slug on SQLite", "instructions.get_slug"),
    Row("instructions_name", "instructions of a GET by name on SQLite", "instructions.get_name"),
    Row("instructions_token", "instructions of a token-checked request on SQLite", "instructions.token"),
)


def values(row, figures):
    """A row's value in each round; empty if it was not measured."""
    if not row.over:
        return series(row.figure, figures)
    return [value / base for value, base in zip(series(row.figure, figures), series(row.over, figures))]


def series(text, figures):
    """The values of a figure; of "A + B": as many a second as of both, one after the other."""
    rounds = zip(*(figures.get(name, []) for name in text.split(" + ")))
    return [1 / sum(1 / rate for rate in rates) if len(rates) > 1 else rates[0] for rates in rounds]


def names(row):
    """The figures that it is made of."""
    return [name for text in (row.figure, row.over) if text for name in text.split(" + ")]


def spread(numbers):
    return {"median": statistics.median(numbers), "low": min(numbers), "high": max(numbers)}


def verdict(row, median):
    """Whether the target was met; None where there is none."""
    if row.at_least is not None:
        return median >= row.at_least
    if row.at_most is not None:
        return median <= row.at_most
    return None
