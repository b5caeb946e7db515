# SPDX-License-Identifier: Apache-2.0
"""The document of the running service, and that comparing answers with it finds what is wrong."""
import copy

import tap
from contract import Contract
from promises import expect, must
from schema import Validator
from stack import Stack, run
from tap import case, equal

KEY = "k9d8s7f6k9d8s7f6k9d8s7f6k9d8s7f6"
# A schema, values that fit, values that do not.
SCHEMAS = [
    ({"type": "integer"}, [1, 0], [True, 1.5, "1", None]),
    ({"type": "object"}, [{}], [[], None]),
    ({"const": True}, [True], [1, "true"]),
    ({"enum": ["a", 1]}, ["a", 1], ["b", True]),
    ({"minimum": 2}, [2, "x"], [1]),
    ({"minLength": 2, "maxLength": 3}, ["ab", "äöü", 5], ["a", "abcd"]),
    ({"pattern": "^a+$"}, ["a", "aa", 5], ["", "ab", "a\n"]),
    ({"items": {"type": "string"}, "minItems": 1}, [["a"], 7], [[], [1]]),
    ({"properties": {"a": {"type": "string"}, "b": False}}, [{}, {"a": "x", "c": 1}], [{"a": 1}, {"b": 1}]),
    ({"required": ["a"]}, [{"a": 1}, []], [{}]),
    ({"dependentRequired": {"a": ["b"]}}, [{}, {"b": 1}, {"a": 1, "b": 1}], [{"a": 1}]),
    ({"properties": {"a": True}, "additionalProperties": False}, [{"a": 1}], [{"a": 1, "b": 1}]),
    ({"allOf": [{"minimum": 1}, {"type": "integer"}]}, [1], [0, 1.5]),
    ({"anyOf": [{"const": 1}, {"const": 2}]}, [1, 2], [3]),
    ({"oneOf": [{"minimum": 1}, {"minimum": 5}]}, [1], [0, 5]),
    ({"$ref": "#/x/y"}, ["z"], ["a"]),
]


@case
def schemas_are_understood(_):
    """each keyword of JSON Schema that the document uses lets pass what fits, and nothing else"""
    validator = Validator({"x": {"y": {"const": "z"}}})
    for schema, good, bad in SCHEMAS:
        for value in good:
            equal(validator.faults(schema, value), [], f"faults of {value!r} by {schema}")
        for value in bad:
            must(validator.faults(schema, value), "no fault", f"{value!r} by {schema}")


@case
def unknown_keywords_raise(_):
    """a keyword that is not understood is an error, not a pass"""
    for schema in ({"multipleOf": 2}, {"allOf": [{"not": {}}]}, {"$ref": "#/x", "type": "string"}):
        try:
            Validator({"x": {}}).faults(schema, 1)
        except ValueError:
            continue
        raise AssertionError(f"{schema} was accepted")


@case
def breaks_are_found(stack):
    """an answer that the document does not promise fails: status, header, type of content, member"""
    answer = expect(stack.call("GET", "/healthz"), 200)

    def breaks(change):
        document = copy.deepcopy(stack.contract.document)
        change(document["paths"]["/healthz"]["get"]["responses"], document["components"])
        try:
            Contract(document).check(answer)
        except AssertionError:
            return True
        return False

    must(not breaks(lambda responses, components: None), "the document as it is", answer)
    must(breaks(lambda responses, components: responses.pop("200")), "status", answer)
    must(breaks(lambda responses, components: responses["200"]["headers"].update(
        {"X-More": {"required": True, "schema": {"type": "string"}}})), "header", answer)
    must(breaks(lambda responses, components: responses["200"].update(
        {"content": {"text/plain": {"schema": {}}}})), "type of content", answer)
    must(breaks(lambda responses, components: components["schemas"]["Status"]["required"].append("more")),
         "member that lacks", answer)
    must(breaks(lambda responses, components: components["schemas"]["Status"]["properties"].pop("status")),
         "member too many", answer)


@case
def the_document_is_of_the_running_service(_):
    """openapi.json says what ORGD_CREATE, ORGD_PUBLIC_LOOKUP and ORGD_BASE_PATH make of the routes"""
    env = {"ORGD_CREATE": "key", "ORGD_CREATE_KEY": KEY, "ORGD_PUBLIC_LOOKUP": "off", "ORGD_BASE_PATH": "/api"}
    with Stack(env=env) as stack:
        document = stack.contract.document
        create, get = document["paths"]["/org/create"]["post"], document["paths"]["/org/get"]["get"]
        equal(document["servers"], [{"url": "/api"}], "servers")
        equal((create["security"], get["security"]), ([{"createKey": []}], [{"bearerAuth": []}]), "security")
        must("401" in create["responses"] and "401" in get["responses"], "401", document)
        expect(stack.call("POST", "/api/org/create", json={}), 401, "unauthenticated")
        expect(stack.call("POST", "/api/org/create", json={}, token=KEY), 422)
        expect(stack.call("GET", "/api/org/get?slug=x"), 401, "unauthenticated")
        expect(stack.call("GET", "/org/get?slug=x"), 404, "not_found")
        stack.restart(ORGD_CREATE="closed", ORGD_CREATE_KEY=None)
        equal(stack.contract.document["paths"]["/org/create"]["post"]["security"], [], "security when closed")
        expect(stack.call("POST", "/api/org/create", json={}), 403, "creation_closed")


if __name__ == "__main__":
    raise SystemExit(run(tap.main, Stack().start()))
