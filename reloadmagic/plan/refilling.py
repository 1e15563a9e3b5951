"""Whether statements that stay come to fill other objects by an edit, or functions that they call.

In comes the index that still holds the old sources, and what is edited. The answer is yes where it
cannot be told: it only decides whether fillers are looked for, which takes a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..diff import Diff
from ..reach import summarize
from ..reach.entry import ModuleEntry, is_postponed
from ..reach.index import Index
from ..reach.summary import CALL, MENTION, Path, Summary, Unit
from ..reach.tokens import Entity
from ..source import Statement

__all__ = ["fills_otherwise"]


def fills_otherwise(index: Index, diffs: Mapping[str, Diff]) -> bool:
    """May statements that stay fill other objects than before, themselves or by what they call?"""
    for name, diff in diffs.items():
        before = index.modules[name].summaries
        if _stand_otherwise(index, name, diff):
            return True
        for number in diff.dropped:
            if _may_fill(index, name, _calls(before[number])) or _fills(before[number]):
                return True
        for pair in diff.edited:
            if pair.old is None:
                continue
            was = before[pair.old]
            fragment = diff.after.statements[pair.new].fragment
            now = summarize(fragment, postponed=was.postponed, like=was)
            if now is was or now == was:
                continue
            if _fills(was) != _fills(now):
                return True
            changed = _calls(was) ^ _calls(now)
            if fragment.kind == "assign":
                changed |= _taken(was) ^ _taken(now)
            if _new_imports(diff, changed) or _may_fill(index, name, changed):
                return True
    return False


def _stand_otherwise(index: Index, module: str, diff: Diff) -> bool:
    """Do names stand for others than before, of what other modules or names have made?"""
    entry = index.modules[module]
    was: dict[str, set[object]] = {}
    now: dict[str, set[object]] = {}
    for pair in diff.edited:
        if pair.how == "body":
            continue  # it binds what it bound
        after = diff.after.statements[pair.new]
        _note_names(now, after, summarize(after.fragment, postponed=is_postponed(diff.after)))
        if pair.old is not None:
            _note_names(was, diff.before.statements[pair.old], entry.summaries[pair.old])
    for number in diff.dropped:
        _note_names(was, diff.before.statements[number], entry.summaries[number])
    if "*" in was or "*" in now:
        return True
    dropped = set(diff.dropped)
    for name in was.keys() | now.keys():
        if was.get(name) == now.get(name):
            continue
        if (name in was and name in now) or not dropped.issuperset(entry.bindings.get(name, ())):
            return True
        if any(index.names.gives(star, name) for star in entry.stars):
            return True
    return False


def _note_names(found: dict[str, set[object]], statement: Statement, summary: Summary) -> None:
    """Note what a statement makes its names stand for; themselves where it makes that itself."""
    for name in statement.binds:
        origins: list[object] = [i for i in summary.imports if i.alias == name]
        origins += [summary.aliases[name]] if name in summary.aliases else []
        found.setdefault(name, set()).update(origins or [name])


def _fills(summary: Summary) -> set[tuple[str, object]]:
    """What the functions of a statement fill, by qualname."""
    return {
        (qualname, found)
        for qualname, unit in summary.functions.items()
        for found in (
            *_fills_of(unit),
            *unit.sets,
            *(("self", attr) for attr in unit.fills_self),
            *(unit.changes or (["parameters"] if unit.fills_parameters else ())),
        )
    }


def _fills_of(unit: Unit) -> Iterator[object]:
    yield from unit.fills
    yield from unit.binds_global
    yield from (("class", attr) for attr in unit.fills_class)


def _calls(summary: Summary) -> set[Path]:
    """What the functions of a statement call, and what its classes are derived from."""
    found = [path for info in summary.classes.values() for path in info.bases]
    for qualname, unit in summary.functions.items():
        owner = qualname.split(".")[:-1]
        found += [*_called(unit), *((*owner, attr) for attr in unit.own | unit.sets_own if owner)]
    return set(found)


def _taken(summary: Summary) -> set[Path]:
    """What a statement calls or passes on when it runs."""
    return {path for path, how in summary.now.paths.items() if how & (CALL | MENTION)}


def _called(unit: Unit) -> Iterator[Path]:
    return (path for path, how in unit.paths.items() if how & CALL)


def _new_imports(diff: Diff, paths: Iterable[Path]) -> bool:
    """Does one of the paths start with what the edit imports?"""
    roots = {path[0] for path in paths}
    edited = (diff.after.statements[pair.new] for pair in diff.edited) if roots else ()
    return any(s.fragment.kind == "import" and roots & {*s.binds, "*"} for s in edited)


def _may_fill(index: Index, module: str, paths: Iterable[Path]) -> bool:
    """May calling what the *paths* name in *module* fill anything?"""
    todo = [(module, path) for path in paths]
    seen: set[Entity] = set()
    while todo:
        for (home, name), rest in index.names.resolve(*todo.pop()):
            entry = index.modules.get(home)
            qualname = ".".join((name, *rest))
            if entry is None or entry.is_import(name) or (home, qualname) in seen:
                continue
            seen.add((home, qualname))
            units = list(_units(entry, qualname))
            if any(unit.stateful or any(_fills_of(unit)) for unit in units):
                return True
            if rest and qualname in entry.functions and entry.functions[qualname][1].fills_self:
                return True
            todo += [(home, path) for unit in units for path in _called(unit)]
            todo += [(home, path) for path in _made_of(entry, name)]
    return False


def _units(entry: ModuleEntry, qualname: str) -> Iterator[Unit]:
    """What a function does; of a class, what its methods do."""
    for known, (_, unit) in entry.functions.items():
        if known == qualname or known.startswith(f"{qualname}."):
            yield unit


def _made_of(entry: ModuleEntry, name: str) -> Iterator[Path]:
    """What a class is derived from, or what an assigned name was made of: a partial, an alias."""
    if name in entry.classes:
        yield from entry.classes[name][1].bases
    for number in entry.bindings.get(name, ()):
        if entry.source.statements[number].fragment.kind == "assign":
            paths = entry.summaries[number].now.paths.items()
            yield from (path for path, how in paths if how & (CALL | MENTION))
