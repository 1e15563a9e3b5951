"""What is known of one module by its source alone.

In comes a `Source`; out goes a `ModuleEntry`: what its statements do, by name and by qualname.
"""

from __future__ import annotations
import __future__

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..source import Source, Statement
from .known import IMPORTING
from .reading import summarize
from .summary import LAMBDAS, ClassInfo, Path, Summary, Unit
from .syntax import called_name, imported_path
from .tokens import User

__all__ = ["ModuleEntry", "make_entry"]


@dataclass(slots=True)
class ModuleEntry:
    """What the index keeps of one version of one module.

    Attributes:
        package: that its relative imports start from.
        summaries: of the statements, in order.
        bindings: by name, the positions of the statements that bind it.
        functions, classes: by qualname, the position of the statement, and what it says of them.
        stars: the modules that it imports by star.
        given: by last name, the paths that its ``__getattr__`` names.
        gives_any: may its ``__getattr__`` import submodules by names that it is asked for?
        scans: statements of a package that use modules which they import by names worked out.
        loads: code that imports by names which are worked out, with how these begin.
        decorated: the functions that may have decorators.
        callers: the functions and methods, by their last names, that may call what they are passed,
            and those that do not.
        speaks_of_caches: the text does, or that of a version for which it stood before.
        is_dynamic: code of it binds or reads what cannot be told; whether that runs with the module
            is another question.
        imports: the modules that its code imports, once it was asked for (`Imports`).
        at_once: those that its statements import themselves, with their positions; likewise.
        late: those that its functions import when they are called, with these; likewise.
        code: by name, what `code_of` returns, once it was asked for.
    """

    source: Source
    package: str
    summaries: list[Summary]
    bindings: dict[str, list[int]] = field(default_factory=dict)
    functions: dict[str, tuple[int, Unit]] = field(default_factory=dict)
    classes: dict[str, tuple[int, ClassInfo]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    given: dict[str, list[Path]] = field(default_factory=dict)
    gives_any: bool = False
    scans: frozenset[int] = frozenset()
    loads: list[tuple[User, str]] = field(default_factory=list)
    decorated: list[str] = field(default_factory=list)
    callers: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    speaks_of_caches: bool = False
    is_dynamic: bool = False
    imports: list[str] | None = None
    at_once: list[tuple[int, str]] | None = None
    late: list[tuple[User, str]] | None = None
    code: dict[str, list[Unit]] | None = None

    def is_import(self, name: str) -> bool:
        """Do import statements alone bind *name*? True for one that nothing binds."""
        return all(
            self.source.statements[number].fragment.kind == "import"
            for number in self.bindings.get(name, ())
        )

    def imports_only(self, number: int) -> bool:
        """Is the statement at that position an import?"""
        return self.source.statements[number].fragment.kind == "import"

    def builds_on(self, name: str) -> bool:
        """Does a statement bind *name* by what it is before, or in some cases only?"""
        return any(name in self.summaries[n].builds_on for n in self.bindings.get(name, ()))

    def code_of(self, name: str) -> Sequence[Unit]:
        """The functions of that name, what is in that class, what binds the name when called."""
        if self.code is None:
            self.code = {}
            for qualname, (_, info) in self.classes.items():
                self.code.setdefault(qualname.partition(".")[0], []).extend(info.values.values())
            for qualname, (_, unit) in self.functions.items():
                for bound in {qualname.partition(".")[0], *unit.binds_global}:
                    self.code.setdefault(bound, []).append(unit)
        return self.code.get(name, ())

    def absolute(self, module: str, level: int) -> str:
        """The module that an import of *module*, with *level* dots, means here."""
        if not level:
            return module
        package = self.package
        for _ in range(level - 1):
            package = package.rpartition(".")[0]
        return f"{package}.{module}" if module and package else package or module

    def may_load(self, begins: str, module: str) -> bool:
        """May *module* be imported here by a name that is worked out and *begins* so?"""
        dots = len(begins) - len(begins.lstrip("."))
        if dots:
            begins = f"{self.absolute('', dots)}.{begins[dots:]}"
        return module.startswith(begins)

    def adopt(self, source: Source) -> bool:
        """Stand for *source* from here on, if it binds, uses and fills the same. Does it?"""
        changed = self.changed_in(source)
        if changed is None:
            return False
        for number, summary in changed.items():
            self.summaries[number] = summary
            self.speaks_of_caches |= "cache" in source.statements[number].fragment.text
        self.source = source
        return True

    def changed_in(self, source: Source) -> dict[int, Summary] | None:
        """What the statements of *source* do that are others; None if they do not just the same."""
        before = self.source
        if (
            before.path != source.path
            or before.flags != source.flags
            or len(before.statements) != len(source.statements)
        ):
            return None
        changed: dict[int, Summary] = {}
        head, tail = before.shared_ends(source)
        for number in range(head, len(source.statements) - tail):
            old, new = before.statements[number], source.statements[number]
            if old.fragment is new.fragment:
                continue
            if old.fragment.kind != new.fragment.kind or old.binds != new.fragment.binds:
                return None
            was = self.summaries[number]
            changed[number] = summarize(new.fragment, postponed=is_postponed(source), like=was)
            if changed[number] is not was and changed[number] != was:
                return None
        return changed

    def unit(self, user: User) -> Unit | None:
        """What the code of a statement or a function of the module does."""
        _, kind, key = user
        if kind == "s":
            return self.summaries[key].now
        return self.functions[key][1] if kind == "f" and key in self.functions else None

    def units(self, name: str) -> Iterator[tuple[User, Unit]]:
        """All units with their users, the module being *name*; what a class body does comes twice."""
        for number, summary in enumerate(self.summaries):
            yield (name, "s", number), summary.now
            for owner, info in summary.classes.items():
                for attr, unit in info.values.items():
                    if f"{owner}.{attr}" not in summary.functions:
                        yield (name, "v", (number, f"{owner}.{attr}")), unit
            for qualname, unit in summary.functions.items():
                if qualname == LAMBDAS:
                    yield (name, "l", number), unit
                else:
                    yield (name, "f", qualname), unit


def make_entry(name: str, source: Source) -> ModuleEntry:
    """The entry of the module *name* whose source is *source*."""
    is_package = os.path.basename(source.path).startswith("__init__.")
    postponed = is_postponed(source)
    entry = ModuleEntry(
        source,
        name if is_package else name.rpartition(".")[0],
        [summarize(s.fragment, postponed=postponed) for s in source.statements],
    )
    entry.speaks_of_caches = "cache" in source.text
    for number, (statement, summary) in enumerate(
        zip(source.statements, entry.summaries, strict=True)
    ):
        for bound in (*statement.binds, *summary.now.binds_global):
            entry.bindings.setdefault(bound, []).append(number)
        for qualname, unit in summary.functions.items():
            entry.functions[qualname] = (number, unit)
        for qualname, info in summary.classes.items():
            entry.classes[qualname] = (number, info)
        for imported in summary.imports:
            if imported.name == "*":
                entry.stars.append(entry.absolute(imported.module, imported.level))
    if "__getattr__" in entry.bindings:
        _note_given(name, entry)
    if is_package:
        entry.scans = frozenset(
            number
            for number, summary in enumerate(entry.summaries)
            if any(path[-1] in IMPORTING for path in summary.now.paths)
            and _looks_in_any(source.statements[number])
        )
    entry.is_dynamic = any(unit.dynamic for _, unit in entry.units(name))
    entry.loads = [(user, begins) for user, unit in entry.units(name) for begins in unit.loads]
    names: tuple[set[str], set[str]] = set(), set()
    for qualname, (_, unit) in entry.functions.items():
        names[not unit.calls_parameters].add(qualname.rpartition(".")[2])
    entry.callers = frozenset(names[0]), frozenset(names[1])
    entry.decorated = [
        qualname
        for qualname, (number, _) in entry.functions.items()
        if "@" in source.statements[number].fragment.text
    ]
    return entry


def _looks_in_any(statement: Statement) -> bool:
    """Does a statement use modules that it imports by names which it works out?"""
    nodes = [node for root in statement.fragment.peek() for node in ast.walk(root)]
    unused = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return any(
        isinstance(node, ast.Call)
        and called_name(node) in IMPORTING
        and imported_path(node) is None
        and id(node) not in unused
        for node in nodes
    )


def _note_given(name: str, entry: ModuleEntry) -> None:
    """Note what ``__getattr__`` of the module may give others."""
    found = entry.functions.get("__getattr__")
    for path in found[1].paths if found is not None else ():
        if len(path) > 1:
            entry.given.setdefault(path[-1], []).append(path)
    entry.gives_any = found is None or any(
        path[-1] in IMPORTING for _, unit in entry.units(name) for path in unit.paths
    )


def is_postponed(source: Source) -> bool:
    """Are annotations not evaluated where they stand?"""
    return bool(source.flags & __future__.annotations.compiler_flag)
