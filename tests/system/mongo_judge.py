# SPDX-License-Identifier: Apache-2.0
"""What must not be in a MongoDB database of the service once nothing is under way: a second opinion.

It reads the database itself and shares no code with the service; its words are those of `orgctl store check`.
What it reads is not of one moment, so it is asked when nobody writes, or again until it finds nothing.
"""
import collections
import dataclasses

from mongo_wire import MongoClient

CONTROL = ("organizations", "admins", "slugs", "emails")
PREFIXES = {"org_": "collection_unowned", "lost_": "collection_unowned", "trash_": "collection_unowned",
            "tmp_": "collection_staging"}


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    word: str
    subject: str
    detail: str = ""

    def __str__(self):
        return f"{self.word}: {self.subject}" + (f" ({self.detail})" if self.detail else "")


class Snapshot:
    """All that orgd keeps in a database, read once."""

    def __init__(self, client, database):
        self.collections = client.collections(database)
        self.organizations, self.admins, self.slugs, self.emails = (
            {document["_id"]: document for document in client.find(database, name)} for name in CONTROL)
        self.admins_of = collections.defaultdict(list)
        for admin in self.admins.values():
            self.admins_of[admin["org_id"]].append(admin)

    def findings(self):
        found = [finding for organization in self.organizations.values() for finding in self._of(organization)]
        return sorted([*found, *self._twice(), *self._stray_admins(), *self._stray_claims("slugs"),
                       *self._stray_claims("emails"), *self._stray_collections()])

    def _of(self, organization):
        """Of one organization: it is settled, and what must be there is there, and is its own."""
        subject = str(organization["_id"])
        if organization["state"] != "active" or organization["next"] is not None:
            yield Finding("organization_unfinished", subject, organization["state"])
            return
        name = "org_" + organization["slug"]
        if organization["collection_name"] != name or self.collections.get(name) != organization["coll_uuid"]:
            yield Finding("collection_missing", subject, name)
        if not self._has_claim(self.slugs, organization["slug"], organization, organization["slug_op"]):
            yield Finding("claim_missing", subject, organization["slug"])
        admins = self.admins_of[organization["_id"]]
        if [admin["_id"] for admin in admins] != [organization["admin_id"]]:
            yield Finding("admin_missing", subject, f"{len(admins)} admins")
            return
        admin = admins[0]
        if admin["tv"] != organization["tv"]:
            yield Finding("version_invalid", subject, f"{admin['tv']}, not {organization['tv']}")
        if not self._has_claim(self.emails, admin["email"], organization, admin["email_op"]):
            yield Finding("claim_missing", subject, admin["email"])

    @staticmethod
    def _has_claim(claims, key, organization, op):
        claim = claims.get(key)
        return claim is not None and (claim["org"], claim["op"]) == (organization["_id"], op)

    def _twice(self):
        """What claims make unique, looked at without them."""
        of_organizations = (("slug", organization["slug"]) for organization in self.organizations.values())
        uuids = (("coll_uuid", str(organization["coll_uuid"])) for organization in self.organizations.values()
                 if organization["coll_uuid"] is not None)
        emails = (("email", admin["email"]) for admin in self.admins.values())
        counts = collections.Counter([*of_organizations, *uuids, *emails])
        return [Finding("twice", key, value) for (key, value), count in counts.items() if count > 1]

    def _stray_admins(self):
        return [Finding("admin_unowned", str(admin["_id"])) for admin in self.admins.values()
                if admin["org_id"] not in self.organizations]

    def _stray_claims(self, kind):
        for key, claim in getattr(self, kind).items():
            organization = self.organizations.get(claim["org"])
            if organization is None or (organization["state"] == "active" and not self._uses(organization, kind, key)):
                yield Finding("claim_unowned", f"{kind} {key}")

    def _uses(self, organization, kind, key):
        if kind == "slugs":
            return organization["slug"] == key
        return any(admin["email"] == key for admin in self.admins_of[organization["_id"]])

    def _stray_collections(self):
        owned = {organization["coll_uuid"] for organization in self.organizations.values()}
        for name, uuid in self.collections.items():
            word = next((PREFIXES[prefix] for prefix in PREFIXES if name.startswith(prefix)), None)
            if word is not None and uuid not in owned:
                yield Finding(word, name)
            elif word is None and name not in CONTROL and not name.startswith("system."):
                yield Finding("collection_unknown", name)


def findings(uri):
    """All that is wrong in the database that a URI names, sorted."""
    with MongoClient(uri) as client:
        return Snapshot(client, client.database).findings()
