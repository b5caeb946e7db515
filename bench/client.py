# SPDX-License-Identifier: Apache-2.0
"""One HTTP connection to a service: for setting it up, and for requests that are timed one by one."""
import http.client
import json


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def answer(self, method, path, body=None, token=None):
        """Status and text."""
        headers = {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        return response.status, response.read()

    def call(self, method, path, body=None, token=None, status=200):
        """What the answer says, which must have the given status."""
        got, text = self.answer(method, path, body, token)
        if got != status:
            raise RuntimeError(f"{method} {path}: {got} {text[:300]!r}")
        return json.loads(text)

    def close(self):
        self.connection.close()
