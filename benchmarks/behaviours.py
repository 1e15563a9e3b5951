"""What follows an edit, by tool: ``python -m benchmarks.behaviours`` prints README's table of it.

Each behaviour is a few files, a cell that runs before the edit, and what is to be true after it.
Every tool has one session in which all of them are tried, with the modules of their own.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .sessions import Session
from .tools import HMR, NONE, OURS, PEERS, THEIRS, Tool

__all__ = ["BEHAVIOURS", "COLUMNS", "Behaviour", "table", "tried"]

RESTART = "restart"
# By column of the table.
COLUMNS: Mapping[str, Tool | None] = {
    "reloadmagic": OURS,
    "autoreload 2": THEIRS,
    **{tool.name: tool for tool in PEERS if tool.name != "importlib.reload"},
    "hmr": HMR,
    RESTART: None,
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Something that one may expect of an edit.

    Attributes:
        says: as README does.
        files: before the edit.
        cell: runs before it.
        edits: files, and their texts from then on.
        holds: is true afterwards, where a tool does this; evaluated in the notebook's namespace.
        after: a cell that runs after the edit.
        is_quick: the edit is made within the second in which the file was written.
        keeps: it is about an object of the session, which a restart would lose.
    """

    says: str
    files: Mapping[str, str]
    cell: str
    edits: Mapping[str, str]
    holds: str
    after: str = "None"
    is_quick: bool = False
    keeps: bool = False


SHAPE = """\
class Shape:
    def area(self):
        return 1
"""
COLOURS = "import enum\nclass Colour(enum.Enum):\n    RED = 1\n"
WRAPPED = """\
import functools
def loud(function):
    @functools.wraps(function)
    def wrapper():
        return function()
    return wrapper
@loud
def name():
    return 'old'
"""
PLUGIN = "from hooks import register\n@register\ndef greet():\n    return 'old'\n"

# fmt: off
BEHAVIOURS: Mapping[str, Behaviour] = {
    "function": Behaviour(
        "functions imported by name",
        {"function.py": "def f():\n    return 1\n"}, "from function import f",
        {"function.py": "def f():\n    return 2\n"}, "f() == 2",
    ),
    "held": Behaviour(
        "functions in lists, callbacks, bound methods",
        {"held.py": "def f():\n    return 1\n" + SHAPE},
        "import held\nkept = [held.f, held.Shape().area]",
        {"held.py": "def f():\n    return 2\n" + SHAPE.replace("1", "2")},
        "[kept[0](), kept[1]()] == [2, 2]",
    ),
    "decorated": Behaviour(
        "decorated functions imported by name",
        {"decorated.py": WRAPPED}, "from decorated import name",
        {"decorated.py": WRAPPED.replace("old", "new")}, "name() == 'new'",
    ),
    "instance": Behaviour(
        "objects made before: new methods, same data",
        {"instance.py": SHAPE}, "import instance\nshape = instance.Shape()\nshape.size = 5",
        {"instance.py": SHAPE + "    def twice(self):\n        return 2 * self.size\n"},
        "shape.twice() == 10", keeps=True,
    ),
    "isinstance": Behaviour(
        "`isinstance` with the class before and after",
        {"kinds.py": SHAPE}, "from kinds import Shape\nshape = Shape()",
        {"kinds.py": SHAPE.replace("1", "2") + "    size = 0\n"},
        "isinstance(shape, Shape) and isinstance(shape, Now)",
        after="from kinds import Shape as Now", keeps=True,
    ),
    "super": Behaviour(
        "`super()` in objects made before",
        {"parents.py": SHAPE + "class Square(Shape):\n    def area(self):\n"
                               "        return super().area()\n"},
        "from parents import Square\nsquare = Square()",
        {"parents.py": SHAPE + "class Square(Shape):\n    def area(self):\n"
                               "        return super().area() + 1\n"},
        "square.area() == 2", keeps=True,
    ),
    "enum": Behaviour(
        "enum members: `is`, dict keys, `match`",
        {"colours.py": COLOURS}, "import colours\nred = colours.Colour.RED",
        {"colours.py": COLOURS + "    BLUE = 2\n"},
        "red is colours.Colour.RED and colours.Colour.BLUE.value == 2", keeps=True,
    ),
    "constant": Behaviour(
        "constants imported by name",
        {"settings.py": "VAT = 1\n"}, "from settings import VAT",
        {"settings.py": "VAT = 2\n"}, "VAT == 2",
    ),
    "dependent": Behaviour(
        "modules that use what was edited",
        {"rates.py": "VAT = 1\n", "prices.py": "from rates import VAT\nGROSS = 100 * (1 + VAT)\n"},
        "import prices", {"rates.py": "VAT = 2\n"}, "prices.GROSS == 300",
    ),
    "computed": Behaviour(
        "values computed by edited code",
        {"computed.py": "def f():\n    return 1\nVALUE = f()\n"}, "import computed",
        {"computed.py": "def f():\n    return 2\nVALUE = f()\n"}, "computed.VALUE == 2",
    ),
    "state": Behaviour(
        "other values keep what they collected",
        {"state.py": "CACHE = {}\ndef f():\n    return 1\n"},
        "import state\nstate.CACHE['model'] = 'took an hour'\ncache = state.CACHE",
        {"state.py": "CACHE = {}\ndef f():\n    return 2\n"},
        "state.f() == 2 and state.CACHE is cache and 'model' in state.CACHE", keeps=True,
    ),
    "registry": Behaviour(
        "what decorators registered, once",
        {"hooks.py": "HOOKS = []\ndef register(f):\n    HOOKS.append(f)\n    return f\n",
         "plugin.py": PLUGIN},
        "import hooks, plugin",
        {"plugin.py": PLUGIN.replace("old", "new")},
        "[hook() for hook in hooks.HOOKS] == ['new']",
    ),
    "dropped": Behaviour(
        "what was deleted is gone",
        {"dropped.py": "def old():\n    return 1\nA = 1\n"}, "import dropped",
        {"dropped.py": "A = 1\n"}, "not hasattr(dropped, 'old')",
    ),
    "half-way": Behaviour(
        "a file that raises changes nothing",
        {"broken.py": "A = 1\ndef f():\n    return 1\nB = 1\n"}, "import broken",
        {"broken.py": "A = 2\ndef f():\n    return 2\nB = 1 / 0\n"},
        "(broken.A, broken.f(), broken.B) == (1, 1, 1)",
    ),
    "second": Behaviour(
        "a second save within a second",
        {"second.py": "A = 1\ndef f():\n    return 1\n"}, "import second",
        {"second.py": "A = 2\ndef f():\n    return 2\n"},
        "(second.A, second.f()) == (2, 2)", is_quick=True,
    ),
}
# fmt: on

# As an editor would, without a change of the file's size, a moment after it was written.
QUICK_EDIT = """\
def _edit(path, text):
    import os
    before = os.stat(path)
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, ns=(before.st_mtime_ns + 1000,) * 2)
    get_ipython().edited.append(path)
_edit({path!r}, {text!r})
"""
WHOLE_SECOND = """\
def _edit(path):
    import os
    second = os.stat(path).st_mtime_ns // 10**9 * 10**9
    os.utime(path, ns=(second, second))
_edit({path!r})
"""


def tried(tool: Tool | None, folder: Path, names: Iterable[str] = BEHAVIOURS) -> dict[str, bool]:
    """Which behaviours *tool* shows, None for a restart after the edit."""
    if tool is None:
        return {name: _restarted(BEHAVIOURS[name], folder / name) for name in names}
    files = {path: text for name in names for path, text in BEHAVIOURS[name].files.items()}
    with Session(tool, folder, files) as session:
        session.turn_on()
        return {name: _followed(session, BEHAVIOURS[name]) for name in names}


def _followed(session: Session, behaviour: Behaviour) -> bool:
    for path in behaviour.files if behaviour.is_quick else ():
        session.cell(WHOLE_SECOND.format(path=str(session.project / path)))
    session.cell(behaviour.cell)
    for path, text in behaviour.edits.items():
        if behaviour.is_quick:
            session.cell(QUICK_EDIT.format(path=str(session.project / path), text=text))
        else:
            session.edit(path, text)
    session.cell(behaviour.after)
    return session.sees({"holds": behaviour.holds})["holds"]


def _restarted(behaviour: Behaviour, folder: Path) -> bool:
    """In a new session with the edited files, in which the cells are run again."""
    with Session(NONE, folder, {**behaviour.files, **behaviour.edits}) as session:
        lines = behaviour.cell.splitlines()
        cells = ["\n".join(filter(_is_import, lines) if behaviour.keeps else lines)]
        try:
            for cell in (*cells, behaviour.after):
                session.cell(cell)
        except RuntimeError:  # the edited file cannot be imported
            return False
        return session.sees({"holds": behaviour.holds})["holds"]


def _is_import(line: str) -> bool:
    return re.match(r"(import|from) ", line) is not None


def table(results: Mapping[str, Mapping[str, bool]]) -> str:
    """README's table of *results* by column and behaviour."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Mapping[str, bool]]) -> Iterator[str]:
    mark: Callable[[bool], str] = {True: "✓", False: "–"}.__getitem__
    yield f"| what follows an edit | {' | '.join(results)} |"
    yield f"| --- |{' :-: |' * len(results)}"
    for name, behaviour in BEHAVIOURS.items():
        marks = " | ".join(mark(found[name]) for found in results.values())
        # On one line each, or the many narrow columns beside it would make it narrow, too.
        says = behaviour.says.replace(" ", "\N{NO-BREAK SPACE}")
        yield f"| {says} | {marks} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.behaviours", description=__doc__)
    parser.add_argument("--json", action="store_true", help="as data instead of a table")
    parser.add_argument("--only", action="append", choices=COLUMNS, help="this column alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="behaviours-") as folder:
        results = {
            name: tried(COLUMNS[name], Path(folder, name)) for name in arguments.only or COLUMNS
        }
    print(json.dumps(results) if arguments.json else table(results))


if __name__ == "__main__":
    main()
