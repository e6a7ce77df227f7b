"""Describes an exception as the service does: a summary in HTML and a trace with terminal colours."""

import json
import linecache

RED, GREEN, BRIGHT_GREEN, CYAN, RESET = "\x1b[0;31m", "\x1b[0;32m", "\x1b[1;32m", "\x1b[0;36m", "\x1b[0m"
WIDTH = 75
CONTEXT_LINES = 2
MOST_FRAMES = 40
LONGEST_LINE = 2_000
LONGEST_MESSAGE = 1 << 20
LONGEST_CHAIN = 20

CAUSED = "\nThe above exception was the direct cause of the following exception:\n"
MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n"


def describe(error):
    """The answer frame for a command that raised."""
    name = type(error).__name__
    try:
        links = chain(error)
        cause = "\n".join(text for link, words in links for text in (words, trace(link)) if text)
        interrupt = any(isinstance(link, KeyboardInterrupt) for link, _ in links)
        return frame(name, message(error), cause, interrupt)
    except Exception:  # a hostile exception must not end the worker
        return plain(name, "<its trace could not be made>", isinstance(error, KeyboardInterrupt))


def plain(name, text, interrupt):
    """The answer frame for an error that has no trace."""
    return frame(name, text, "%s%s%s: %s" % (RED, name, RESET, text), interrupt)


def frame(name, text, cause, interrupt):
    import html  # with its table of entities it is half a megabyte, which a context without errors does not need

    summary = "<span class='ansi-red-fg'>%s</span>: %s" % (html.escape(name), html.escape(text, quote=False))
    answer = {"error": {"summary": summary, "cause": cause, "interrupt": interrupt}}
    return json.dumps(answer, ensure_ascii=False)  # an escaped lone surrogate would be no text for the other side


def chain(error):
    """The exceptions that led to this one, the first first, each with the words that tie it to the one before."""
    links, seen = [], set()
    while error is not None and id(error) not in seen and len(links) < LONGEST_CHAIN:
        seen.add(id(error))
        if error.__cause__ is not None:
            links.append((error, CAUSED))
            error = error.__cause__
        else:
            links.append((error, MEANWHILE))
            error = None if error.__suppress_context__ else error.__context__
    links.reverse()
    return [(error, "" if index == 0 else words) for index, (error, words) in enumerate(links)]


def trace(error):
    name = type(error).__name__
    frames = user_frames(error.__traceback__)
    lines = [RED + "-" * WIDTH + RESET]
    title = "Traceback (most recent call last)"
    lines.append(RED + name + RESET + title.rjust(max(WIDTH - len(name), len(title) + 1)))
    for index, (filename, number, function) in enumerate(frames):
        if len(frames) > MOST_FRAMES and index == MOST_FRAMES // 2:
            lines.append("... %d frames left out ...\n" % (len(frames) - MOST_FRAMES))
        if index < MOST_FRAMES // 2 or index >= len(frames) - MOST_FRAMES // 2:
            lines += frame_lines(filename, number, function)
    if isinstance(error, SyntaxError):
        lines += syntax_lines(error)
    for index, part in enumerate(getattr(error, "exceptions", ()) if is_group(error) else (), 1):
        lines.append("  | Exception %d of %d" % (index, len(error.exceptions)))
        lines += ["  | " + line for line in trace(part).split("\n")]
    lines.append("%s%s%s: %s" % (RED, name, RESET, message(error)))
    lines += [str(note) for note in getattr(error, "__notes__", None) or ()]
    return "\n".join(lines)


def user_frames(traceback):
    """(file, line, function) of the frames from the command on, without those of the worker."""
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append((code.co_filename, traceback.tb_lineno or 0, code.co_name))
        linecache.lazycache(code.co_filename, traceback.tb_frame.f_globals)
        traceback = traceback.tb_next
    first = next((index for index, frame in enumerate(frames) if frame[0].startswith("<command-")), len(frames))
    return [frame for frame in frames[first:] if not frame[0].startswith("<_dbx12_")]


def frame_lines(filename, number, function):
    """One frame as IPython shows it: where, and the lines around with an arrow."""
    if filename.startswith("<command-"):
        where = "%s, line %d" % (filename, number)
    else:
        where = "%s:%d" % (filename, number)
        linecache.checkcache(filename)
    lines = ["File %s%s%s" % (GREEN, where, RESET)]
    if function != "<module>":
        lines[0] += ", in %s%s%s" % (CYAN, function, RESET)
    source = linecache.getlines(filename)
    for line in range(max(number - CONTEXT_LINES, 1), min(number + CONTEXT_LINES, len(source)) + 1):
        text = source[line - 1].rstrip("\n")[:LONGEST_LINE]
        if line == number:
            arrow = "-" * (5 - len(str(line))) + "> %d" % line
            lines.append("%s%s%s %s%s" % (GREEN, arrow, RED, text, RESET))
        elif text.strip():
            lines.append("%s%7d%s %s" % (BRIGHT_GREEN, line, RESET, text))
    lines.append("")
    return lines


def syntax_lines(error):
    """Where a text is no Python, with a caret under the place."""
    number = error.lineno or 0
    lines = ["  File %s%s, line %d%s" % (GREEN, error.filename, number, RESET)]
    text = (error.text or linecache.getline(error.filename or "", number)).rstrip("\n")[:LONGEST_LINE]
    if text.strip():
        stripped = text.lstrip()
        lines.append("    " + RED + stripped + RESET)
        column = (error.offset or 0) - 1 - (len(text) - len(stripped))
        if 0 <= column <= len(stripped):
            lines.append("    " + " " * column + "^")
    lines.append("")
    return lines


def message(error):
    """What `str` makes of it; for bad syntax in a command without the place, which the trace names."""
    try:
        if isinstance(error, SyntaxError) and str(error.filename).startswith("<command-"):
            text = str(error.msg)
        else:
            text = str(error)
    except Exception:
        text = "<its text could not be made>"
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + " …"


def is_group(error):
    return any(base.__name__ == "BaseExceptionGroup" for base in type(error).__mro__)
