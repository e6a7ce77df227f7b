"""The official Python SDK (PyPI: databricks-sdk), unmodified, against the workspace that the environment names.

Says nothing and exits with 0 when all of it went as with a real workspace. The first argument says how to log in.
"""

import os
import sys
import time

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, ResourceDoesNotExist
from databricks.sdk.service.compute import CommandStatus, ContextStatus, Language, ResultType, State

cluster_id = os.environ["DATABRICKS_CLUSTER_ID"]
client = WorkspaceClient(auth_type=sys.argv[1])
assert client.config.auth_type == sys.argv[1], client.config.auth_type

# What clients ask before they run anything.
assert client.current_user.me().user_name
assert client.clusters.get(cluster_id).state == State.RUNNING
assert cluster_id in [cluster.cluster_id for cluster in client.clusters.list()]
client.clusters.ensure_cluster_is_running(cluster_id)
try:
    client.clusters.get("0000-000000-none")
    raise AssertionError("a cluster that is not there")
except ResourceDoesNotExist:
    pass

run = client.command_execution
context = run.create_and_wait(cluster_id=cluster_id, language=Language.PYTHON)
assert context.status == ContextStatus.RUNNING and context.id.isdigit(), context
ids = {"cluster_id": cluster_id, "context_id": context.id}


def execute(command):
    done = run.execute_and_wait(command=command, language=Language.PYTHON, **ids)
    assert done.status == CommandStatus.FINISHED, done
    return done.results


text = execute("print(6 * 7)")
assert (text.result_type, text.data) == (ResultType.TEXT, "42"), text
assert execute("        answer = 7\n        answer").data == "7", "indented code, and its last value"
assert execute("answer += 1; answer").data == "8", "variables stay"

table = execute("display([{'n': 1, 's': 'a'}, {'n': 2, 's': None}])")
assert table.result_type == ResultType.TABLE and table.data == [[1, "a"], [2, None]], table
assert [column["name"] for column in table.schema] == ["n", "s"] and table.is_json_schema, table

error = execute("1 / 0")
assert error.result_type == ResultType.ERROR, error
assert "ZeroDivisionError" in error.summary and "division by zero" in error.cause, error

waiter = run.execute(command="import time; time.sleep(600)", language=Language.PYTHON, **ids)
command_id = waiter.response.id
while run.command_status(command_id=command_id, **ids).status != CommandStatus.RUNNING:
    time.sleep(0.02)
run.cancel(command_id=command_id, **ids)
while (ended := run.command_status(command_id=command_id, **ids)).status == CommandStatus.CANCELLING:
    time.sleep(0.02)
assert ended.status == CommandStatus.FINISHED and "CommandCancelledException" in ended.results.cause, ended
assert execute("answer").data == "8", "the context goes on"

run.destroy(**ids)
try:
    run.context_status(**ids)
    raise AssertionError("a context that was destroyed")
except DatabricksError as error:
    assert "ContextNotFound" in str(error), error
try:
    run.execute(cluster_id=cluster_id, language=Language.PYTHON, command="1")
    raise AssertionError("a command without a context")
except DatabricksError as error:
    assert "requirement failed: missing contextId" in str(error), error
