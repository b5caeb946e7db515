# SPDX-License-Identifier: Apache-2.0
"""A database of its own on a MongoDB server, with orgctl and orgd on it, and a client that looks into it by hand."""
import datetime

from mongo_bson import ObjectId
from mongo_wire import MongoClient
from orgctl_support import World
from tap import equal

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


class Database(World):
    def __init__(self, server, prefix="orgd_test"):
        super().__init__()
        self.name = f"{prefix}_{ObjectId()}"[:24]
        self.uri = server.uri(self.name)
        self.env["MONGO_URI"] = self.orgd.env["MONGO_URI"] = self.uri
        self.client = MongoClient(self.uri)

    def __exit__(self, *rest):
        self.orgd.close()
        self.client.command(self.name, {"dropDatabase": 1})
        self.client.close()
        super().__exit__(*rest)

    # ---- By hand ----

    def find(self, collection, filter=None):
        return self.client.find(self.name, collection, filter)

    def one(self, collection, filter):
        return self.client.find_one(self.name, collection, filter)

    def insert(self, collection, *documents):
        self.client.insert(self.name, collection, documents)

    def set(self, collection, filter, **fields):
        equal(self.client.update(self.name, collection, filter, {"$set": fields}), 1, f"documents in {collection}")

    def delete(self, collection, filter=None):
        return self.client.delete(self.name, collection, filter)

    def collections(self):
        return self.client.collections(self.name)

    def org(self, slug):
        return self.one("organizations", {"slug": slug})

    def admin(self, email):
        return self.one("admins", {"email": email})

    def age(self):
        """Makes every claim look old: one that nobody uses is then nobody's."""
        for collection in ("slugs", "emails"):
            self.client.update(self.name, collection, {}, {"$set": {"at": LONG_AGO}}, many=True)

    def everything(self):
        """All that is in the database, but versions and the collections' own indexes."""
        return {name: (uuid, sorted(map(repr, self.find(name)))) for name, uuid in self.collections().items()}

    # ---- By orgctl ----

    def check(self, *options):
        """What a check finds: {(finding, state)} with their numbers left out, and all of it."""
        result = self.run("store", "check", "--json", *options)
        answer = result.json
        equal(result.status, 1 if answer["left"] else 0, f"exit status: {result}")
        return answer["findings"]

    def kinds(self, *options):
        return sorted((one["finding"], one["state"]) for one in self.check(*options))

    def expect_found(self, *kinds):
        equal(self.kinds(), sorted((kind, "found") for kind in kinds), "what a check finds")

    def expect_mended(self, *kinds, left=()):
        """A repair mends these kinds and leaves those; then only the latter are found."""
        equal(self.kinds("--repair", "-y"), sorted([(kind, "mended") for kind in kinds] + [(kind, "left") for kind in left]),
              "what a repair does")
        equal(self.kinds(), sorted((kind, "found") for kind in left), "what is found after a repair")


