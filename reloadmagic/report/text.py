"""Outcomes as plain text: the short form after a reload, and all of it on request.

The HTML form says the same with the same words, which come from here.
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from reloadmagic.errors import ReloadFailed, SourceError, describe, spoken_place
from reloadmagic.modules import Text, common_prefix, common_start, common_suffix, line_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reloadmagic.engine import Outcome, Ran, Slow

T = TypeVar("T")

NAMES = 4  # shown for one module in the short form
MODULES = 5  # shown on each side of the arrow
LEFTOVERS = 3  # told in the short form
CELLS = 8  # told in the short form
CONTEXT = 2  # lines around a hunk of a diff

STILL_HOLDS = "The version that last ran stays in use."

KINDS = ("changed", "added", "dropped", "moved")
_SIGNS = {"added": "+", "dropped": "-"}


def is_news(outcome: Outcome) -> bool:
    """Whether *outcome* is worth a word: a moved mtime alone is not."""
    return outcome.status != "touched"


def nothing(*, undo: bool) -> str:
    """What is said without any news."""
    return "nothing to undo" if undo else "nothing to reload"


def summarize(
    outcomes: Sequence[Outcome], notes: Sequence[str], seconds: float, *, undo: bool = False
) -> str:
    """The short form: ``reloaded shapes.py (area) → model.py (WIDTH) · 4 ms``.

    Failures follow with their place, then what was left behind, then *notes*, each on lines of
    its own. Without news it says so.
    """
    lines = [
        *headlines(outcomes, seconds, undo=undo),
        *(line for outcome in outcomes for line in failure_lines(outcome, outcomes, undo=undo)),
        *short_leftovers(outcomes),
        *notes,
    ]
    return "\n".join(lines) or nothing(undo=undo)


def headline(outcomes: Sequence[Outcome], seconds: float, *, undo: bool = False) -> str:
    """What was reloaded, on one line; empty if nothing was."""
    done = [outcome for outcome in outcomes if outcome.status in ("reloaded", "patched")]
    edited = [outcome for outcome in done if outcome.edited]
    reached = [outcome for outcome in done if not outcome.edited]
    sides = [_enumerate(side, MODULES, _with_names) for side in (edited, reached) if side]
    if not sides:
        return ""
    did = "undid" if undo else "reloaded"
    return f"{did} {' → '.join(sides)} · {duration(seconds)}"


def headlines(outcomes: Sequence[Outcome], seconds: float, *, undo: bool) -> Iterator[str]:
    """What was reloaded and what was forgotten, each on one line."""
    if line := headline(outcomes, seconds, undo=undo):
        yield line
    forgotten = [module_file(o) for o in outcomes if o.status == "forgotten"]
    if forgotten:
        yield f"forgot {_enumerate(forgotten, MODULES)}: deleted from disk"


def _with_names(outcome: Outcome) -> str:
    names = short_names(outcome)
    inside = _enumerate(names, NAMES) if names else _without_names(outcome)
    return f"{module_file(outcome)} ({inside})" if inside else module_file(outcome)


def _without_names(outcome: Outcome) -> str:
    """Why a module is named although none of its names is."""
    if outcome.definitions:
        return "moved lines only"
    return "" if outcome.ran else "comments only"


def short_names(outcome: Outcome) -> list[str]:
    """What changed in a module by name, ``+`` for added, ``-`` for dropped; moves are no change."""
    definitions = {
        definition.name: _SIGNS.get(definition.kind, "") + definition.name
        for definition in outcome.definitions
        if definition.kind != "moved"
    }
    return list(dict.fromkeys([*definitions.values(), *_ran_besides(outcome, definitions)]))


def changed_names(outcome: Outcome) -> list[str]:
    """Names of the module that are or do something else now: ``["area", "WIDTH"]``."""
    definitions = [d.name for d in outcome.definitions if d.kind != "moved"]
    ran = [name for said in _ran_besides(outcome, definitions) for name in label_names(said)]
    return list(dict.fromkeys([*definitions, *ran]))


def _ran_besides(outcome: Outcome, definitions: Iterable[str]) -> list[str]:
    """Statements that ran, without those of *definitions*: these tell it better."""
    owners = {name.partition(".")[0] for name in definitions}
    return [name for name in map(_ran_name, outcome.ran) if name not in owners]


def _ran_name(ran: Ran) -> str:
    """``"class Circle"`` is told as ``Circle``, as its definitions are; an import by its names."""
    return ", ".join(label_names(ran.label)) or ran.label


def label_names(label: str) -> list[str]:
    """The names that a statement binds, as far as its label tells; empty for other statements."""
    head, _, imported = label.partition("import ")
    if head.startswith("from __future__"):
        return []
    if imported and (not head or head.startswith("from ")):
        parts = imported.strip("()\n ").split(",")
        names = [part.split(" as ")[-1].strip() for part in parts]
        names = [name if head else name.partition(".")[0] for name in names]
        return [name for name in names if name.isidentifier()]
    names = label.removeprefix("class ").removeprefix("def ").split(", ")
    return names if all(name.isidentifier() for name in names) else []


def _enumerate(items: Sequence[T], most: int, said: Callable[[T], str] = str) -> str:
    """The first *items*, *said* in words, and how many more there are."""
    if len(items) <= most + 1:  # "… 1 more" would be as long as the word itself
        return ", ".join(map(said, items))
    return f"{', '.join(map(said, items[:most]))} … {len(items) - most} more"


def duration(seconds: float) -> str:
    """``4 ms``, ``1.2 s``; under a millisecond, that it was."""
    if seconds < 0.001:
        return "<1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s"


def module_file(outcome: Outcome) -> str:
    """The end of the path that tells the module from others: ``shapes.py``, ``shop/__init__.py``.

    As many parts as the module's name has, so the same on every machine and in every directory.
    """
    parts = outcome.path.replace(os.sep, "/").split("/")
    depth = outcome.module.count(".") + 1
    if os.path.splitext(parts[-1])[0] == "__init__":
        depth += 1
    return "/".join(parts[-depth:]) or outcome.module


def running_line(slow: Slow) -> str:
    """``train.py:12 MODEL = load(path)  3.2 s``."""
    return f"{place(slow.path, slow.lineno)} {slow.text}  {slow.seconds:.1f} s"


def place(path: str, lineno: int) -> str:
    """``shapes.py:12``, from the working directory where *path* is below it, so that it is a link."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):  # another drive, or a working directory that is gone
        relative = path
    shown = path if relative.startswith(os.pardir) else relative
    return spoken_place(shown, lineno)


def failure_lines(
    outcome: Outcome, outcomes: Sequence[Outcome], *, undo: bool = False
) -> Iterator[str]:
    """What failed, where, what still holds; then the source line with a caret under the place."""
    error = outcome.error
    if outcome.status != "failed" or error is None:
        return
    yield f"{_did_not(outcome, undo=undo)} {error_text(error)}. {still_holds(outcome, outcomes)}"
    yield from source_lines(error)


def _did_not(outcome: Outcome, *, undo: bool) -> str:
    if outcome.edited:
        return "not undone:" if undo else "not reloaded:"
    return f"{module_file(outcome)} could not follow the edit:"


def reason(error: ReloadFailed | SourceError) -> str:
    """``SyntaxError: invalid syntax``, without a full stop."""
    said = error.reason if isinstance(error, SourceError) else describe(error.exception)
    return said.rstrip().removesuffix(".")


def error_text(error: Exception) -> str:
    """Place and reason on one line: ``shapes.py:12: SyntaxError: invalid syntax``."""
    if isinstance(error, ReloadFailed | SourceError):
        return f"{place(error.path, error.lineno)}: {reason(error)}"
    return describe(error)


def still_holds(outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    """What the user is left with after *outcome* failed."""
    if not outcome.edited:
        return "It keeps what it had."
    waiting = [module_file(other) for other in outcomes if _waits(other)]
    if not waiting:
        return STILL_HOLDS
    return (
        f"The version that last ran stays in use, and so do those of {_enumerate(waiting, NAMES)}."
    )


def _waits(outcome: Outcome) -> bool:
    """Rolled back although nothing is wrong with it: it was edited together with what failed."""
    return outcome.status == "failed" and outcome.error is None


def source_lines(error: Exception) -> Iterator[str]:
    """The line at fault, indented, a caret under the expression, and where that was raised."""
    if not isinstance(error, ReloadFailed | SourceError):
        return
    text = error.line.rstrip()
    if text.strip():
        indent = len(text) - len(text.lstrip())
        yield f"    {text.strip()}"
        start, end = _columns(error)
        if indent <= start <= len(text):
            width = max(1, min(end, len(text)) - start)
            yield " " * (4 + start - indent) + "^" * width
    if isinstance(error, ReloadFailed) and error.raised_at is not None:
        path, lineno, line = error.raised_at
        yield f"  raised at {place(path, lineno)}"
        if line.strip():
            yield f"    {line.strip()}"


def _columns(error: ReloadFailed | SourceError) -> tuple[int, int]:
    """0-based start and end of the place within the line; ``(-1, -1)`` if unknown."""
    if isinstance(error, SourceError):
        return error.colno - 1, error.colno
    for frame in reversed(error.frames):
        if frame.filename == error.path and frame.lineno == error.lineno:
            if frame.colno is None or frame.end_colno is None or frame.end_lineno != frame.lineno:
                break
            whole = error.line.strip() == error.line[frame.colno : frame.end_colno].strip()
            return (-1, -1) if whole else (frame.colno, frame.end_colno)
    return -1, -1


def short_leftovers(outcomes: Sequence[Outcome]) -> list[str]:
    """What could not follow, the first few sentences."""
    left = [sentence for outcome in outcomes for sentence in outcome.leftovers]
    more = len(left) - LEFTOVERS
    return left if more <= 1 else [*left[:LEFTOVERS], f"… {more} more left behind"]


def details(
    outcomes: Sequence[Outcome], notes: Sequence[str], seconds: float, *, undo: bool = False
) -> str:
    """The long form: the short one, then each module's story."""
    blocks = [summarize(outcomes, notes, seconds, undo=undo)]
    blocks += ["\n".join(module_lines(outcome)) for outcome in outcomes if is_news(outcome)]
    return "\n\n".join(blocks)


def module_lines(outcome: Outcome) -> Iterator[str]:
    """One module's story: definitions, statements run and why, kept, left behind, error, diff."""
    yield f"{outcome.module} · {outcome.status} · {duration(outcome.seconds)} · {place(outcome.path, 0)}"
    for kind, names in definitions_by_kind(outcome):
        yield f"  {kind:<8} {', '.join(names)}"
    yield from column("ran", map(ran_text, outcome.ran))
    yield from column("kept", outcome.kept)
    yield from column("left", outcome.leftovers)
    if outcome.error is not None:
        yield from column("error", traceback_lines(outcome.error))
    elif _waits(outcome):
        yield from column("error", [WAITS])
    yield from column("diff", diff_lines(outcome))


WAITS = "Nothing is wrong here: it waits for the module that failed, so that both stay in step."


def definitions_by_kind(outcome: Outcome) -> Iterator[tuple[str, list[str]]]:
    """``("changed", ["area", "Circle.grow"])`` and so on, kinds that occur only."""
    for kind in KINDS:
        names = [definition.name for definition in outcome.definitions if definition.kind == kind]
        if names:
            yield kind, names


def ran_text(ran: Ran) -> str:
    """``line 3: WIDTH, because it uses config.K``."""
    because = f", because {reasons_text(ran.because)}" if ran.because else ""
    return f"{ran.place or f'line {ran.lineno}'}: {ran.label}{because}"


_REASONS = {
    "edited": "it was edited",
    "added": "it is new",
    "whole module": "it cannot be told what the module's code uses",
}


_VERBS = frozenset({"uses", "calls", "fills", "binds", "reads"})


def reasons_text(reasons: Iterable[str]) -> str:
    """A plan's reasons as the end of a sentence: ``it uses config.K and SIZE and it calls area``."""
    texts: dict[str, list[str]] = {}  # by "it uses", what
    for reason in reasons:
        verb, _, what = reason.partition(" ")
        if verb in _VERBS:
            texts.setdefault(f"it {verb}", []).append(what)
        else:
            texts[_REASONS.get(reason, reason)] = []
    return " and ".join(f"{start} {' and '.join(what)}".rstrip() for start, what in texts.items())


def column(title: str, rows: Iterable[str]) -> Iterator[str]:
    """*rows*, indented, with *title* in front of the first."""
    for row in rows:
        yield f"  {title:<8} {row}".rstrip()
        title = ""


def diff_lines(outcome: Outcome) -> list[str]:
    """The source that last ran against the one on disk, as a unified diff without file names."""
    if outcome.before is None or outcome.after is None or outcome.before == outcome.after:
        return []
    return with_cells(diff_of_texts(outcome.before, outcome.after), outcome.after)


def diff_of_texts(before: str, after: str) -> list[str]:
    """`unified_diff` of two texts: what they share at both ends is not even cut into lines."""
    start = common_prefix(before, after)
    end = common_suffix(before, after, start)
    begin = line_start(before, start, -CONTEXT)
    parts = [
        text[begin : _line_end(text, len(text) - end, CONTEXT)].split("\n")
        for text in (before, after)
    ]
    above = before.count("\n", 0, begin)
    return unified_diff(*parts, above=above)


def _line_end(text: str, at: int, lines: int) -> int:
    """Where the line ends that is *lines* below the one that *at* stands in, or the text."""
    for _ in range(lines + 1):
        found = text.find("\n", at)
        if found in (-1, len(text) - 1):
            return len(text) - text.endswith("\n")
        at = found + 1
    return at - 1


def unified_diff(before: list[str], after: list[str], *, above: int = 0) -> list[str]:
    """Hunks with two lines of context; *above* lines were cut off both before.

    Equal heads and tails are cut off first: difflib is slow on long files, edits are small.
    """
    import difflib

    head = max(0, common_start(before, after) - CONTEXT)
    before, after = before[head:], after[head:]
    tail = max(0, common_start(before[::-1], after[::-1]) - CONTEXT)
    before, after = before[: len(before) - tail], after[: len(after) - tail]
    matcher = difflib.SequenceMatcher(None, before, after)
    groups = matcher.get_grouped_opcodes(CONTEXT)
    hunks = (_hunk(group, before, after, above + head) for group in groups)
    return [line for hunk in hunks for line in hunk]


_Opcodes = list[tuple[str, int, int, int, int]]


def _hunk(opcodes: _Opcodes, before: list[str], after: list[str], shift: int) -> list[str]:
    """A hunk of a unified diff, *shift* lines further down; no blank lines of context at its edges."""
    lines = []
    for tag, i1, i2, j1, j2 in opcodes:
        if tag == "equal":
            lines += [f" {line}" for line in before[i1:i2]]
        else:
            lines += [f"-{line}" for line in before[i1:i2]]
            lines += [f"+{line}" for line in after[j1:j2]]
    above = _blank_context(lines)
    lines = lines[above : len(lines) - _blank_context(lines[::-1])]
    removed = _range(opcodes[0][1] + above + shift, sum(line[0] != "+" for line in lines))
    added = _range(opcodes[0][3] + above + shift, sum(line[0] != "-" for line in lines))
    return [f"@@ -{removed} +{added} @@", *lines]


def _blank_context(lines: list[str]) -> int:
    """How many lines at the start are unchanged and blank."""
    return next((n for n, line in enumerate(lines) if line[0] != " " or line.strip()), len(lines))


def _range(start: int, length: int) -> str:
    """Lines as a hunk's header has them; *start* is 0-based."""
    if length == 1:
        return str(start + 1)
    return f"{start + bool(length)},{length}"


def with_cells(lines: list[str], after: str) -> list[str]:
    """A unified diff to *after* whose hunks say the notebook's cell that they begin in.

    ``@@ -1,4 +1,4 @@ cell 1``; any other text's hunks stay as they are.
    """
    if not isinstance(after, Text):
        return lines
    named, header, number = list(lines), -1, 0
    for position, line in enumerate(lines):
        if line.startswith("@@"):
            header, number = position, int(line.split("+")[1].split(",")[0].split()[0])
            continue
        part = after.part_at(number) if line[:1] in {"+", "-"} and header >= 0 else None
        if part is not None:
            named[header], header = f"{named[header]} {part.name}", -1
        number += line[:1] != "-"
    return named


def traceback_lines(error: Exception) -> list[str]:
    """Frames of the user's own code, then the exception; no frames for what never ran."""
    if not isinstance(error, ReloadFailed):
        return [error_text(error)]
    import traceback

    frames = [frame for frame in error.frames if not _is_machinery(frame.filename)]
    lines = [*traceback.format_list(frames), describe(error.exception)]
    return [line for text in lines for line in text.splitlines()]


_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _is_machinery(filename: str) -> bool:
    """Whether a frame is importlib's or this package's, of no use to whoever edits a module."""
    inside = PurePath(filename).parts[-2:-1]
    return filename.startswith((_HERE, "<frozen importlib")) or inside == ("importlib",)


def cells_hint(used: Mapping[int, Sequence[str]]) -> str:
    """``cells [5] [7] used WIDTH before it changed``.

    *used* has execution counts and what those cells used that changed.
    """
    numbers = [f"[{number}]" for number in used]
    names = list(dict.fromkeys(name for found in used.values() for name in found))
    shown = " ".join(numbers[:CELLS]) + (
        f" … {len(numbers) - CELLS} more" if len(numbers) > CELLS else ""
    )
    cells = "cell" if len(numbers) == 1 else "cells"
    changed = [name for name in names if " of [" not in name]  # by themselves
    told = changed or names
    they = "it" if len(told) == 1 else "they"
    return f"{cells} {shown} used {_enumerate(told, NAMES)} before {they} changed"
