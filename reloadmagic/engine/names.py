"""The user's own namespaces: names that a cell imported are bound to what an import binds now.

Only names that still are what their import bound: one that the user rebound is theirs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..modules import module_namespace
from ..transaction import ABSENT
from .stars import star_names

if TYPE_CHECKING:
    from ..transaction import Transaction

__all__ = ["Namespace", "namespaces_before", "refresh"]


@dataclass(slots=True)
class Namespace:
    """A namespace of the user's: a notebook's, a script's.

    Attributes:
        names: the live dict.
        provenance: for names that an import bound, the module and the name there; several where
            it is not known which import ran, as in ``try`` and ``except``.
        stars: modules whose names were imported by star, in that order.
        orphans: values that names still hold although their modules dropped them.
    """

    names: dict[str, Any]
    provenance: dict[str, tuple[tuple[str, str], ...]]
    stars: dict[str, None]
    orphans: dict[str, Any] = field(default_factory=dict)

    def note_import(self, node: ast.ImportFrom, *, is_certain: bool) -> None:
        """A cell is about to run that holds this import; *is_certain*: under no condition."""
        if not node.module or node.level:
            return
        for alias in node.names:
            name, origin = alias.asname or alias.name, (node.module, alias.name)
            if alias.name == "*":
                self.stars.pop(node.module, None)
                self.stars[node.module] = None
            elif is_certain:
                self.provenance[name] = (origin,)
            else:
                others = [o for o in self.provenance.get(name, ()) if o != origin]
                self.provenance[name] = (*others, origin)


def namespaces_before(namespaces: Iterable[Namespace]) -> dict[str, dict[str, Any]]:
    """By module, what the names of the user may have been imported as, as a run begins."""
    modules = {m for ns in namespaces for origins in ns.provenance.values() for m, _ in origins}
    modules.update(m for ns in namespaces for m in ns.stars)
    before: dict[str, dict[str, Any]] = {}
    for module in modules:
        found = module_namespace(sys.modules.get(module))
        if found is not None:
            before[module] = dict(found)
            if type(found.get("__all__")) is list:
                before[module]["__all__"] = list(found["__all__"])  # a reload refills it in place
    return before


def refresh(
    namespace: Namespace, before: dict[str, dict[str, Any]], transaction: Transaction
) -> list[str]:
    """Bring names up to date that still are what they were imported as.

    Returns sentences about those that keep what they hold, as their modules have dropped it.
    """
    kept = []
    for name, origins in list(namespace.provenance.items()):
        was_kept = name in namespace.orphans
        for module, attr in origins:
            if _refresh_name(namespace, name, module, attr, before, transaction):
                if name in namespace.orphans and not was_kept:
                    kept.append(f"{module}.{attr} is gone; {name} here keeps what it was")
                break
    for module in namespace.stars:
        if module in before:
            _refresh_star(namespace, module, before[module], transaction)
    return kept


def _refresh_name(
    namespace: Namespace,
    name: str,
    module: str,
    attr: str,
    before: dict[str, dict[str, Any]],
    transaction: Transaction,
) -> bool:
    """Bring *name* up to date, if it is what importing *attr* from *module* had bound."""
    new = (module_namespace(sys.modules.get(module)) or {}).get(attr, ABSENT)
    old = namespace.names.get(name, ABSENT)
    was = before.get(module, {}).get(attr, ABSENT)
    if was is ABSENT:
        was = namespace.orphans.get(name, ABSENT)
    if was is ABSENT or old is not was:
        return False
    if new is ABSENT:
        transaction.set_item(namespace.orphans, name, old)
    elif new is not old:
        transaction.set_item(namespace.names, name, new)
        if name in namespace.orphans:
            transaction.del_item(namespace.orphans, name)
    return True


def _refresh_star(
    namespace: Namespace, module: str, before: dict[str, Any], transaction: Transaction
) -> None:
    names = namespace.names
    now = module_namespace(sys.modules.get(module)) or {}
    formerly = dict.fromkeys(star_names(before))
    gives = dict.fromkeys(star_names(now))
    for name in gives:
        old = names.get(name, ABSENT)
        if name in formerly:
            is_ours = old is before[name]
        else:
            is_ours = old is ABSENT or _is_from_star_before(namespace, module, name)
        if is_ours and old is not now[name]:
            transaction.set_item(names, name, now[name])
    for name in formerly:
        if name not in gives and names.get(name, ABSENT) is before[name]:
            other = _imported_otherwise(namespace, name)
            if other is ABSENT:
                transaction.del_item(names, name)
            elif other is not names[name]:
                transaction.set_item(names, name, other)


def _is_from_star_before(namespace: Namespace, module: str, name: str) -> bool:
    """Is *name* bound by a star-import that came before the one of *module*, which hides it now?"""
    for star in namespace.stars:
        if star == module:
            return False
        found = (module_namespace(sys.modules.get(star)) or {}).get(name, ABSENT)
        if found is namespace.names[name]:
            return True
    return False


def _imported_otherwise(namespace: Namespace, name: str) -> Any:
    """What other imports of the user's bind *name* to, once a star-import leaves it out."""
    for module, attr in reversed(namespace.provenance.get(name, ())):
        found = (module_namespace(sys.modules.get(module)) or {}).get(attr, ABSENT)
        if found is not ABSENT:
            return found
    for module in reversed(namespace.stars):
        now = module_namespace(sys.modules.get(module)) or {}
        if name in star_names(now):
            return now[name]
    return ABSENT
