"""Spark Connect: a session on a server, SQL sent to it, and its frames as tables, like the bridge in a JVM makes them."""

import json
import os
import re

import _dbx12_errors as errors
import _dbx12_table as table_of

SIZE_LIMIT = 40 << 20
TEXT = ("interval", "variant", "geo")  # types that JSON has no form for, which are text as Spark's own cast makes it

# What a semicolon may be in: strings, quoted names, comments. Hints look like comments.
TOKEN = re.compile(
    r"""(?P<quoted>'(?:\\.|[^'\\])*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)|`[^`]*(?:`|\Z))|(?P<comment>--[^\n]*)|(?P<open>/\*)|(?P<end>;)""",
    re.DOTALL,
)
BRACKET = re.compile(r"/\*|\*/")
SCRIPT = re.compile(r"\s*begin\b", re.IGNORECASE)


def session(address, site):
    # The client looks for a Spark although it needs none, and gives up when it finds none.
    found = os.environ.setdefault("SPARK_HOME", os.path.join(site, "pyspark"))
    try:
        from pyspark.sql import SparkSession

        session = SparkSession.builder.remote(address).create()
        # `getOrCreate()` wants to know some address before it finds this session; a token is none of its business.
        os.environ["SPARK_REMOTE"] = address.partition(";")[0]
        return session
    finally:
        if found.startswith(site):
            del os.environ["SPARK_HOME"]


def run(spark, text, row_limit):
    """The answer frame of SQL: of several statements the last one's result counts."""
    try:
        frame = None
        for statement in statements(text):
            frame = spark.sql(statement)
        shown = '{"rows":[],"schema":[],"truncated":false}' if frame is None else table(frame, row_limit)
        return '{"table":%s}' % shown
    except Exception as error:
        return failure(error)


def failure(error):
    """The answer frame of a statement that failed, in the words of the service for SQL."""
    kind = type(error)
    name, text = kind.__name__.replace("Connect", "", 1), str(error)[: errors.LONGEST_MESSAGE]
    answer = {
        "summary": "Error in SQL statement: %s: %s" % (name, text.partition("\n\nJVM stacktrace:")[0]),
        "cause": "com.databricks.backend.common.rpc.SparkDriverExceptions$SQLExecutionException: %s.%s: %s"
        % (kind.__module__, name, text),
        "interrupt": False,
    }
    return json.dumps({"error": answer}, ensure_ascii=False)


def statements(text):
    """The statements between semicolons that are not in quotes or comments, without the empty ones."""
    if SCRIPT.match(text):
        return [text]
    parts, start, at, has_code = [], 0, 0, False
    while True:
        token = TOKEN.search(text, at)
        here = token.start() if token else len(text)
        has_code = has_code or bool(text[at:here].strip())
        if not token or token["end"]:
            if has_code:
                parts.append(text[start:here].strip())
            if not token:
                return parts
            start, has_code = token.end(), False
        elif token["quoted"] or text.startswith("/*+", here):
            has_code = True
        at = end_of_comment(text, here) if token["open"] else token.end()


def end_of_comment(text, start):
    """Bracketed comments may be nested."""
    depth = 0
    for bracket in BRACKET.finditer(text, start):
        depth += 1 if bracket[0] == "/*" else -1
        if not depth:
            return bracket.end()
    return len(text)


def table(frame, row_limit):
    """The first rows of a frame as JSON: rows, schema and whether there are more."""
    fields = frame.schema.jsonValue()["fields"]
    arrow = with_text(frame, fields).limit(row_limit + 1).toArrow()
    columns = [
        [cell(value, field["type"]) for value in column.to_pylist()]
        for column, field in zip(arrow.slice(0, row_limit).columns, fields)
    ]
    rows = list(zip(*columns)) if columns else [()] * min(arrow.num_rows, row_limit)
    lines, cut = table_of.bounded(rows, SIZE_LIMIT)
    schema = [
        {"name": field["name"], "type": compact(field["type"]), "metadata": compact(field["metadata"])}
        for field in fields
    ]
    return '{"rows":[%s],"schema":%s,"truncated":%s}' % (
        ",".join(lines),
        json.dumps(schema, ensure_ascii=False),
        json.dumps(cut or arrow.num_rows > row_limit),
    )


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def with_text(frame, fields):
    if not any(is_text(field["type"]) for field in fields):
        return frame
    from pyspark.sql.functions import col

    names = ["_%d" % index for index in range(len(fields))]  # names may occur twice
    columns = [col(name).cast("string") if is_text(field["type"]) else col(name) for name, field in zip(names, fields)]
    return frame.toDF(*names).select(*columns)


def is_text(kind):
    return isinstance(kind, str) and kind.startswith(TEXT)


def cell(value, kind):
    """A value of Arrow's, as `to_pylist` gives it: maps are lists of pairs there."""
    if value is None:
        return None
    if isinstance(kind, dict):
        if kind["type"] == "array":
            return [cell(item, kind["elementType"]) for item in value]
        if kind["type"] == "map":
            pairs = value.items() if isinstance(value, dict) else value
            return {str(key): cell(item, kind["valueType"]) for key, item in pairs}
        if kind["type"] == "struct":
            return {field["name"]: cell(value[field["name"]], field["type"]) for field in kind["fields"]}
        return str(value)
    if kind == "timestamp_ntz":
        moment = value.isoformat(timespec="microseconds")
        return moment.rstrip("0").rstrip(".") if moment.endswith("0") else moment
    table_of.load()
    return table_of.to_json(value, kind)
