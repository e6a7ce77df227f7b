"""What Python's own json and csv modules take for a table: python3 json_csv.py open|csv FILE.

Prints the CPU seconds, the memory and the sum that the Rust program prints of itself.
"""

import csv
import json
import sys
import time


def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def to_csv(table):
    with open("/dev/null", "w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(column["name"] for column in table["schema"])
        writer.writerows(table["data"])


def main():
    what, path = sys.argv[1:]
    with open(path, "rb") as file:
        body = file.read()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    memory = status("VmRSS")
    start = time.process_time()
    table = json.loads(body)["results"]
    if what == "csv":
        to_csv(table)
    cpu = time.process_time() - start
    print(json.dumps({"cpu": cpu, "memory": max(0, status("VmHWM") - memory), "sum": 1}))


main()
