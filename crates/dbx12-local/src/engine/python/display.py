"""What a command shows: `display`, `displayHTML`, the value of its last expression, figures.

A command has one result. A table goes before images, images before HTML, and all of them before the text output.
"""

import base64
import builtins
import importlib.machinery
import io
import json
import os
import sys

import _dbx12_spark as spark
import _dbx12_table as table

MATPLOTLIB = "_dbx12_matplotlib"
RESULT_LIMIT = 60 << 20

row_limit = 1000
shown_table = None
shown_images = []
shown_html = []
size = 0


def install():
    builtins.display = display
    builtins.displayHTML = display_html
    sys.displayhook = echo
    os.environ.setdefault("MPLBACKEND", "module://" + MATPLOTLIB)
    sys.meta_path.append(MatplotlibBackend())


def begin(limit):
    global row_limit, size, shown_table
    row_limit, size, shown_table = limit, 0, None
    shown_images.clear()
    shown_html.clear()


def answer():
    """The answer frame of a command that came to its end."""
    collect_figures()
    if shown_table is not None:
        return '{"table":%s}' % shown_table
    if shown_images:
        return json.dumps({"images": shown_images})
    if shown_html:
        return json.dumps({"html": "\n".join(shown_html)}, ensure_ascii=False)
    return '"text"'


def end():
    """Figures of a command that failed do not appear in the next one's result."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        try:
            pyplot.close("all")
        except Exception:
            pass
    begin(row_limit)


def echo(value):
    if value is None:
        return
    builtins._ = None
    print(repr(value))
    builtins._ = value


def display(*values, **_options):
    """Shows values: tables as a table, figures and pictures as images, HTML as HTML, all else as text."""
    for value in values:
        show(value)


def display_html(html):
    """Shows HTML."""
    html = str(html)
    if fits(html):
        shown_html.append(html)


def show(value):
    global shown_table
    encoded = spark.encode(value, row_limit)
    if encoded is None:
        encoded = table.encode(value, row_limit, RESULT_LIMIT)
    if encoded is not None:
        shown_table = encoded
    elif is_figure(value):
        add_figure(value)
    elif (picture := represent(value, "_repr_png_")) is not None:
        add_png(picture)
    elif (html := represent(value, "_repr_html_")) is not None:
        display_html(html)
    else:
        print(repr(value))


def represent(value, method):
    """What a notebook's method of the value returns; None without one. Classes have the method, but no value."""
    function = None if isinstance(value, type) else getattr(value, method, None)
    return function() if callable(function) else None


def is_figure(value):
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def add_figure(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    add_png(file.getvalue())
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def add_png(data):
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    if fits(text):
        shown_images.append("data:image/png;base64," + text)


def fits(text):
    global size
    if size + len(text) > RESULT_LIMIT:
        print("… a part of %d bytes is left out: the result would be too large …" % len(text))
        return False
    size += len(text)
    return True


def collect_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        for number in pyplot.get_fignums():
            add_figure(pyplot.figure(number))


class MatplotlibBackend:
    """The module that matplotlib imports as its backend: draws in memory, and `show` puts the figures in the result."""

    def find_spec(self, name, _path=None, _target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == MATPLOTLIB else None

    def create_module(self, _spec):
        return None  # the usual one

    def exec_module(self, module):
        from matplotlib.backend_bases import FigureManagerBase
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        module.FigureCanvas = FigureCanvasAgg
        module.FigureManager = FigureManagerBase
        module.show = lambda *_args, **_options: collect_figures()
