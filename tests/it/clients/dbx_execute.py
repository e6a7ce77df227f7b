"""What `dbx execute` of databrickslabs (PyPI: dbx, on top of databricks-cli) runs code with, unmodified: JSON labelled
`text/json`, indented code, `%pip`, a context that is looked for again.

It sleeps for five seconds between two looks. That is its clock and not its code, so it is made shorter here.
"""

import os
import tempfile
import time
from pathlib import Path

import typer
from databricks_cli.sdk import ApiClient
from dbx.api.client_provider import ApiV1Client
from dbx.api.context import LocalContextManager, RichExecutionContextClient

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.05))

cluster_id = os.environ["DATABRICKS_CLUSTER_ID"]
folder = Path(tempfile.mkdtemp())
os.chdir(folder)
(folder / ".dbx").mkdir()

host = os.environ["DATABRICKS_HOST"]
api = ApiClient(host=host, token=os.environ["DATABRICKS_TOKEN"])
api.url = host + "/api/"  # it takes the port for that of the scheme, whatever the host says
client = RichExecutionContextClient(api, cluster_id)
client.setup_arguments(["--env", "été"])
assert client.client.execute_command("print(sys.argv)") == "['python', '--env', 'été']", "variables stay"

program = folder / "job.py"
program.write_text("def f():\n    return 6 * 7\n\nprint(f())\n", encoding="utf-8")
client.execute_file(program)

target = client.get_temp_dir()
uploaded = client.upload_file(Path("job.py"), target)
there = client.client.execute_command(f"print(open({uploaded!r}).read())")
assert there.rstrip() == program.read_text().rstrip(), there
client.remove_dir(target)
assert client.client.execute_command(f"import os; print(os.path.exists({target!r}))") == "False"

again = RichExecutionContextClient(api, cluster_id)
assert again.client.context_id == client.client.context_id, "the context that it wrote down is found again"
try:
    again.client.execute_command("raise ValueError('no')")
    raise AssertionError("an exception")
except typer.Exit as error:
    assert error.exit_code == 1

plain = ApiV1Client(api)
ids = {"clusterId": cluster_id, "contextId": client.client.context_id}
running = plain.execute_command({**ids, "language": "python", "command": "import time; time.sleep(600)"})
command = {**ids, "commandId": running["id"]}
plain.cancel_command(command)
while (ended := plain.get_command_status(command))["status"] != "Finished":
    time.sleep(1)
assert "CommandCancelledException" in ended["results"]["cause"], ended

plain.v1_client.perform_query(method="POST", path="/contexts/destroy", data=ids)
assert plain.get_context_status(ids) is None, "a context that was destroyed"
LocalContextManager.context_file_path.unlink()
program.unlink()
(folder / ".dbx").rmdir()
folder.rmdir()
