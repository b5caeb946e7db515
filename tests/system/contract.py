# SPDX-License-Identifier: Apache-2.0
"""Every answer against the OpenAPI document of the service that gave it."""
import functools
import os
import re

from promises import must
from schema import Validator

CONF = os.path.join(os.path.dirname(__file__), "..", "..", "nginx", "orgd-http.conf")


@functools.cache
def nginx_details():
    """What nginx says when it refuses by itself, by status: the shipped configuration's own map."""
    with open(CONF, encoding="utf-8") as file:
        table = re.search(r"map \$status \$orgd_error_detail \{(.*?)\n\}", file.read(), re.DOTALL).group(1)
    return {int(status): text for status, text in re.findall(r'^\s*(\d+) "(.*)";$', table, re.MULTILINE)}


class Contract:
    """A document, and the answers that it promises."""

    def __init__(self, document):
        self.document = document
        self.validator = Validator(document)
        self.base = document["servers"][0]["url"].rstrip("/")

    def check(self, answer):
        if self.is_nginx(answer):
            schema = {"$ref": "#/components/schemas/Problem"}
            content = {"application/problem+json": {"schema": schema}}
            self.check_content(answer, content)
            return
        response = self.validator.resolve(self.response(answer))
        self.check_headers(answer, response.get("headers", {}))
        if "content" in response:
            self.check_content(answer, response["content"])
        else:
            must(answer.body == b"", "a body that the document does not have", answer)

    def is_nginx(self, answer):
        """Whether the document lacks the answer because nginx refused by itself; a HEAD's does not say."""
        detail = nginx_details().get(answer.status)
        if detail is None or answer.status in (404, 503):  # orgd says the same of these
            return False
        if self.response(answer, must_be=False) is not None:
            return False
        return answer.method == "HEAD" or answer.json.get("detail") == detail

    def response(self, answer, must_be=True):
        """The response object for the answer; None, if that may be, when there is none."""
        common = self.document["components"]["responses"]
        path = answer.path.removeprefix(self.base) if answer.path.startswith(self.base + "/") else None
        operations = self.document["paths"].get(path)
        if operations is None:
            responses = {"404": common["NotFound"]}
        elif answer.method == "OPTIONS":
            responses = {"204": common["Options"]}
        else:
            operation = operations.get({"HEAD": "get"}.get(answer.method, answer.method.lower()))
            responses = operation["responses"] if operation else {"405": common["MethodNotAllowed"]}
        found = responses.get(str(answer.status))
        must(found is not None or not must_be, f"the document has only {', '.join(responses)}", answer)
        return found

    def check_headers(self, answer, headers):
        for name, node in headers.items():
            header = self.validator.resolve(node)
            value = answer.header(name)
            must(value is not None or not header.get("required"), f"no {name}", answer)
            if value is None:
                continue
            if header["schema"]["type"] == "integer":
                must(re.fullmatch("[0-9]+", value), f"{name} is no number", answer)
                value = int(value)
            faults = self.validator.faults(header["schema"], value, name)
            must(not faults, "; ".join(faults), answer)

    def check_content(self, answer, content):
        media = answer.header("Content-Type", "").split(";")[0].strip().lower()
        must(media in content, f"Content-Type is none of {', '.join(content)}", answer)
        if answer.method == "HEAD":
            return
        value = answer.json if media.endswith("json") else answer.body.decode()
        faults = self.validator.faults(content[media]["schema"], value)
        must(not faults, "; ".join(faults), answer)
