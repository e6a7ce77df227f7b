"""`spark` and `sc`: the session of this context in the Spark of its cluster, attached when a command first names it.

The JVM is another process, which others use too: nothing here may stop it, or cancel what is not of this context. Where
there is none, a server is spoken to over Spark Connect, and there is no `sc`.
"""

import importlib.machinery
import json
import os
import signal
import socket
import sys

import _dbx12_connect as connect

NAMES = ("spark", "sc", "sqlContext")
PACKAGES = ("pyspark", "py4j")

where = None  # of the socket to ask on
site = None  # the folder of the packages that fit to the JVM
jvm = None
remote = None  # the session of Spark Connect, where there is no JVM
attaching = False


class SparkError(Exception):
    """There is no Spark to be had."""


def install():
    global where
    where = os.environ.pop("DBX12_SPARK", None)
    if where:
        sys.meta_path.insert(0, Packages())


def attach_for(code):
    """Attaches if a code object names what is not there yet."""
    if where and jvm is None and remote is None and names_spark(code, sys.modules["__main__"].__dict__):
        attach()


def names_spark(code, namespace):
    if any(name in code.co_names and name not in namespace for name in NAMES):
        return True
    return any(names_spark(part, namespace) for part in code.co_consts if hasattr(part, "co_names"))


class Packages:
    """Finds pyspark where it fits to the JVM, and attaches whoever imports it: `getOrCreate()` must find this session."""

    def find_spec(self, name, _path=None, _target=None):
        if name not in PACKAGES:
            return None
        if not attaching:
            attach()
            return sys.modules[name].__spec__ and importlib.machinery.ModuleSpec(name, Loaded(sys.modules[name]))
        return importlib.machinery.PathFinder.find_spec(name, [site]) if site else None


class Loaded:
    """Gives a module that was loaded meanwhile."""

    def __init__(self, module):
        self.module, self.spec = module, module.__spec__

    def create_module(self, _spec):
        return self.module

    def exec_module(self, module):
        module.__spec__ = self.spec


def attach():
    answer = ask()
    if "connect" in answer:
        attach_remote(answer["connect"])
    else:
        attach_jvm(answer["gateway"])


def attach_remote(server):
    global attaching, site, remote
    attaching = True
    try:
        site = server["site"]
        sys.path.append(site)  # what the client needs, behind what the user has
        remote = connect.session(server["address"], site)
    finally:
        attaching = False
    quiet()
    spare(type(remote))
    sys.modules["__main__"].__dict__.setdefault("spark", remote)


def run_sql(code, row_limit):
    """The answer frame of a command that is SQL, sent over Spark Connect."""
    if remote is None:
        attach()
    return connect.run(remote, code, row_limit)


def attach_jvm(gateway):
    global attaching, site, jvm
    attaching = True
    try:
        site = gateway["site"]
        os.environ["PYSPARK_GATEWAY_PORT"] = str(gateway["port"])
        os.environ["PYSPARK_GATEWAY_SECRET"] = gateway["secret"]
        connected, session = connect_jvm(gateway["context"])
    finally:
        attaching = False
        for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
            os.environ.pop(name, None)
    jvm = connected
    namespace = sys.modules["__main__"].__dict__
    namespace.setdefault("spark", session)
    namespace.setdefault("sc", session.sparkContext)


def ask():
    """Where the session is; waits as long as Spark takes to come."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(where)
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        except OSError as error:
            raise SparkError("the workspace does not answer: %s" % error) from None
    answer = json.loads(answer) if answer else {"error": "the workspace does not answer"}
    if "error" in answer:
        raise SparkError(answer["error"])
    return answer


def connect_jvm(context):
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        gateway = launch_gateway()
        bridge = gateway.jvm.dbx12.Bridge
        java_session = bridge.session(context)
        java_context = gateway.jvm.org.apache.spark.api.java.JavaSparkContext.fromSparkContext(java_session.sparkContext())
        configuration = SparkConf(_jvm=gateway.jvm, _jconf=java_context.getConf())
        spark_context = SparkContext(gateway=gateway, jsc=java_context, conf=configuration)
        session = SparkSession(spark_context, jsparkSession=java_session)
        # The first session of a process makes itself the default of the whole JVM.
        gateway.jvm.org.apache.spark.sql.classic.SparkSession.setDefaultSession(bridge.rootSession())
    finally:
        signal.signal(signal.SIGINT, interrupt)  # pyspark's own would cancel the jobs of everybody
    quiet()
    spare(SparkContext, SparkSession)
    return gateway.jvm, session


def quiet():
    """pyspark logs a copy of each error of SQL, which is in the result already."""
    import logging

    logging.getLogger("SQLQueryContextLogger").disabled = True


def spare(*kinds):
    def stop(_self):
        print("Spark is the cluster's and goes on: restart the cluster to have a new one.", file=sys.stderr)

    for kind in kinds:
        kind.stop = stop


def encode(value, row_limit):
    """The table's JSON text if the value is a frame of Spark, else None."""
    kind = type(value)
    if kind.__name__ != "DataFrame" or not kind.__module__.startswith("pyspark.sql"):
        return None
    if remote is not None:
        return connect.table(value, row_limit)
    if jvm is None:
        return None
    return jvm.dbx12.Bridge.tableJson(value._jdf, row_limit)
