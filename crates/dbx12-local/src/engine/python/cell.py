"""Runs the text of one command in `__main__`, as a notebook does."""

import __future__

import ast
import importlib
import linecache
import os
import re
import shlex
import sys

import _dbx12_spark as spark

CO_COROUTINE = 0x80
FUTURES = 0
for feature in __future__.all_feature_names:
    FUTURES |= getattr(__future__, feature).compiler_flag

MAGIC = re.compile(r"([ \t]*)(?:%%?([A-Za-z_]\w*)|!)[ \t]*(.*)")

LANGUAGES = ("sql", "scala", "r")

libraries = None  # a folder of the cluster's own libraries
future_flags = 0  # of the `from __future__` of all commands so far
loop = None  # for `await` outside of a function; lives as long as the process


class UsageError(Exception):
    """A magic that is not there or was refused."""


class PipError(Exception):
    """pip said no."""


class ShellError(Exception):
    """A `%sh -e` whose shell failed."""


def use_libraries(folder):
    global libraries
    libraries = folder
    sys.path.append(folder)


def run(code, number):
    name = "<command-%d>" % number
    see_new_libraries()
    source = dedent(code.replace("\r\n", "\n").replace("\r", "\n"))
    linecache.cache[name] = (len(source), None, [line + "\n" for line in source.split("\n")], name)
    if run_cell_magic(source):
        return
    namespace = sys.modules["__main__"].__dict__
    for part in compile_parts(source, name):
        spark.attach_for(part)
        result = eval(part, namespace)
        if part.co_flags & CO_COROUTINE:
            complete(result)


def see_new_libraries():
    """`importlib.invalidate_caches()` for the one folder that others install into: all of it costs 20 ms."""
    if libraries is None:
        return
    finder = sys.path_importer_cache.get(libraries)
    if finder is None:
        sys.path_importer_cache.pop(libraries, None)
    else:
        finder.invalidate_caches()


def dedent(source):
    """Takes the first line's indentation off every line that has it, as IPython does."""
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indentation = first[: len(first) - len(first.lstrip(" \t"))]
    if not indentation:
        return source
    return "\n".join(line[len(indentation) :] if line.startswith(indentation) else line for line in lines)


def compile_parts(source, name):
    """The code objects of a command: its statements, and its last expression if its value is to be shown."""
    global future_flags
    flags = future_flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree, source = parse(source, name, flags)
    last = tree.body.pop() if shows_value(tree, source) else None
    parts = []
    if tree.body:
        parts.append(compile(tree, name, "exec", flags, dont_inherit=True))
        future_flags |= parts[0].co_flags & FUTURES
        flags |= future_flags
    if last is not None:
        parts.append(compile(ast.Interactive([last]), name, "single", flags, dont_inherit=True))
    return parts


def parse(source, name, flags):
    """The syntax tree, and the text it was made of: lines that are magics have become calls."""
    while True:
        try:
            return compile(source, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True), source
        except SyntaxError as error:
            lines = source.split("\n")
            index = (error.lineno or 0) - 1
            magic = MAGIC.match(lines[index]) if 0 <= index < len(lines) else None
            if not magic:
                raise
            lines[index] = "%s__import__(%r).run_line_magic(%r, %r)" % (magic[1], __name__, magic[2] or "!", magic[3])
            source = "\n".join(lines)


def shows_value(tree, source):
    """Whether a command ends with an expression that no `;` silences."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    last = tree.body[-1]
    lines = source.split("\n")[last.end_lineno - 1 :]
    lines[0] = lines[0].encode("utf-8", "replace")[last.end_col_offset :].decode("utf-8", "replace")
    return not "\n".join(lines).lstrip().startswith(";")


def complete(coroutine):
    global loop
    import asyncio

    if loop is None or loop.is_closed():
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    task = loop.create_task(coroutine)
    try:
        loop.run_until_complete(task)
    finally:
        if not task.done():  # interrupted: let the coroutine clean up, and not go on in the next command
            task.cancel()
            try:
                loop.run_until_complete(task)
            except asyncio.CancelledError:
                pass


def run_cell_magic(source):
    """Runs a command that is all shell, all text or all of another language; whether it was one."""
    magic = MAGIC.match(source.lstrip())
    if not magic or magic[2] not in ("sh", "md") + LANGUAGES:
        return False
    text = source.lstrip()[magic.start(3) :]
    if magic[2] == "sh":
        run_shell(text)
    elif magic[2] in LANGUAGES:
        run_language(magic[2], text)
    else:
        print(text.strip())
    return True


def run_language(name, _text):
    """Where an engine for another language is attached."""
    raise UsageError("%%%s is not supported here: this context runs python only" % name)


def run_line_magic(name, argument):
    if name == "pip":
        run_pip(shlex.split(argument))
    elif name == "run":
        raise UsageError("command execution does not support %run")
    elif name == "!":
        raise UsageError("`!` is not supported here: begin the command with %sh")
    elif name not in ("python", "matplotlib"):
        raise UsageError("the magic %%%s is not supported here; %%sh, %%pip, %%md and %%python are" % name)


def run_shell(script):
    import subprocess

    strict = re.match(r"-e\b[ \t]*", script)
    if strict:
        script = "set -e\n" + script[strict.end() :]
    code = subprocess.run(["/bin/sh", "-c", script]).returncode
    ended = "the shell exited with code %d" % code if code > 0 else "the shell was killed by signal %d" % -code
    if code and strict:
        raise ShellError(ended)
    if code:
        print("(%s)" % ended)


def run_pip(arguments):
    import subprocess

    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"] + arguments
    environment = dict(os.environ)
    if libraries is not None:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [libraries, environment.get("PYTHONPATH")]))
        if arguments[:1] == ["install"]:
            command += ["--target", libraries, "--upgrade"]
    code = subprocess.run(command, env=environment).returncode
    importlib.invalidate_caches()
    if code:
        raise PipError("pip exited with code %d" % code)
