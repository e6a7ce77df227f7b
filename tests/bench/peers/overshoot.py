"""How late the official Python SDK (PyPI: databricks-sdk), unmodified, hears of the ends of commands.

Arguments: lanes, rounds, durations in seconds. Prints pairs of a duration and seconds as JSON.
"""

import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.compute import Language

lanes, rounds = int(sys.argv[1]), int(sys.argv[2])
durations = [float(argument) for argument in sys.argv[3:]]
cluster_id = os.environ["DATABRICKS_CLUSTER_ID"]


def lane(seed):
    chance = random.Random(seed)
    run = WorkspaceClient(auth_type="pat").command_execution
    context = run.create_and_wait(cluster_id=cluster_id, language=Language.PYTHON)
    seen = []
    for _ in range(rounds):
        for seconds in durations:
            code = "import time; time.sleep(%.4f); print(time.time())" % (seconds * chance.uniform(0.95, 1.05))
            done = run.execute_and_wait(
                cluster_id=cluster_id, context_id=context.id, language=Language.PYTHON, command=code
            )
            seen.append((seconds, time.time() - float(done.results.data)))
    run.destroy(cluster_id=cluster_id, context_id=context.id)
    return seen


with ThreadPoolExecutor(lanes) as pool:
    print(json.dumps([pair for seen in pool.map(lane, range(lanes)) for pair in seen]))
