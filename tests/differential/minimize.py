"""Cuts a failing case down: fewer versions, files, statements, members, names and changes.

Works on the text of the case and knows nothing of the dice, so a case found once stays reproducible
when the grammar changes. Every cut is kept when the smaller case still fails in the same way.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from .case import Case, Version

T = TypeVar("T")
Fails = Callable[[Case], bool]


@dataclass(slots=True)
class Minimizer:
    """Holds the smallest failing case so far."""

    fails: Fails
    case: Case
    budget: int = 600

    def run(self) -> Case:
        """The smallest case that was found."""
        while True:
            before = self.case
            self._versions()
            self._cells_and_actions()
            self._files()
            self._pieces()
            self._hunks()
            self._names()
            if self.case == before or self.budget <= 0:
                return self.case

    def _try(self, candidate: Case) -> bool:
        """Keep the candidate if it is another case that still fails."""
        if candidate == self.case or self.budget <= 0:
            return False
        self.budget -= 1
        if not self.fails(candidate):
            return False
        self.case = candidate
        return True

    def _versions(self) -> None:
        if len(self.case.versions) > 2:
            self._try(replace(self.case, versions=self.case.versions[-2:]))
        for at in reversed(range(1, len(self.case.versions) - 1)):
            self._try(replace(self.case, versions=_without(self.case.versions, at)))
        if len(self.case.versions) > 2:
            self._try(replace(self.case, versions=self.case.versions[1:]))

    def _cells_and_actions(self) -> None:
        for at in reversed(range(len(self.case.cells))):
            self._try(replace(self.case, cells=_without(self.case.cells, at)))
        self._try(_each(self.case, lambda version: replace(version, actions=())))
        for number, version in enumerate(self.case.versions):
            for at in reversed(range(len(version.actions))):
                smaller = replace(version, actions=_without(version.actions, at))
                self._try(_put(self.case, number, smaller))

    def _files(self) -> None:
        for path in sorted({path for version in self.case.versions for path in version.files}):
            self._try(_on_file(self.case, path, lambda _: ""))
            self._try(_each(self.case, partial(_without_file, path)))

    def _pieces(self) -> None:
        """Statements, members, decorators and comment lines, each taken out of every version at once."""
        for path in sorted({path for version in self.case.versions for path in version.files}):
            self._try(_on_file(self.case, path, _tidy))
            self._try(_on_file(self.case, path, lambda text: re.sub(r"\n\n+", "\n", text)))
            pieces = _pieces([version.files.get(path, "") for version in self.case.versions])
            self._groups(path, [piece for piece in pieces if not piece.startswith(" ")])
            for piece in pieces:
                gone = self._try(_on_file(self.case, path, _cut([piece])))
                if not gone and piece.startswith(" "):
                    self._try(_on_file(self.case, path, _cut([piece], "pass")))

    def _groups(self, path: str, pieces: list[str]) -> None:
        """Whole runs of statements at once, halves first."""
        size = len(pieces) // 2
        while size > 1:
            for start in range(0, len(pieces), size):
                group = pieces[start : start + size]
                self._try(_on_file(self.case, path, _cut(group)))
            size //= 2

    def _hunks(self) -> None:
        """Changes between two versions, each taken back."""
        for number in range(1, len(self.case.versions)):
            for path in sorted(self.case.versions[number].files):
                for at in reversed(range(len(_changes(self.case, number, path)))):
                    changes = _changes(self.case, number, path)
                    if at < len(changes):
                        files = {**self.case.versions[number].files, path: changes[at]}
                        self._try(
                            _put(
                                self.case, number, replace(self.case.versions[number], files=files)
                            )
                        )

    def _names(self) -> None:
        """Names in import statements, of files and cells."""
        for path in sorted({path for version in self.case.versions for path in version.files}):
            for version in self.case.versions:
                for old, new in list(_shorter_imports(version.files.get(path, ""))):
                    self._try(_on_file(self.case, path, _swap(old, new)))
        for at, cell in enumerate(self.case.cells):
            for old, new in list(_shorter_imports(cell)):
                cells = list(self.case.cells)
                cells[at] = self.case.cells[at].replace(old, new)
                self._try(replace(self.case, cells=tuple(cells)))


def minimize(case: Case, fails: Fails, budget: int = 600) -> Case:
    """The smallest case near *case* for which *fails* holds."""
    return Minimizer(fails, case, budget).run()


def _without(items: tuple[T, ...], at: int) -> tuple[T, ...]:
    return items[:at] + items[at + 1 :]


def _put(case: Case, number: int, version: Version) -> Case:
    return replace(case, versions=(*case.versions[:number], version, *case.versions[number + 1 :]))


def _each(case: Case, change: Callable[[Version], Version]) -> Case:
    return replace(case, versions=tuple(change(version) for version in case.versions))


def _without_file(path: str, version: Version) -> Version:
    return replace(
        version, files={other: text for other, text in version.files.items() if other != path}
    )


def _on_file(case: Case, path: str, change: Callable[[str], str]) -> Case:
    def changed(version: Version) -> Version:
        files = {
            other: change(text) if other == path else text for other, text in version.files.items()
        }
        return replace(version, files=files)

    return _each(case, changed)


def _tidy(text: str) -> str:
    """The text without comments and blank lines, as ``ast`` would write it."""
    try:
        return ast.unparse(ast.parse(text)) + "\n"
    except (SyntaxError, ValueError):
        return text


def _pieces(texts: Iterable[str]) -> list[str]:
    """Runs of whole lines that may be taken out, the outer ones before those inside."""
    found: dict[str, int] = {}
    for text in texts:
        rows = text.splitlines(keepends=True)
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            found.update({row: 9 for row in rows if row.strip()})
            continue
        for first, last, depth in _spans(tree, 0):
            found.setdefault("".join(rows[first - 1 : last]), depth)
    return sorted(found, key=lambda piece: (found[piece], -len(piece)))


def _spans(node: ast.AST, depth: int) -> Iterator[tuple[int, int, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            decorators: list[ast.expr] = getattr(child, "decorator_list", [])
            first = min([child.lineno, *(each.lineno for each in decorators)])
            yield first, child.end_lineno or first, depth
            yield from (
                (each.lineno, each.end_lineno or each.lineno, depth + 1) for each in decorators
            )
        yield from _spans(child, depth + 1)


def _cut(pieces: Iterable[str], instead: str = "") -> Callable[[str], str]:
    """Takes the pieces out of a text, or puts a statement in their place."""

    def cut(text: str) -> str:
        for piece in pieces:
            space = piece[: len(piece) - len(piece.lstrip())]
            left = f"{space}{instead}\n" if instead else ""
            text = left.join(re.split(rf"(?m)^{re.escape(piece)}", text))
        return text

    return cut


def _swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def _changes(case: Case, number: int, path: str) -> list[str]:
    """The file of the version with one of its changes taken back, for each change."""
    old = case.versions[number - 1].files.get(path, "").splitlines(keepends=True)
    new = case.versions[number].files.get(path, "").splitlines(keepends=True)
    steps = [
        step for step in difflib.SequenceMatcher(None, old, new).get_opcodes() if step[0] != "equal"
    ]
    return [
        "".join([*new[:after], *old[before:until], *new[end:]])
        for _, before, until, after, end in steps
    ]


def _shorter_imports(text: str) -> Iterator[tuple[str, str]]:
    """Import lines with several names, and the same with one name less."""
    for row in text.splitlines():
        head, word, names = row.partition(" import ")
        parts = names.split(", ")
        if word and len(parts) > 1:
            for at in range(len(parts)):
                yield row, f"{head} import {', '.join([*parts[:at], *parts[at + 1 :]])}"
