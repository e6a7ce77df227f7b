# The program text of `python -c`. It must parse under any Python, so that one which is too old can say so.
# It reads the first frame from the control channel, which is still fd 0 here, and starts the worker's modules from it.
import json
import os
import struct
import sys
import types


def read(count):
    data = b""
    while len(data) < count:
        piece = os.read(0, count - len(data))
        if not piece:
            sys.exit(1)
        data += piece
    return data


start = json.loads(read(struct.unpack(">I", read(4))[0]).decode("utf-8"))["start"]

if sys.version_info < (3, 9):
    reply = json.dumps({"too_old": {"version": sys.version.split()[0]}}).encode("utf-8")
    os.write(0, struct.pack(">I", len(reply)) + reply)
    sys.exit(1)

for name, source in start["modules"]:
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, "<%s>" % name, "exec"), module.__dict__)
sys.modules["_dbx12_worker"].main(start["memory_limit"])
