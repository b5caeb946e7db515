# SPDX-License-Identifier: Apache-2.0
"""The services whose store speaks MongoDB's protocol, and that store's server."""
import os
import shutil
import subprocess
import sys

import pymongo

import process      # of tests/system, as mongo_server is
import services
from mongo_server import MongoServer

ENGINE = os.environ.get("ORGD_BENCH_ENGINE", "java")    # of script/mongo
PEER = os.path.join(services.ROOT, "bench", "peers", "flask")


def start_server():
    """One for all; every service has a database of its own in it."""
    os.environ["_JAVA_OPTIONS"] = "-Xmx8g"      # a million documents of each, in memory
    return MongoServer(ENGINE).start()


def name_of(server):
    if ENGINE == "java":
        return "mongo-java-server"
    with pymongo.MongoClient(server.uri()) as client:
        return f"{ENGINE} {client.server_info()['version']}"


class OnMongo:
    """What services on MongoDB have in common; `database`: the name of theirs."""

    server = None

    @property
    def uri(self):
        return self.server.uri(self.database)

    def collection_name(self, organization):
        return "org_" + organization.slug

    def add_documents(self, organization, count):
        with pymongo.MongoClient(self.uri) as client:
            collection = client.get_default_database()[self.collection_name(organization)]
            for first in range(0, count, 10000):
                collection.insert_many([{"n": number} for number in range(first, min(first + 10000, count))])


class OrgdOnMongo(OnMongo, services.Orgd):
    def __init__(self, server, database, count=0):
        self.server, self.database = server, database
        super().__init__(count, MONGO_URI=self.uri)

    def by_id(self, organization):
        """What finds its document in the least time."""
        with pymongo.MongoClient(self.uri) as client:
            found = client.get_default_database().organizations.find_one({"slug": organization.slug})
        return {"_id": {"$oid": str(found["_id"])}}

    def by_slug(self, organization):
        """What orgd asks for."""
        return {"slug": organization.slug, "state": {"$in": ["active", "updating"]}}


class Flask(OnMongo, services.Service):
    """The peer: gunicorn with the workers and threads that it is given."""

    database = "flask"
    code = PEER

    def __init__(self, server, count=0):
        super().__init__(count)
        self.server = server
        self.workers, self.threads = 2, 4
        self.process = None

    def run(self):
        if self.process is None:
            self.directory = process.short_directory()
            self.socket_path = os.path.join(self.directory, "flask.sock")
            self.log_path = os.path.join(self.directory, "flask.log")
        command, env, _ = self.command(self.socket_path)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, cwd=PEER, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=services.end_with_parent)
        services.wait_for(lambda: os.path.exists(self.socket_path) and len(self.processes()) > self.workers)

    def command(self, socket_path=None):
        """Arguments, environment and socket, of this one or of another one beside it."""
        socket_path = socket_path or os.path.join(self.directory, "another.sock")
        arguments = [sys.executable, "-m", "gunicorn", "--workers", str(self.workers), "--threads",
                     str(self.threads), "--keep-alive", "75", "--bind", "unix:" + socket_path, "app:create_app()"]
        env = {"PATH": os.environ["PATH"], "MONGO_URI": self.uri, "JWT_SECRET_KEY": "0123456789abcdef" * 4,
               "TOKEN_SECONDS": str(services.TOKEN_SECONDS), "BCRYPT_LOG_ROUNDS": str(services.COST),
               "PYTHONDONTWRITEBYTECODE": "1"}
        return arguments, env, socket_path

    @staticmethod
    def raw_get(uri):
        return f"GET {uri} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def restart(self, workers=None, threads=None):
        self.stop()
        self.workers, self.threads = workers or self.workers, threads or self.threads
        self.run()

    def end(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def processes(self):
        return [self.process.pid, *services.children_of(self.process.pid)]

    @staticmethod
    def edit_nginx(directory):
        """HTTP to gunicorn in place of FastCGI to orgd; all else is the same."""
        path = os.path.join(directory, "nginx", "orgd.conf")
        with open(path) as file:
            lines = file.read().splitlines()
        with open(path, "w") as file:
            for line in lines:
                if "fastcgi_pass orgd;" in line and not line.lstrip().startswith("#"):
                    line = ('proxy_pass http://orgd; proxy_http_version 1.1; proxy_set_header Connection "";'
                            ' proxy_set_header Host $host;')
                if not line.lstrip().startswith("fastcgi_"):
                    file.write(line + "\n")
