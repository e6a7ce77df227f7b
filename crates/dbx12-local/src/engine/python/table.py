"""Turns what `display` is given into a table as Spark would have it: rows as JSON, and a schema.

A list of dicts, tuples or named tuples, a dict of lists, a frame of pandas, polars or pyarrow are tables.
"""

import base64
import itertools
import json
import math

CUT_CELL = 64 << 10
INTEGERS = {"byte", "short", "integer", "long"}
FLOATS = {"float", "double"}
FRAME_TYPES = {
    "int8": "byte",
    "int16": "short",
    "int32": "integer",
    "int64": "long",
    "uint8": "short",
    "uint16": "integer",
    "uint32": "long",
    "float32": "float",
    "float64": "double",
    "float": "float",
    "double": "double",
    "bool": "boolean",
    "boolean": "boolean",
    "string": "string",
    "str": "string",
    "large_string": "string",
    "date": "date",
    "date32[day]": "date",
}


def load():
    """What cells are told apart by: together a megabyte, which a context without tables does not need."""
    global datetime, decimal
    import datetime
    import decimal


def encode(value, row_limit, size_limit):
    """The table's JSON text, or None if the value is no table."""
    load()
    frame = from_frame(value, row_limit + 1)
    found = frame or from_list(value, row_limit + 1) or from_dict(value, row_limit + 1)
    if found is None:
        return None
    names, types, rows = found
    truncated = len(rows) > row_limit
    rows = [list(row) for row in rows[:row_limit]]
    for index, known in enumerate(types):
        column = [unwrap(row[index]) for row in rows]
        types[index] = known or infer(column)
        if frame and types[index] == "void":  # a frame knows no type for text
            types[index] = "string"
        for row, cell in zip(rows, column):
            row[index] = to_json(cell, types[index])
    schema = [{"name": str(name), "type": json.dumps(kind), "metadata": "{}"} for name, kind in zip(names, types)]
    lines, cut = bounded(rows, size_limit)
    return '{"rows":[%s],"schema":%s,"truncated":%s}' % (
        ",".join(lines),
        json.dumps(schema, ensure_ascii=False),
        json.dumps(truncated or cut),
    )


def from_frame(value, limit):
    """(names, types as far as the frame tells, rows), `limit` of them at most."""
    package = type(value).__module__.partition(".")[0]
    kind = type(value).__name__
    if package == "pyarrow" and kind in ("Table", "RecordBatch"):
        columns = [column.to_pylist() for column in value.slice(0, limit).columns]
        return value.schema.names, [named(field.type) for field in value.schema], list(zip(*columns))
    if package == "polars" and kind in ("DataFrame", "Series"):
        frame = value.to_frame() if kind == "Series" else value
        return frame.columns, [named(dtype) for dtype in frame.dtypes], frame.head(limit).rows()
    if package == "pandas" and kind in ("DataFrame", "Series"):
        frame = value.to_frame() if kind == "Series" else value
        rows = list(frame.head(limit).itertuples(index=False, name=None))
        return list(frame.columns), [named(dtype) for dtype in frame.dtypes], rows
    return None


def named(dtype):
    name = str(dtype).lower()
    return "timestamp" if name.startswith(("datetime", "timestamp")) else FRAME_TYPES.get(name)


def from_list(value, limit):
    if not isinstance(value, (list, tuple)) or not value or hasattr(value, "_fields"):
        return None
    if all(isinstance(row, dict) for row in value):
        names = list(dict.fromkeys(itertools.chain.from_iterable(value)))
        return names, [None] * len(names), [[row.get(name) for name in names] for row in value[:limit]]
    if all(isinstance(row, tuple) for row in value) and len({len(row) for row in value}) == 1:
        first = value[0]
        names = getattr(first, "_fields", None) or getattr(first, "__fields__", None)
        names = list(names or ("_%d" % (index + 1) for index in range(len(first))))
        return names, [None] * len(names), list(value[:limit])
    return None


def from_dict(value, limit):
    if not isinstance(value, dict) or not value or not all(isinstance(cells, list) for cells in value.values()):
        return None
    if len({len(cells) for cells in value.values()}) != 1:
        return None
    return list(value), [None] * len(value), list(zip(*(cells[:limit] for cells in value.values())))


def unwrap(cell):
    """Plain Python for a scalar or array of numpy, None for pandas' missing values."""
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    if type(cell).__module__ == "numpy":
        return cell.tolist()
    return cell


def infer(cells):
    """Spark's type of a column."""
    cells = [cell for cell in cells if cell is not None]
    kinds = [kind_of(cell) for cell in cells if not is_nan(cell)]
    if not kinds:
        return "double" if cells else "void"
    kind = kinds[0]
    for other in kinds[1:]:
        kind = common(kind, other)
    return kind


def kind_of(cell):
    if isinstance(cell, bool):
        return "boolean"
    if isinstance(cell, int):
        return "long" if -(1 << 63) <= cell < 1 << 63 else "decimal(38,0)"
    if isinstance(cell, float):
        return "double"
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return "binary"
    if isinstance(cell, datetime.datetime):
        return "timestamp"
    if isinstance(cell, datetime.date):
        return "date"
    if isinstance(cell, decimal.Decimal) and cell.is_finite():
        return decimal_kind(cell)
    if isinstance(cell, dict):
        return {"type": "map", "keyType": "string", "valueType": infer(cell.values()), "valueContainsNull": True}
    if isinstance(cell, (list, tuple, set, frozenset)):
        return {"type": "array", "elementType": infer(cell), "containsNull": True}
    return "string"


def decimal_kind(cell):
    _sign, digits, exponent = cell.as_tuple()
    scale = max(-exponent, 0)
    precision = max(len(digits) + max(exponent, 0), scale)
    return "decimal(%d,%d)" % (precision, scale) if precision <= 38 else "string"


def common(one, other):
    """The type that holds values of both; text holds all."""
    if one == other:
        return one
    for this, that in ((one, other), (other, one)):
        if this == "void":
            return that
        if isinstance(this, str) and isinstance(that, str):
            if this == "double" and (that == "long" or that.startswith("decimal")):
                return "double"
            if this.startswith("decimal") and (that == "long" or that.startswith("decimal")):
                return wider_decimal(this, that)
    if isinstance(one, dict) and isinstance(other, dict) and one["type"] == other["type"]:
        inner = "valueType" if one["type"] == "map" else "elementType"
        return {**one, inner: common(one[inner], other[inner])}
    return "string"


def wider_decimal(one, other):
    (p, s), (q, t) = (digits_of(kind) for kind in (one, other))
    scale = max(s, t)
    precision = max(p - s, q - t) + scale
    return "decimal(%d,%d)" % (precision, scale) if precision <= 38 else "string"


def digits_of(kind):
    """Precision and scale."""
    if kind == "long":
        return 19, 0
    precision, scale = kind[len("decimal(") : -1].split(",")
    return int(precision), int(scale)


def to_json(cell, kind):
    """The cell as the service writes it: integers exact, what JSON has no form for as text."""
    cell = unwrap(cell)
    if cell is None or (is_nan(cell) and kind not in FLOATS):
        return None
    if isinstance(kind, dict):
        if kind["type"] == "map":
            return {str(key): to_json(value, kind["valueType"]) for key, value in cell.items()}
        return [to_json(item, kind["elementType"]) for item in cell]
    if kind == "boolean":
        return bool(cell)
    if kind in INTEGERS:
        return int(cell)
    if kind in FLOATS:
        number = float(cell)
        return number if math.isfinite(number) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")
    if kind == "binary":
        return base64.b64encode(cell).decode()
    if kind == "timestamp" and isinstance(cell, datetime.datetime):
        return timestamp(cell)
    if kind == "date" and isinstance(cell, datetime.date):
        return cell.isoformat()
    if kind.startswith("decimal"):
        return format(decimal.Decimal(cell), ".%df" % digits_of(kind)[1])
    return cell if isinstance(cell, str) else str(cell)


def timestamp(moment):
    """`2024-01-02T03:04:05.678+0000`; a moment without a zone is local time."""
    if hasattr(moment, "to_pydatetime"):  # pandas' own kind wants a zone to convert to
        moment = moment.to_pydatetime()
    try:
        moment = moment.astimezone() if moment.tzinfo is None else moment
    except (OverflowError, ValueError):
        pass  # the years 1 and 9999
    text = datetime.datetime.isoformat(moment, timespec="milliseconds")
    zone = text[23:]
    return text[:23] + zone[:6].replace(":", "")


def is_nan(cell):
    return isinstance(cell, float) and cell != cell


def bounded(rows, size_limit):
    """Each row as JSON, and whether long cells or last rows had to go to keep within the limit."""
    lines, size, cut = [], 0, False
    for row in rows:
        line = json.dumps(row, ensure_ascii=False)
        if size + length(line) > size_limit:
            cut = True
            line = json.dumps([shortened(cell) for cell in row], ensure_ascii=False)
            if size + length(line) > size_limit:
                break
        size += length(line) + 1
        lines.append(line)
    return lines, cut


def length(text):
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def shortened(cell):
    if isinstance(cell, str):
        return cell[:CUT_CELL]
    return cell if isinstance(cell, (int, float)) or cell is None else None
