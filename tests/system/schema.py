# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema (2020-12) that orgd's document uses; a keyword it does not know is an error."""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}
ANNOTATIONS = {"description", "format"}


def is_type(value, name):
    if name in ("integer", "number"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def same(a, b):
    """Equal, and True is not 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Validator:
    """Checks values against schemas of one document, in which each $ref is looked up."""

    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while "$ref" in node:
            if set(node) != {"$ref"}:
                raise ValueError(f"more than a $ref: {node}")
            found = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def faults(self, schema, value, where="body"):
        """What is wrong with the value: a list of lines, empty when nothing is."""
        if isinstance(schema, bool):
            return [] if schema else [f"{where}: must not be there"]
        found = []
        for keyword, wanted in schema.items():
            if keyword in ANNOTATIONS:
                continue
            rule = getattr(self, "rule_" + keyword.replace("$", ""), None)
            if rule is None:
                raise ValueError(f"unknown keyword {keyword} in {schema}")
            found += rule(wanted, value, where, schema)
        return found

    def rule_ref(self, _, value, where, schema):
        return self.faults(self.resolve(schema), value, where)

    def rule_type(self, name, value, where, _):
        return [] if is_type(value, name) else [f"{where}: {value!r} is no {name}"]

    def rule_const(self, wanted, value, where, _):
        return [] if same(value, wanted) else [f"{where}: {value!r} is not {wanted!r}"]

    def rule_enum(self, wanted, value, where, _):
        return [] if any(same(value, one) for one in wanted) else [f"{where}: {value!r} is none of {wanted}"]

    def rule_minimum(self, least, value, where, _):
        return [f"{where}: {value!r} is below {least}"] if is_type(value, "number") and value < least else []

    def rule_minLength(self, least, value, where, _):
        return [f"{where}: shorter than {least}"] if isinstance(value, str) and len(value) < least else []

    def rule_maxLength(self, most, value, where, _):
        return [f"{where}: longer than {most}"] if isinstance(value, str) and len(value) > most else []

    def rule_pattern(self, pattern, value, where, _):
        # Python's $ also matches before a last line feed, ECMA-262's does not.
        good = not isinstance(value, str) or re.search(re.sub(r"\$$", r"\\Z", pattern), value)
        return [] if good else [f"{where}: {value!r} is not like {pattern}"]

    def rule_minItems(self, least, value, where, _):
        return [f"{where}: fewer than {least}"] if isinstance(value, list) and len(value) < least else []

    def rule_items(self, item, value, where, _):
        if not isinstance(value, list):
            return []
        return [fault for i, one in enumerate(value) for fault in self.faults(item, one, f"{where}[{i}]")]

    def rule_properties(self, properties, value, where, _):
        if not isinstance(value, dict):
            return []
        return [fault for name, one in value.items() if name in properties
                for fault in self.faults(properties[name], one, f"{where}.{name}")]

    def rule_required(self, names, value, where, _):
        return [f"{where}: no {name}" for name in names if isinstance(value, dict) and name not in value]

    def rule_dependentRequired(self, table, value, where, _):
        return [fault for name, others in table.items() if isinstance(value, dict) and name in value
                for fault in self.rule_required(others, value, where, None)]

    def rule_additionalProperties(self, allowed, value, where, schema):
        if not isinstance(value, dict):
            return []
        return [fault for name, one in value.items() if name not in schema.get("properties", {})
                for fault in self.faults(allowed, one, f"{where}.{name}")]

    def rule_allOf(self, schemas, value, where, _):
        return [fault for one in schemas for fault in self.faults(one, value, where)]

    def rule_anyOf(self, schemas, value, where, _):
        fits = any(not self.faults(one, value, where) for one in schemas)
        return [] if fits else [f"{where}: fits none of {schemas}"]

    def rule_oneOf(self, schemas, value, where, _):
        fits = sum(not self.faults(one, value, where) for one in schemas)
        return [] if fits == 1 else [f"{where}: fits {fits} of {schemas}"]
