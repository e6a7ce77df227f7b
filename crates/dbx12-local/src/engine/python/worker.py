"""The process of one python context: reads commands from the control channel, runs them, answers.

Output is not its business: fd 1 and fd 2 are one pipe, read by the other side while a command runs. So nothing that
a command prints can break the protocol, and a crash loses no output. There are no threads here: a command may fork.
"""

import builtins
import faulthandler
import fcntl
import getpass
import io
import json
import os
import resource
import signal
import socket
import struct
import sys
import traceback
import types

import _dbx12_cell as cell
import _dbx12_display as display
import _dbx12_errors as errors
import _dbx12_spark as spark

try:
    import ctypes

    libc = ctypes.CDLL(None)
except (ImportError, OSError):  # a Python without ctypes works, with less protection
    libc = None

LOWEST_FD = 200  # out of the way of `os.closerange(3, 100)` and of programs that count on low numbers
FRAME_LIMIT = 64 << 20
PR_SET_PDEATHSIG = 1
F_SETPIPE_SZ = 1031
PIPE_SIZE = 1 << 20
WORKER = os.getpid()


def main(memory_limit):
    die_with_parent()
    channel = Channel()
    set_limits(memory_limit)
    leave_terminal()
    streams = Streams()
    if len(sys.argv) > 1:
        cell.use_libraries(sys.argv[1])
    install_main_module()
    refuse_input()
    display.install()
    spark.install()
    os.register_at_fork(after_in_child=channel.close)
    channel.send({"ready": {"version": "%d.%d.%d" % sys.version_info[:3]}})
    while True:
        request = channel.receive()
        if not isinstance(request, dict):  # "exit", or the other side is gone
            sys.exit(0)
        kind, command = request.popitem()
        streams.repair()
        signal.signal(signal.SIGINT, interrupts.handle)  # pyspark and others install their own
        try:
            answer = run(channel, streams, kind, command)
        except BaseException as error:  # an interrupt while an exception was described, or while `run` closed
            answer = errors.plain(type(error).__name__, "", isinstance(error, KeyboardInterrupt))
        interrupts.wanted = False
        streams.flush()
        channel.send_text(answer)


def run(channel, streams, kind, command):
    """Runs one command and returns its answer; all that is the user's, `__str__` of an exception too, can be
    interrupted."""
    try:
        interrupts.wanted = True
        channel.send("started")
        display.begin(command["row_limit"])
        try:
            if kind == "sql":
                return spark.run_sql(command["code"], command["row_limit"])
            cell.run(command["code"], command["number"])
            if os.getpid() != WORKER:
                leave_child(streams, None)
            return display.answer()
        except BaseException as error:
            if os.getpid() != WORKER:
                leave_child(streams, error)
            return errors.describe(error)
        finally:
            display.end()
    finally:
        interrupts.wanted = False


class Interrupts:
    """SIGINT means something only while a command runs; one that comes late is dropped."""

    wanted = False

    def handle(self, _signal, _frame):
        if self.wanted:
            raise KeyboardInterrupt


interrupts = Interrupts()


class Channel:
    """Frames over the control socket: a length of four bytes, big endian, and JSON."""

    def __init__(self):
        """Takes over fd 0 and leaves /dev/null in its place."""
        fd = move_up(0)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        self.socket = socket.socket(fileno=fd)

    def receive(self):
        header = self.read(4)
        body = header and self.read(struct.unpack(">I", header)[0])
        return json.loads(body) if body else None

    def read(self, count):
        data = bytearray(count)
        view = memoryview(data)
        while view:
            try:
                read = self.socket.recv_into(view)
            except OSError:
                read = 0
            if not read:
                return None
            view = view[read:]
        return data

    def send(self, message):
        self.send_text(json.dumps(message))

    def send_text(self, text):
        data = text.encode("utf-8", "replace")  # a lone surrogate is no UTF-8
        if len(data) > FRAME_LIMIT:
            data = errors.plain("ResultTooLarge", "the result has %d bytes" % len(data), False).encode()
        try:
            self.socket.sendall(struct.pack(">I", len(data)) + data)
        except OSError as error:
            os.write(2, b"the control channel is closed: %s\n" % str(error).encode())
            os._exit(1)

    def close(self):
        self.socket.close()


class Streams:
    """sys.stdin, stdout and stderr, and the descriptors below them."""

    def __init__(self):
        self.spare = move_up(1)
        try:
            fcntl.fcntl(1, F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:
            pass  # macOS, or the user's pipes are at their limit
        if libc:
            unbuffer_c_stdio()
        faulthandler.enable(2)
        for name in ("stdin", "stdout", "stderr"):
            self.open(name)
            setattr(sys, "__%s__" % name, getattr(sys, name))

    def open(self, name):
        if name == "stdin":
            stream = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
        else:
            raw = PipeWriter(1 if name == "stdout" else 2, "w", closefd=False)
            stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
        setattr(sys, name, stream)

    def repair(self):
        """What an earlier command closed works again; what it replaced by something that works stays its own."""
        for fd in (0, 1, 2):
            try:
                os.fstat(fd)
            except OSError:
                source = self.spare if fd else os.open(os.devnull, os.O_RDONLY)
                if source != fd:
                    os.dup2(source, fd)
                else:
                    os.set_inheritable(fd, True)
        os.set_blocking(1, True)  # some programs leave a shared pipe without blocking
        for name in ("stdin", "stdout", "stderr"):
            try:
                usable = not getattr(sys, name).closed
            except Exception:
                usable = False
            if not usable:
                self.open(name)

    def flush(self):
        for name in ("stdout", "stderr"):
            try:
                getattr(sys, name).flush()
            except Exception:
                pass
        if libc:
            libc.fflush(None)


class PipeWriter(io.FileIO):
    """Writes at once and all of it: a signal may cut a write to a pipe short."""

    def write(self, data):
        data = memoryview(data).cast("B")
        count = len(data)
        while data:
            data = data[super().write(data) :]
        return count


def die_with_parent():
    """A busy worker does not see the end of the channel; the kernel does."""
    if not libc or sys.platform != "linux":
        return
    parent = os.getppid()
    libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def set_limits(memory_limit):
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_limit is not None:
        # Not RLIMIT_AS: libraries map far more than they use. Over this one, Python raises MemoryError and lives.
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = memory_limit if hard == resource.RLIM_INFINITY else min(memory_limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")  # if memory runs out, this process goes before the server
    except OSError:
        pass


def leave_terminal():
    """Nothing that a command starts may ask for a password on the server's terminal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return
    import termios

    try:
        fcntl.ioctl(terminal, termios.TIOCNOTTY)
    except OSError:
        pass
    os.close(terminal)


def install_main_module():
    """A `__main__` of its own, found in sys.modules, is what pickle and multiprocessing ask for."""
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv = [""]


def refuse_input():
    def refuse(*_args, **_kwargs):
        raise EOFError("a command has no standard input: pass the value as a variable or a file")

    builtins.input = refuse
    getpass.getpass = refuse


def unbuffer_c_stdio():
    """What C code prints appears where it was printed, not at the end."""
    for symbol in ("stdout", "__stdoutp"):
        try:
            libc.setvbuf(ctypes.c_void_p.in_dll(libc, symbol), None, 2, 0)  # 2 is _IONBF on Linux and macOS
            return
        except ValueError:
            pass


def leave_child(streams, error):
    """A forked child that came to the end of the command must not become a second worker on the same channel."""
    code = 0
    if isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
        code = error.code or 0
    elif error is not None:
        traceback.print_exception(type(error), error, error.__traceback__)
        code = 1
    streams.flush()
    os._exit(code & 0xFF)


def move_up(fd):
    """A duplicate that children do not inherit and that ordinary code does not meet."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LOWEST_FD)
    except OSError:  # fewer descriptors allowed than that
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
