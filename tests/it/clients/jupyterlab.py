"""The REST client of databrickslabs-jupyterlab (PyPI), unmodified: forms, the code as a file part, Basic with a token.

Its package imports half of Jupyter when it is imported, so the one module is loaded beside it.
"""

import importlib.util
import os
import sys
import types

package = types.ModuleType("databrickslabs_jupyterlab")
package.__path__ = importlib.util.find_spec("databrickslabs_jupyterlab").submodule_search_locations
sys.modules[package.__name__] = package

from databrickslabs_jupyterlab.rest import Command, Context, DatabricksApiException

host, cluster_id = os.environ["DATABRICKS_HOST"], os.environ["DATABRICKS_CLUSTER_ID"]
token = os.environ["DATABRICKS_TOKEN"]

command = Command(host, cluster_id, token)
assert command.context.status()["status"] in ("Pending", "Running")
assert command.execute("x = 40") == (0, ""), "executed while the context may still be pending"
assert command.execute("print(x + 2)\n") == (0, "42")
code, cause = command.execute("raise ValueError('é')")
assert code == -1 and "ValueError" in cause and "é" in cause, cause
code, result = command.execute("display([(1, 'a')])", full_result=True)
assert code == 0 and result["results"]["data"] == [[1, "a"]], result
command.close()
try:
    command.context.status()
    raise AssertionError("a context that was destroyed")
except DatabricksApiException as error:
    assert error.status_code == 500 and "ContextNotFound" in error.error_message, error.error_message
try:
    Context(host, cluster_id, "dapi0").create()
    raise AssertionError("a wrong token")
except DatabricksApiException as error:
    assert error.status_code == 403, error.status_code
