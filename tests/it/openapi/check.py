"""Checks the OpenAPI document on standard input, with a validator and a JSON Schema implementation that are not ours.

check.py document          the document against the specification of OpenAPI 3.1, its schemas against that of JSON Schema
check.py examples          every example in it against the schema beside it
check.py requests FILE     JSON bodies (path -> list of bodies) against the schemas of what is sent
check.py responses FILE    the same, against the schemas of what is answered

Prints what does not hold, one thing a line, then how much was checked. Ends with 1 if anything does not hold.
"""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012


def main(what, *files):
    document = json.load(sys.stdin)
    if what == "document":
        problems, count = list(breaches(document)), 1
    else:
        pairs = list(PAIRS[what](document, *map(read, files)))
        problems, count = list(mismatches(document, pairs)), len(pairs)
    print(*problems, f"{count} checked", sep="\n")
    return 1 if problems or not count else 0


def read(file):
    with open(file, encoding="utf-8") as opened:
        return json.load(opened)


def breaches(document):
    # The specification leaves the insides of a schema to JSON Schema, and so does its validator.
    json_schema = OAS31Validator(OAS31Validator.META_SCHEMA)
    for pointer, schema in schemas(document):
        for error in json_schema.iter_errors(schema):
            yield f"{pointer}: {error.json_path}: {error.message}"
    try:
        for error in OpenAPIV31SpecValidator(document).iter_errors():
            yield f"{error.json_path}: {error.message}"
    except Unresolvable as error:
        # It carries the whole document; the reference tells enough.
        yield f"{error.ref} leads nowhere"


def schemas(document):
    for name, schema in document["components"]["schemas"].items():
        yield f"/components/schemas/{escape(name)}", schema
    for pointer, node in objects(document["paths"], "/paths"):
        if "schema" in node:
            yield f"{pointer}/schema", node["schema"]


def examples(document):
    """Every example, with where its schema is."""
    for pointer, node in objects(document, ""):
        if "schema" not in node:
            continue
        if "example" in node:
            yield f"{pointer}/schema", node["example"]
        for example in node.get("examples", {}).values():
            yield f"{pointer}/schema", example["value"]


def objects(node, pointer):
    """Every JSON object in the document but those inside of examples, with its JSON pointer."""
    if isinstance(node, dict):
        yield pointer, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        if key not in ("example", "examples"):
            yield from objects(child, f"{pointer}/{escape(key)}")


def requests(document, bodies):
    """Every body, with where its schema is; of a GET, every parameter."""
    for path, method, operation in operations(document):
        pointer = f"/paths/{escape(path)}/{method}"
        for body in bodies[path]:
            if method == "post":
                yield f"{pointer}/requestBody/content/application~1json/schema", body
            for index, parameter in enumerate(operation.get("parameters", [])):
                yield f"{pointer}/parameters/{index}/schema", body[parameter["name"]]


def responses(document, bodies):
    """Every answer to a call that succeeds, with where its schema is."""
    for path, method, _ in operations(document):
        for body in bodies[path]:
            yield f"/paths/{escape(path)}/{method}/responses/200/content/application~1json/schema", body


def operations(document):
    return ((path, method, operation) for path, item in document["paths"].items() for method, operation in item.items())


def escape(key):
    return str(key).replace("~", "~0").replace("/", "~1")


def mismatches(document, pairs):
    registry = Registry().with_resource("urn:openapi", DRAFT202012.create_resource(document))
    for pointer, value in pairs:
        validator = Draft202012Validator({"$ref": f"urn:openapi#{pointer}"}, registry=registry)
        for error in validator.iter_errors(value):
            yield f"{pointer}: {json.dumps(value)}: {error.json_path}: {error.message}"


PAIRS = {"examples": examples, "requests": requests, "responses": responses}

sys.exit(main(*sys.argv[1:]))
