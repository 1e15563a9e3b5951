"""The user's own namespaces: names that a cell imported are bound to what an import binds now.

Only names that still are what their import bound: one that the user rebound is theirs.
"""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from ..absent import ABSENT
from ..live import OwnReference, weakly_held
from ..modules import module_namespace
from .stars import star_names

if TYPE_CHECKING:
    from ..transaction import Transaction

__all__ = ["Namespace", "namespaces_before", "refresh"]

Origin = tuple[str, str]
"""A module and a name in it."""

Names = dict[str, dict[str, Any]]
"""By module, what its names are bound to."""


class Namespace:
    """A namespace of the user's: a notebook's, a script's.

    Attributes:
        names: the live dict.
        provenance: for names that an import bound, the module and the name there; several where
            it is not known which import ran, as in ``try`` and ``except``.
        earlier: where such names had been imported from before that, the last one first: that is
            what they are where the import of `provenance` finds nothing any longer.
        stars: modules whose names were imported by star, in that order, each with the names that
            code has bound since.
        orphans: values that names still hold although their modules dropped them.
        imported: what imports bound names to, weakly but for plain values: a module may have
            bound its own name again since.
        given: values that ``__getattr__`` of modules gave, by the names that hold them.
    """

    __slots__ = ("earlier", "given", "imported", "names", "orphans", "provenance", "stars")

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.provenance: dict[str, tuple[Origin, ...]] = {}
        self.stars: dict[str, set[str]] = {}
        self.orphans: dict[str, Any] = {}
        self.earlier: dict[str, tuple[Origin, ...]] = {}
        self.imported: dict[str, Any] = {}
        self.given: dict[str, Any] = {}

    def note_import(self, node: ast.ImportFrom, *, is_certain: bool) -> None:
        """A cell is about to run that holds this import; *is_certain*: under no condition."""
        if not node.module or node.level:
            return
        for alias in node.names:
            name, origin = alias.asname or alias.name, (node.module, alias.name)
            self.given.pop(name, None)
            if alias.name == "*":
                self.stars.pop(node.module, None)
                self.stars[node.module] = set()
                continue
            self._note_binding(name)
            if is_certain:
                before = [o for o in self.origins(name) if o != origin]
                self.provenance[name] = (origin,)
                self.earlier[name] = tuple(before)
            else:
                others = [o for o in self.provenance.get(name, ()) if o != origin]
                self.provenance[name] = (*others, origin)

    def origins(self, name: str) -> tuple[Origin, ...]:
        """Where *name* was imported from, what counts most in front."""
        return (*self.provenance.get(name, ()), *self.earlier.get(name, ()))

    def all_origins(self) -> Iterable[tuple[Origin, ...]]:
        """Where all names that are known to be imported were imported from."""
        return itertools.chain(self.provenance.values(), self.earlier.values())

    def note_other(self, name: str) -> None:
        """A cell is about to run that binds *name* to something else."""
        self.provenance.pop(name, None)
        self.earlier.pop(name, None)
        self.given.pop(name, None)
        self._note_binding(name)

    def _note_binding(self, name: str) -> None:
        for bound in self.stars.values():
            bound.add(name)

    def stars_after(self, name: str, star: str | None = None) -> list[str]:
        """The modules imported by star after *name* was bound by other code, and after *star*."""
        order = list(self.stars)
        first = order.index(star) + 1 if star is not None else 0
        return [module for module in order[first:] if name not in self.stars[module]]

    def is_imported(self, name: str, value: object) -> bool:
        """Is *value* what an import bound *name* to?"""
        held = self.imported.get(name, ABSENT)
        return value is (held() if type(held) is OwnReference else held)

    def note_given(self, before: Names) -> None:
        """Note what names hold, as a run begins, of which the modules do not bind them.

        *before* is what these bind.
        """
        for name in self.provenance:
            if name in self.names and any(
                attr not in before.get(module, {}) and "__getattr__" in before.get(module, {})
                for module, attr in self.origins(name)
            ):
                self.given.setdefault(name, self.names[name])

    def held(self, name: str, origin: Origin, before: Names) -> Any:
        """What *name* was when it was imported from *origin*, as far as that is known."""
        module, attr = origin
        bound = before.get(module, {})
        given = self.given.get(name, ABSENT) if "__getattr__" in bound else ABSENT
        return bound.get(attr, given)


def namespaces_before(namespaces: Collection[Namespace]) -> Names:
    """By module, what the names of the user may have been imported as, as a run begins."""
    modules = {m for ns in namespaces for found in ns.all_origins() for m, _ in found}
    modules.update(m for ns in namespaces for m in ns.stars)
    before: Names = {}
    for module in modules:
        found = module_namespace(sys.modules.get(module))
        if found is not None:
            before[module] = dict(found)
            if type(found.get("__all__")) is list:
                before[module]["__all__"] = list(found["__all__"])  # a reload refills it in place
    if any("__getattr__" in names for names in before.values()):
        for namespace in namespaces:
            namespace.note_given(before)
    return before


def refresh(
    namespace: Namespace,
    before: Names,
    transaction: Transaction,
    answers_anew: Callable[[Origin], bool],
) -> list[str]:
    """Bring names up to date that still are what they were imported as.

    *answers_anew* says whether ``__getattr__`` of a module may give something else now for a name.
    Returns sentences about those that keep what they hold, as their modules have dropped it.
    """
    answers: dict[Origin, Any] = {}

    def value_now(name: str, origin: Origin) -> Any:
        module, attr = origin
        now = module_namespace(sys.modules.get(module)) or {}
        if attr in now or "__getattr__" not in now:
            return now.get(attr, ABSENT)
        if attr not in before.get(module, {}) and not answers_anew(origin):
            return namespace.held(name, origin, before)
        if origin not in answers:
            answers[origin] = _ask(now["__getattr__"], attr)
        return answers[origin]

    told = (
        _refresh_name(namespace, name, before, transaction, value_now)
        for name in namespace.provenance
        if not _is_current(namespace, name, before, value_now)
    )
    kept = list(filter(None, told))
    for module in namespace.stars:
        if module in before:
            _refresh_star(namespace, module, before, transaction)
    return kept


def _ask(getattr_of_module: Callable[[str], Any], attr: str) -> Any:
    try:
        return getattr_of_module(attr)
    except Exception:  # noqa: BLE001 - whatever it raises, an import of the name would fail
        return ABSENT


def _is_current(
    namespace: Namespace, name: str, before: Names, value_now: Callable[[str, Origin], Any]
) -> bool:
    """Is *name* what its import had bound and would bind now? So nearly all are, set after set."""
    origin = namespace.provenance[name][0]
    old = namespace.names.get(name, ABSENT)
    was = namespace.held(name, origin, before)
    return old is was and old is value_now(name, origin) and name not in namespace.orphans


def _refresh_name(
    namespace: Namespace,
    name: str,
    before: Names,
    transaction: Transaction,
    value_now: Callable[[str, Origin], Any],
) -> str:
    """Bring *name* up to date, if it is what an import had bound; a sentence if that is gone."""
    origins = namespace.origins(name)
    formerly = [namespace.held(name, origin, before) for origin in origins]
    old = namespace.names.get(name, ABSENT)
    is_orphan = old is not ABSENT and namespace.orphans.get(name, ABSENT) is old
    at = next((n for n, was in enumerate(formerly) if was is old is not ABSENT), len(origins))
    if at == len(origins) and namespace.is_imported(name, old):  # and rebound by its module since
        changed = (n for n, was in enumerate(formerly) if was is not value_now(name, origins[n]))
        at = next(changed, at)
    if (at == len(origins) and not is_orphan) or _gave(before, namespace.stars_after(name), name):
        return ""
    for number, origin in enumerate(origins):
        new = value_now(name, origin)
        # What a later import would bind counts again once it is back.
        if new is not ABSENT and (number >= at or formerly[number] is ABSENT):
            if new is not old:
                _bind(namespace, name, new, transaction)
            if name in namespace.orphans:
                transaction.del_item(namespace.orphans, name)
            if name in namespace.given:
                transaction.set_item(namespace.given, name, new)
            if number > at and formerly[number] is not old is not new:
                return f"{'.'.join(origins[at])} is gone; {name} here is {'.'.join(origin)} again"
            return ""
    if is_orphan:
        return ""
    transaction.set_item(namespace.orphans, name, old)
    return f"{'.'.join(origins[at])} is gone; {name} here keeps what it was"


def _value_now(origin: Origin) -> Any:
    module, attr = origin
    return (module_namespace(sys.modules.get(module)) or {}).get(attr, ABSENT)


def _gave(before: dict[str, dict[str, Any]], modules: Iterable[str], name: str) -> bool:
    """Did a star-import of one of these *modules* bind *name*?"""
    return any(name in star_names(before[module]) for module in modules if module in before)


def _is_hidden(
    namespace: Namespace, star: str, name: str, before: dict[str, dict[str, Any]]
) -> bool:
    """Is what a star-import gives for *name* bound again by code that ran later?"""
    return name in namespace.stars[star] or _gave(before, namespace.stars_after(name, star), name)


def _refresh_star(
    namespace: Namespace,
    module: str,
    before: dict[str, dict[str, Any]],
    transaction: Transaction,
) -> None:
    names, was = namespace.names, before[module]
    now = module_namespace(sys.modules.get(module)) or {}
    formerly = dict.fromkeys(star_names(was))
    gives = dict.fromkeys(star_names(now))
    for name in gives:
        old = names.get(name, ABSENT)
        if name in formerly:
            is_ours = old is was[name] or (
                now[name] is not was[name] and namespace.is_imported(name, old)
            )
        else:
            is_ours = old is ABSENT or _is_imported_before(namespace, module, name)
        if is_ours and old is not now[name] and not _is_hidden(namespace, module, name, before):
            _bind(namespace, name, now[name], transaction)
    for name in formerly:
        if name not in gives and names.get(name, ABSENT) is was[name]:
            if _is_hidden(namespace, module, name, before):
                continue
            other = _imported_otherwise(namespace, name)
            if other is ABSENT:
                transaction.del_item(names, name)
            elif other is not names[name]:
                _bind(namespace, name, other, transaction)


def _bind(namespace: Namespace, name: str, value: Any, transaction: Transaction) -> None:
    transaction.set_item(namespace.names, name, value)
    transaction.set_item(namespace.imported, name, weakly_held(value))


def _is_imported_before(namespace: Namespace, module: str, name: str) -> bool:
    """Is *name* bound by an import that came before the star-import of *module*, which hides it now?"""
    held = namespace.names[name]
    if name not in namespace.stars[module]:
        if any(_value_now(origin) is held for origin in namespace.origins(name)):
            return True
    for star in namespace.stars:
        if star == module:
            return False
        found = (module_namespace(sys.modules.get(star)) or {}).get(name, ABSENT)
        if found is held:
            return True
    return False


def _imported_otherwise(namespace: Namespace, name: str) -> Any:
    """What other imports of the user's bind *name* to, once a star-import leaves it out."""
    for origin in namespace.origins(name):
        found = _value_now(origin)
        if found is not ABSENT:
            return found
    for module in reversed(namespace.stars):
        now = module_namespace(sys.modules.get(module)) or {}
        if name in star_names(now):
            return now[name]
    return ABSENT
