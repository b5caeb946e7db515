# SPDX-License-Identifier: Apache-2.0
"""The same five routes in the usual design of such a service: Flask, PyMongo, JWT and bcrypt extensions.

Written as its authors would on a good day: an application factory, one client a process, indexes on
what is looked up, one query for a lookup. What orgd promises beyond that (all or nothing, races, dead
tokens) is not attempted here. gunicorn runs it: gunicorn 'app:create_app()'.
"""
import datetime
import os
import re

from bson import ObjectId
from flask import Flask, current_app, jsonify, request
from flask_bcrypt import Bcrypt
from flask_jwt_extended import JWTManager, create_access_token, get_jwt, get_jwt_identity, jwt_required
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

bcrypt = Bcrypt()
jwt = JWTManager()


def create_app():
    app = Flask(__name__)
    app.config.update(
        JWT_SECRET_KEY=os.environ["JWT_SECRET_KEY"],
        JWT_ACCESS_TOKEN_EXPIRES=datetime.timedelta(seconds=int(os.environ.get("TOKEN_SECONDS", "900"))),
        BCRYPT_LOG_ROUNDS=int(os.environ.get("BCRYPT_LOG_ROUNDS", "12")),
    )
    app.json.sort_keys = False
    bcrypt.init_app(app)
    jwt.init_app(app)
    app.database = MongoClient(os.environ["MONGO_URI"]).get_default_database("org_service_db")
    app.database.organizations.create_index("organization_name", unique=True)
    app.database.admins.create_index("email", unique=True)
    app.add_url_rule("/org/create", view_func=create, methods=["POST"])
    app.add_url_rule("/org/get", view_func=get, methods=["GET"])
    app.add_url_rule("/org/update", view_func=update, methods=["PUT"])
    app.add_url_rule("/org/delete", view_func=delete, methods=["DELETE"])
    app.add_url_rule("/admin/login", view_func=login, methods=["POST"])
    return app


def fail(status, code):
    return jsonify(error=code), status


def collection_of(name):
    return "org_" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def shown(organization):
    return {
        "org_id": str(organization["_id"]),
        "organization_name": organization["organization_name"],
        "collection_name": organization["collection_name"],
        "admin_id": str(organization["admin_id"]),
        "created_at": organization["created_at"].isoformat() + "Z",
        "updated_at": organization["updated_at"].isoformat() + "Z",
    }


def create():
    body = request.get_json()
    name, email, password = body.get("organization_name"), body.get("email"), body.get("password")
    if not name or not email or not password:
        return fail(400, "invalid_request")
    database = current_app.database
    if database.organizations.find_one({"organization_name": name}):
        return fail(409, "organization_exists")
    if database.admins.find_one({"email": email}):
        return fail(409, "email_taken")
    now = datetime.datetime.utcnow()
    org_id, admin_id = ObjectId(), ObjectId()
    organization = {"_id": org_id, "organization_name": name, "collection_name": collection_of(name),
                    "admin_id": admin_id, "created_at": now, "updated_at": now}
    admin = {"_id": admin_id, "email": email, "org_id": org_id,
             "password_hash": bcrypt.generate_password_hash(password).decode()}
    try:
        database.create_collection(organization["collection_name"])
        database.admins.insert_one(admin)
        database.organizations.insert_one(organization)
    except DuplicateKeyError:
        return fail(409, "organization_exists")
    return jsonify(shown(organization)), 201


def get():
    organization = current_app.database.organizations.find_one(
        {"organization_name": request.args.get("organization_name", "")})
    return jsonify(shown(organization)) if organization else fail(404, "organization_not_found")


def login():
    body = request.get_json()
    database = current_app.database
    admin = database.admins.find_one({"email": body.get("email")})
    if not admin or not bcrypt.check_password_hash(admin["password_hash"], body.get("password", "")):
        return fail(401, "invalid_credentials")
    organization = database.organizations.find_one({"_id": admin["org_id"]})
    token = create_access_token(identity=str(admin["_id"]), additional_claims={"org_id": str(admin["org_id"])})
    return jsonify(access_token=token, token_type="Bearer", admin_id=str(admin["_id"]),
                   org_id=str(admin["org_id"]), organization_name=organization["organization_name"])


def own_organization():
    return current_app.database.organizations.find_one({"_id": ObjectId(get_jwt()["org_id"])})


def rename(organization, name):
    """Copies the documents into a collection of the new name and drops the old one."""
    database = current_app.database
    old, new = organization["collection_name"], collection_of(name)
    if new != old:
        database.create_collection(new)
        batch = []
        for document in database[old].find():
            batch.append(document)
            if len(batch) == 1000:
                database[new].insert_many(batch, ordered=False)
                batch = []
        if batch:
            database[new].insert_many(batch, ordered=False)
        database[old].drop()
    organization.update(organization_name=name, collection_name=new)


@jwt_required()
def update():
    body = request.get_json()
    database = current_app.database
    organization = own_organization()
    if not organization:
        return fail(404, "organization_not_found")
    name = body.get("organization_name", organization["organization_name"])
    if name != organization["organization_name"]:
        if database.organizations.find_one({"organization_name": name}):
            return fail(409, "organization_exists")
        rename(organization, name)
        organization["updated_at"] = datetime.datetime.utcnow()
        database.organizations.replace_one({"_id": organization["_id"]}, organization)
    admin = {key: body[key] for key in ("email",) if key in body}
    if "password" in body:
        admin["password_hash"] = bcrypt.generate_password_hash(body["password"]).decode()
    if admin:
        database.admins.update_one({"_id": ObjectId(get_jwt_identity())}, {"$set": admin})
    return jsonify(shown(organization))


@jwt_required()
def delete():
    database = current_app.database
    organization = own_organization()
    if not organization:
        return fail(404, "organization_not_found")
    database[organization["collection_name"]].drop()
    database.admins.delete_many({"org_id": organization["_id"]})
    database.organizations.delete_one({"_id": organization["_id"]})
    return jsonify(deleted=True, org_id=str(organization["_id"]),
                   organization_name=organization["organization_name"])
