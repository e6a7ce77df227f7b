# Reads batches of SQL literals with Spark: lists of pairs of literal and value as `described` has it. Prints what
# differs, one thing a line, and how many literals it has read.

import datetime
import decimal
import json
import math
import os
import struct
import time

from pyspark.sql import types

# PySpark gives timestamps in the zone of its process.
os.environ["TZ"] = "UTC"
time.tzset()

# What a literal may mean something else under.
SETTINGS = [
    {},
    {"spark.sql.parser.escapedStringLiterals": "true"},
    {"spark.sql.ansi.enabled": "true"},
    {"spark.sql.ansi.enabled": "false"},
    {"spark.sql.ansi.enabled": "true", "spark.sql.ansi.doubleQuotedIdentifiers": "true"},
    {"spark.sql.timestampType": "TIMESTAMP_NTZ", "spark.sql.session.timeZone": "Asia/Kathmandu"},
]
KINDS = {
    "null": types.NullType,
    "bool": types.BooleanType,
    "float": types.DoubleType,
    "decimal": types.DecimalType,
    "text": types.StringType,
    "bytes": types.BinaryType,
    "date": types.DateType,
    "timestamp": types.TimestampType,
    "list": types.ArrayType,
    "map": types.MapType,
}


def described(value):
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["integer", str(value)]
    if isinstance(value, float):
        return ["float", "nan" if math.isnan(value) else struct.pack(">d", value).hex()]
    if isinstance(value, decimal.Decimal):
        return ["decimal", plain(value)]
    if isinstance(value, str):
        return ["text", value.encode().hex()]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", bytes(value).hex()]
    if isinstance(value, datetime.datetime):
        return ["timestamp", value.isoformat(timespec="microseconds") + "+00:00"]
    if isinstance(value, datetime.date):
        return ["date", value.isoformat()]
    if isinstance(value, list):
        return ["list", [described(item) for item in value]]
    if isinstance(value, dict):
        # They come in no order.
        return ["map", sorted([key.encode().hex(), described(item)] for key, item in value.items())]
    raise TypeError(type(value))


def plain(number):
    """A list's decimals have one scale, and SQL knows no negative zero."""
    return format(number.normalize(), "f") if number else "0"


def as_sql_has_it(value):
    if isinstance(value, list) and value[:1] == ["decimal"]:
        return ["decimal", plain(decimal.Decimal(value[1]))]
    return [as_sql_has_it(item) for item in value] if isinstance(value, list) else value


def kind(value):
    if value[0] == "integer":
        return types.IntegerType if -(2**31) <= int(value[1]) < 2**31 else types.LongType
    return KINDS[value[0]]


def check(name, expected, found, field):
    expected = as_sql_has_it(expected)
    if described(found) != expected or type(field.dataType) is not kind(expected):
        print(name, field.dataType, described(found), expected)


def check_all(batches):
    decimal.getcontext().prec = 60
    read = 0
    for settings in SETTINGS:
        for name, value in settings.items():
            spark.conf.set(name, value)
        for batch in batches:
            columns = ", ".join(f"{literal} AS c{index}" for index, (literal, _) in enumerate(batch))
            # A whole statement comes as it is.
            statement = batch[0][0] if batch[0][0].startswith("SELECT") else f"SELECT {columns}"
            frame = spark.sql(statement)
            for (literal, expected), found, field in zip(batch, frame.collect()[0], frame.schema.fields, strict=True):
                check(literal, expected, found, field)
                read += 1
        for name in settings:
            spark.conf.unset(name)
    print("read", read, "under", len(SETTINGS), "settings")
