"""Turns a cell into Python that can be imported, each line on its line.

In come a cell's text and what may run; out goes Python. Statements that only IPython understands
are found without it: none of them can begin, or be assigned, like Python. A line that times a
statement becomes the statement; what acts on the session or the machine is left out, as a comment;
everything else is given to the transform, statement by statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .settings import Transform

__all__ = ["Rules", "commented", "to_python"]

ESCAPES = ("%", "!", "?", "/", ",", ";")

RUN_BODY = {"time", "capture", "prun", "mprun", "memit", "reload_changed", "no_reload"}
"""Cell magics around Python: the body is imported as if they were not there."""

SKIPPED = {
    *("matplotlib", "pylab", "gui", "colors", "config", "automagic", "xmode", "precision"),
    *("load_ext", "reload_ext", "unload_ext", "autoreload", "aimport", "unload", "watermark"),
    *("pip", "conda", "mamba", "micromamba", "uv", "cd", "pushd", "popd", "bookmark"),
    *("env", "set_env", "reset", "reset_selective", "xdel", "store", "run", "rerun", "recall"),
    *("macro", "save", "edit", "load", "loadpy", "notebook", "pastebin", "history", "hist"),
    *("logstart", "logstop", "logon", "logoff", "debug", "pdb", "qtconsole", "connect_info"),
    *("timeit", "prun", "lprun", "mprun", "memit", "who", "whos", "who_ls", "psearch", "pinfo"),
    *("pinfo2", "pdoc", "pdef", "psource", "pfile", "page", "clear", "cls", "magic", "lsmagic"),
    *("quickref", "man", "more", "less", "cat", "ls", "pwd", "killbgscripts", "subshell"),
}
"""Line magics that act on the session or the machine, or only show something."""

INSTALLERS = {
    *("pip", "pip3", "pipx", "conda", "mamba", "micromamba", "uv", "apt", "apt-get", "dnf", "yum"),
    *("brew", "npm", "yarn", "sudo", "rm", "mv", "cp", "mkdir", "wget", "curl", "git", "kill"),
    *("export", "cd", "jupyter", "tar", "unzip", "chmod", "ln", "touch"),
}
"""Commands that act on the machine."""

_TOKEN = re.compile(
    r"""\#[^\n]*
    |\"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z)
    |'''(?:\\.|[^\\])*?(?:'''|\Z)
    |"(?:\\.|[^"\\\n])*"?
    |'(?:\\.|[^'\\\n])*'?
    |(?P<open>[\[({])
    |(?P<close>[\])}])
    |\\\n
    |(?P<end>\n)
    |(?P<assign>(?<![=!<>:+\-*/%&|^@~])=[ \t]*(?=[%!]))
    |(?P<help>\?{1,2}[ \t]*(?=\n|\Z))""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"%{0,2}\s*([\w.-]+)")
_BARE = re.compile(r"(?:pip3?|conda|mamba|uv)[ \t]+(?:pip[ \t]+)?(?:un)?install\b")
_EXPANDED = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)|(?<!\$)\$([A-Za-z_]\w*)")
_PIP = re.compile(r"-m[ \t]+(?:pip|uv|ensurepip|venv)\b")


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of magics.

    Attributes:
        transform: Python for a statement of IPython's, or for a whole cell; None leaves them out.
        allow: patterns of what runs in spite of its side effects.
    """

    transform: Transform | None = None
    allow: tuple[str, ...] = ()

    def allows(self, name: str) -> bool:
        """Does the user allow *name*, such as ``"!pip"``?"""
        return any(fnmatchcase(name, pattern) for pattern in self.allow)


@dataclass(frozen=True, slots=True)
class Logical:
    """A statement's lines, ``lines[start:stop]``, and where in the first one a magic begins.

    *magic* is None for Python, the column for a magic, -1 for a request for help.
    """

    start: int
    stop: int
    magic: int | None = None


def to_python(source: str, rules: Rules) -> str:
    """The Python that an import of the cell *source* runs, line for line."""
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        return _cell_magic(lines, first, rules)
    for logical in _logical_lines(source, lines):
        if logical.magic is not None:
            part = lines[logical.start : logical.stop]
            lines[logical.start : logical.stop] = _line_magic(part, logical.magic, rules)
    return "\n".join(lines)


def commented(lines: list[str]) -> list[str]:
    """The lines, none of which runs."""
    return [f"# {line}" if line.strip() else "" for line in lines]


def _cell_magic(lines: list[str], first: int, rules: Rules) -> str:
    name = _name(lines[first])
    if name in RUN_BODY:
        body = to_python("\n".join(lines[first + 1 :]), rules)
        header = f"# {lines[first]}"
        if name == "capture" and rules.transform is not None:
            header = _captured(lines[first]) + header
        return "\n".join([*lines[:first], header, body])
    if rules.transform is not None and rules.allows(f"%%{name}"):
        python = rules.transform("\n".join(lines[first:])).rstrip("\n")
        if "\n" not in python:
            return "\n".join([*lines[:first], python, *[""] * (len(lines) - first - 1)])
    return "\n".join(commented(lines))


def _captured(header: str) -> str:
    """What binds the name in ``%%capture name`` to an output of nothing: an import shows it all."""
    names = [word for word in header.split()[1:] if word.isidentifier()]
    nothing = "__import__('IPython.utils.capture').utils.capture.CapturedIO(None, None, [])"
    return f"{names[0]} = {nothing}  " if names else ""


def _name(magic: str) -> str:
    match = _NAME.match(magic)
    return match[1] if match else ""


# Finding magics ----------------------------------------------------------------------------------


def _logical_lines(source: str, lines: list[str]) -> Iterator[Logical]:
    """The statements of a cell, as far as strings, brackets and line ends tell them apart."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    number = 0
    while number < len(lines):
        stripped = lines[number].lstrip()
        if stripped.startswith(ESCAPES) or _BARE.match(stripped):
            logical = Logical(number, _continued(lines, number), len(lines[number]) - len(stripped))
        else:
            logical = _scan(source, lines, starts, number)
        yield logical
        number = logical.stop


def _continued(lines: list[str], number: int) -> int:
    """The line after a magic that begins on *number* and goes on after each backslash."""
    while lines[number].endswith("\\") and number + 1 < len(lines):
        number += 1
    return number + 1


def _scan(source: str, lines: list[str], starts: list[int], number: int) -> Logical:
    depth, position = 0, starts[number]
    while (match := _TOKEN.search(source, position)) is not None:
        position = match.end()
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth = max(0, depth - 1)
        elif match["end"] and not depth:
            return Logical(number, _line_at(starts, match.start(), number) + 1)
        elif match["assign"] and not depth:
            line = _line_at(starts, match.start(), number)
            return Logical(number, _continued(lines, line), match.end() - starts[number])
        elif match["help"] and not depth:
            return Logical(number, _line_at(starts, match.start(), number) + 1, -1)
    return Logical(number, len(lines))


def _line_at(starts: list[int], position: int, number: int) -> int:
    while starts[number + 1] <= position:
        number += 1
    return number


# Rewriting them ----------------------------------------------------------------------------------


def _line_magic(lines: list[str], column: int, rules: Rules) -> list[str]:
    """As many lines of Python for the statement *lines*, whose magic begins at *column*."""
    text = "\n".join(lines)
    if column < 0:
        return _left_out(lines)
    target, command = text[:column], re.sub(r"[ \t]*\\\n\s*", " ", text[column:]).strip()
    assigns = bool(target.strip())
    name, acts = _judge(command)
    if name == "%time" and (timed := command[len("%time") :].strip()):
        return _padded(target + timed, lines)
    runs = rules.transform is not None and (rules.allows(name) or not acts)
    if runs and not command.startswith("?"):
        assert rules.transform is not None
        return _padded(_transformed(target, command, rules.transform), lines)
    if not assigns:
        return _left_out(lines)
    if acts and rules.transform is not None:
        return _padded(f"{target}None  # {command}", lines)
    reason = f"{command!r} needs IPython, and the value is used"
    return _padded(f"raise RuntimeError({reason!r})  # {lines[0].strip()}", lines, target)


def _judge(command: str) -> tuple[str, bool]:
    """What `allow` calls a command, and whether it acts on the session or the machine."""
    if command.startswith("!"):
        words = command.lstrip("!").split()
        name = words[0].rpartition("/")[2] if words else ""
        return f"!{name}", name in INSTALLERS or _PIP.search(command) is not None
    if command.startswith(("%", "pip", "conda", "mamba", "uv")):
        name = _name(command)
        return f"%{name}", name in SKIPPED or name.startswith(("reload_", "no_reload"))
    return command[:1], command.startswith("?")


def _transformed(target: str, command: str, transform: Transform) -> str:
    """*target* and the Python for *command*, which is transformed alone.

    Assignments as a whole are not known to every IPython on every Python.
    """
    if target.strip() and command.startswith("!"):
        command = f"!!{command.lstrip('!')}"  # the output, not the exit status
    elif _BARE.match(command):
        command = f"%{command}"
    python = transform(command).rstrip("\n")
    if names := ", ".join(dict.fromkeys(a or b for a, b in _EXPANDED.findall(command))):
        # IPython reads these variables out of the string: whoever looks for uses sees them here.
        python = f"{python} if True else ({names})"
    return target + python


def _padded(python: str, lines: list[str], target: str | None = None) -> list[str]:
    """*python* with empty lines after it, so that what follows stays on its line."""
    if target is not None:
        python = target[: len(target) - len(target.lstrip())] + python
    parts = python.split("\n")
    if len(parts) > len(lines):
        return _left_out(lines)
    return [*parts, *[""] * (len(lines) - len(parts))]


def _left_out(lines: list[str]) -> list[str]:
    first = lines[0].lstrip()
    indent = lines[0][: len(lines[0]) - len(first)]
    # A block may consist of nothing else.
    head = f"{indent}pass  # {first}" if indent else f"# {first}"
    return [head, *commented(lines[1:])]
