#!/usr/bin/env python3
"""Makes of the OpenAPI document what the scanners can work with: attack_targets.py BASE_URL ENTRY_ID <openapi.json

They send one request for each operation, with the examples it finds, and put their payloads into every value of it. So each value is
one that gets past validation and names something that is there, or nothing would ever reach the database. A new route is attacked
as soon as the document has it.
"""

import json
import os
import sys

BASE_URL, ENTRY_ID = sys.argv[1:]

# The first two can carry no payload, and would end the session that the scanners use. The answers of the others never
# end, and a status has the same parameters in its address.
LEFT_OUT = {"delete_current_session", "delete_other_sessions", "get_person_events", "get_people_events"}

# Values that are true on this server, by name; all others are the examples of the document.
KNOWN = {
    "username": os.environ["ADMIN_USERNAME"],
    "display_name": "Morgan",
    "privacy_policy_version": "2026-11-25.2",
    # Wrong on purpose to protect the scanners' accounts: nobody is deleted, no password changed.
    "password": "Wrong-Harbour-71-lanterns",
    "current_password": "Wrong-Harbour-71-lanterns",
    # The server goes on taking writes and registrations.
    "maintenance_mode": False,
    "registration": "open",
    "disabled": False,
    # The end of a share has to be in the future.
    "until": "2099-01-01T00:00:00.000Z",
}
FORMATS = {"date": "2020-01-01", "date-time": "2020-01-01T00:00:00.000Z", "uuid": ENTRY_ID}


def resolved(schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for choice in schema.get("oneOf", []) + schema.get("anyOf", []) + schema.get("allOf", []):
        if choice.get("type") != "null":
            return {**schema, **resolved(choice)}
    return schema


def kind(schema):
    kinds = schema.get("type", "string")
    return kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")


def example(name, schema, given=None):
    found = resolved(schema)
    for value in (KNOWN.get(name), given, schema.get("example"), found.get("example"), found.get("default")):
        if value is not None:
            return value
    if "enum" in found:
        return found["enum"][0]
    if kind(found) == "object":
        return {field: example(field, part) for field, part in found.get("properties", {}).items()}
    if kind(found) == "array":
        return [example(name, found["items"])]
    return {"integer": found.get("minimum", 1), "number": 1.5, "boolean": True}.get(kind(found), FORMATS.get(found.get("format"), "morgan"))




def spelled_out(value):
    """A schema that has no other example than `value`: wapiti looks for `default`, sqlmap for `example`."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: spelled_out(part) for name, part in value.items()}}
    if isinstance(value, list):
        return {"type": "array", "items": spelled_out(value[0] if value else "")}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"type": kinds[type(value)], "default": value, "example": value}


def target(path, verb, operation):
    target = {"operationId": operation["operationId"], "responses": {"200": {"description": "OK"}}, "parameters": []}
    for parameter in operation.get("parameters", []):
        name, place = parameter["name"], parameter["in"]
        value = example(name, parameter["schema"], parameter.get("example"))
        if place == "path" and name == "id" and path.startswith("/api/v1/entries/"):
            value = ENTRY_ID
        if place == "path" and path.startswith(("/api/v1/admin/users/", "/api/v1/me/shares/")):
            # The scanners' own account would be demoted, reset and signed out, and nobody shares with themself.
            value = os.environ["VIEWER_USERNAME"]
        if place == "path" and verb == "delete":
            # A name or id that does not exist, so that the targets of the other requests stay.
            value = "nobody" if name == "username" else "0190a1b2-c3d4-7000-8000-000000000000"
        if name == "cursor":
            continue
        target["parameters"].append({"name": name, "in": place, "required": True, "schema": spelled_out(value)})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        body = example("", content["schema"], content.get("example"))
        # An id of its own would make all requests but the first a repetition.
        body.pop("id", None)
        target["requestBody"] = {"required": True, "content": {"application/json": {"schema": spelled_out(body)}}}
    return target


document = json.load(sys.stdin)
paths = {}
for path, item in document["paths"].items():
    for verb, operation in item.items():
        if "operationId" not in operation or operation["operationId"] in LEFT_OUT:
            continue
        made = target(path, verb, operation)
        if made["parameters"] or "requestBody" in made:
            paths.setdefault(path, {})[verb] = made
json.dump({"openapi": "3.1.0", "info": {"title": "targets", "version": "1"}, "servers": [{"url": BASE_URL}], "paths": paths}, sys.stdout)
