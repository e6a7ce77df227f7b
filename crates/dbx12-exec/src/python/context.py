"""What dbx12-exec keeps in a Python context: which marked commands came, and a copy of what is printed.

It lives in a module of its own and touches no name of the user's. It is sent as a literal, so there are no three single
quotes in it.
"""

import sys
import types

NAME = "_dbx12_exec"


def fill(module):
    import __future__
    import atexit
    import base64
    import builtins
    import functools
    import os
    import struct
    import tempfile

    mark, marked = "# dbx12:", b"# dbx12:"
    most_remembered = 10_000
    generations = {}
    futures = 0
    for feature in __future__.all_feature_names:
        futures |= getattr(__future__, feature).compiler_flag

    class Generation:
        def __init__(self):
            self.seen = {}  # the numbers of commands, in the order in which they came
            self.forgotten = 0  # the highest number that is no longer among them
            self.burned = set()

    def look(source):
        """Notes the mark of a source. A burned one fails as if it could not be compiled: that is what everybody who
        compiles is prepared for."""
        if isinstance(source, bytes):
            at = source.rfind(marked)
            tail = "" if at < 0 else source[at + len(mark) : at + 100].decode("ascii", "replace")
        elif isinstance(source, str):
            at = source.rfind(mark)
            tail = "" if at < 0 else source[at + len(mark) : at + 100]
        else:
            return
        generation, _, number = tail.split("\n", 1)[0].strip().partition(":")
        generation = generations.get(generation)
        if generation is None or not number.isdigit():
            return
        number = int(number)
        if number in generation.burned:
            raise SyntaxError("dbx12: this command came late; it was reported as not submitted and did not run")
        generation.seen[number] = None
        if len(generation.seen) > most_remembered:
            oldest = next(iter(generation.seen))
            del generation.seen[oldest]
            generation.forgotten = max(generation.forgotten, oldest)

    def put_over_compile():
        """Every notebook compiles its cells with the built-in function. An audit hook would see more, at a microsecond for
        each of the many events that it is not about."""
        own = builtins.compile

        @functools.wraps(own)
        def compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, **named):
            __tracebackhide__ = True
            look(source)
            if not dont_inherit:  # it would inherit from here
                flags |= sys._getframe(1).f_code.co_flags & futures
            return own(source, filename, mode, flags, True, optimize, **named)

        builtins.compile = compile

    def watch(generation):
        """From now on the commands of a generation are seen."""
        if not generations:
            put_over_compile()
        generations.setdefault(generation, Generation())

    def settle(token, generation, number, own):
        """Says whether a command came; one that did not will not run any more. Knows it only when commands are surely
        seen: the one that asks must have been."""
        generation = generations.get(generation)
        if generation is None or own not in generation.seen:
            say(token, "blind")
        elif number in generation.seen:
            say(token, "seen")
        elif number <= generation.forgotten:
            say(token, "blind")
        else:
            generation.burned.add(number)
            say(token, "burned")

    def say(token, answer):
        for spool in spools.values():
            spool.pause(True)
        try:
            sys.stdout.write("dbx12:%s:%s;\n" % (token, answer))
            sys.stdout.flush()
        finally:
            for spool in spools.values():
                spool.pause(False)

    most_spooled = 1 << 30
    piece_size = 8 << 10
    spools = {}  # those that this process writes
    taken = {}  # the descriptors of those that this process reads

    class Spool:
        """A file without a name that holds what is written to sys.stdout and sys.stderr, as records: the stream, the
        length, the bytes."""

        def __init__(self):
            made, self.path = tempfile.mkstemp(prefix="dbx12-spool-")
            self.descriptor = made
            self.process = os.getpid()
            self.size = 0
            self.paused = False
            self.covers = []
            self.identity = self.identify()
            try:
                self.descriptor = out_of_the_way(os.open(self.path, os.O_RDWR | os.O_APPEND))
                os.close(made)
                self.hide()
                self.covers = [Cover(self, 0, sys.stdout), Cover(self, 1, sys.stderr)]
                self.put_covers()
                self.tell_notebook("register")
            except BaseException:
                self.end()
                raise

        def hide(self):
            """Where the descriptor can be opened by others, no name is needed, and nothing can be left behind."""
            unnamed = "/proc/%d/fd/%d" % (self.process, self.descriptor)
            if os.path.exists(unnamed):
                os.unlink(self.path)
                self.path = unnamed

        def identify(self):
            status = os.fstat(self.descriptor)
            return status.st_dev, status.st_ino

        def put_covers(self):
            for cover in self.covers:
                cover.put()

        def tell_notebook(self, what):
            """IPython puts a `write` of its own over the streams and takes it off after each cell, with what is on it."""
            notebook = sys.modules.get("IPython")
            shell = notebook and notebook.get_ipython()
            if shell:
                getattr(shell.events, what)("pre_execute", self.put_covers)

        def pause(self, paused):
            self.paused = paused

        def keep(self, number, data):
            """What cannot be kept is not followed; the command never hears of it."""
            if self.paused or self.size >= most_spooled:
                return
            try:
                data = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else bytes(data)
                if self.identify() != self.identity:  # the command closed what is not its own
                    raise OSError
                for start in range(0, len(data), piece_size):
                    piece = data[start : start + piece_size]
                    record = struct.pack(">BI", number, len(piece)) + piece
                    if os.write(self.descriptor, record) != len(record):
                        raise OSError
                    self.size += len(record)
            except (OSError, ValueError):
                self.size = most_spooled

        def stop(self):
            self.size = most_spooled
            covers, self.covers = self.covers, []
            for cover in covers:
                cover.lift()
            if covers:
                try:
                    self.tell_notebook("unregister")
                except ValueError:  # it was never registered
                    pass

        def end(self):
            self.stop()
            try:
                if self.identify() == self.identity:
                    os.close(self.descriptor)
            except OSError:
                pass
            self.remove()

        def remove(self):
            if self.process == os.getpid() and not self.path.startswith("/proc/"):
                try:
                    os.unlink(self.path)
                except OSError:
                    pass

    class Cover:
        """A `write` over the one of a stream, which stays what it is otherwise. Where text goes straight to a buffer
        below, it is put there, and sees what is written to the buffer itself too."""

        def __init__(self, spool, number, stream):
            below = getattr(stream, "buffer", None) if getattr(stream, "write_through", False) else None
            self.spool, self.number = spool, number
            self.target = stream if below is None else below
            self.covered = self.write = None

        def put(self):
            if self.write is not None and vars(self.target).get("write") is self.write:
                return
            own = self.target.write

            def write(data, *arguments, **named):
                result = own(data, *arguments, **named)
                self.spool.keep(self.number, data)
                return result

            self.covered, self.write = vars(self.target).get("write"), write
            self.target.write = write

        def lift(self):
            if self.write is None or vars(self.target).get("write") is not self.write:
                return
            if self.covered is None:
                del self.target.write
            else:
                self.target.write = self.covered

    def out_of_the_way(descriptor):
        """Far from the numbers that programs close in bulk."""
        try:
            import fcntl

            moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 900)
        except (ImportError, OSError):
            return descriptor
        os.close(descriptor)
        return moved

    def begin(token, name):
        """Spools from now on, under a name; says where."""
        for other in [other for other in spools if other != name]:
            end(other)
        if name not in spools:
            spools[name] = Spool()
        say(token, base64.b64encode(os.fsencode(spools[name].path)).decode())

    def take(token, name, path):
        """Opens the spool of another process for reading, and takes its name away if it has one."""
        path = os.fsdecode(base64.b64decode(path))
        if name not in taken:
            taken[name] = out_of_the_way(os.open(path, os.O_RDONLY))
            if not path.startswith("/proc/"):
                os.unlink(path)
        say(token, "taken")

    def read(token, name, offset, most):
        """What was spooled from an offset on. Asked where it is written, nothing more is spooled."""
        spool = spools.get(name)
        if spool is not None:
            spool.stop()
        descriptor = taken[name] if spool is None else spool.descriptor
        say(token, base64.b64encode(os.pread(descriptor, most, offset)).decode())

    def end(name):
        spool = spools.pop(name, None)
        if spool is not None:
            spool.end()
        descriptor = taken.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)

    def remove_all():
        for spool in spools.values():
            spool.remove()

    atexit.register(remove_all)
    module.__dict__.update(watch=watch, settle=settle, begin=begin, take=take, read=read, end=end)


if NAME not in sys.modules:
    filled = types.ModuleType(NAME)
    fill(filled)
    sys.modules[NAME] = filled
