"""A case: files, notebook cells and edits, as data and as text.

The text is what a failing run prints and what ``cases/`` holds::

    --- file pkg/a.py
    K = 1
    --- cell
    from pkg.a import K
    --- do entry pkg.a:TABLE
    --- edit pkg/a.py
    K = 2
    --- reload

``--- broken`` instead of ``--- reload`` ends a version that cannot be imported; ``--- broken strictly``
one that must leave the session exactly as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

Action = tuple[str, str]  # what the user does, and to what


@dataclass(frozen=True, slots=True)
class Version:
    """The files at one time, and what the user does once they are loaded."""

    files: dict[str, str]
    actions: tuple[Action, ...] = ()
    broken: str = ""  # "", "broken" or "broken strictly"


@dataclass(frozen=True, slots=True)
class Case:
    """A whole session."""

    cells: tuple[str, ...]
    versions: tuple[Version, ...]

    def until(self, version: int) -> Case:
        """The case cut off after the version of that number."""
        return replace(self, versions=self.versions[: version + 1])

    def __str__(self) -> str:
        first = self.versions[0]
        parts = [f"--- file {path}\n{_body(text)}" for path, text in first.files.items()]
        parts += [f"--- cell\n{cell}\n" for cell in self.cells]
        parts += [f"--- do {kind} {target}\n" for kind, target in first.actions]
        for before, after in zip(self.versions, self.versions[1:], strict=False):
            parts += _changes(before, after)
            parts.append(f"--- {after.broken or 'reload'}\n")
            parts += [f"--- do {kind} {target}\n" for kind, target in after.actions]
        return "".join(parts)


def _body(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def _changes(before: Version, after: Version) -> list[str]:
    changed = [(path, text) for path, text in after.files.items() if before.files.get(path) != text]
    gone = [path for path in before.files if path not in after.files]
    return [f"--- edit {path}\n{_body(text)}" for path, text in changed] + [
        f"--- delete {path}\n" for path in gone
    ]


@dataclass(slots=True)
class _Reader:
    files: dict[str, str] = field(default_factory=dict)
    cells: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    broken: str = ""

    def finish(self) -> None:
        """Note the version that was being read."""
        self.versions.append(Version(dict(self.files), tuple(self.actions), self.broken))
        self.actions.clear()

    def step(self, head: str, body: str) -> None:
        """Take one step of the text."""
        word, _, rest = head.partition(" ")
        if word in ("file", "edit"):
            self._ends_version(word)
            self.files[rest] = body
        elif word == "delete":
            self._ends_version(word)
            del self.files[rest]
        elif word == "cell":
            self.cells.append(body.rstrip("\n"))
        elif word == "do":
            kind, _, target = rest.partition(" ")
            self.actions.append((kind, target))
        elif word in ("reload", "broken"):
            self._ends_version(word)
            self.open = False
            self.broken = head if word == "broken" else ""
        else:
            raise ValueError(head)

    open: bool = False

    def _ends_version(self, word: str) -> None:
        if word != "file" and not self.open:
            self.finish()
            self.open = True


def parse(text: str) -> Case:
    """The case that the text writes.

    Raises:
        ValueError: a step is of no known kind.
    """
    reader = _Reader()
    for part in ("\n" + text).split("\n--- ")[1:]:
        head, _, body = part.partition("\n")
        reader.step(head.strip(), body if not body or body.endswith("\n") else body + "\n")
    reader.finish()
    return Case(tuple(reader.cells), tuple(reader.versions))
