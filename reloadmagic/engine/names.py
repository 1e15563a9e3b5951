"""The user's own namespaces: names that a cell imported are bound to what an import binds now.

Only names that still are what their import bound: one that the user rebound is theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..modules import module_namespace
from ..transaction import ABSENT, Transaction
from .stars import star_names

__all__ = ["Namespace", "namespaces_before", "refresh"]


@dataclass(slots=True)
class Namespace:
    """A namespace of the user's: a notebook's, a script's.

    Attributes:
        names: the live dict.
        provenance: for names that an import bound, the module and the name there.
        stars: modules whose names were imported by star.
        orphans: values that names still hold although their modules dropped them.
    """

    names: dict[str, Any]
    provenance: dict[str, tuple[str, str]]
    stars: dict[str, None]
    orphans: dict[str, Any] = field(default_factory=dict)


def namespaces_before(namespaces: Iterable[Namespace]) -> dict[str, dict[str, Any]]:
    """By module, what the names of the user may have been imported as, as a run begins."""
    modules = {m for ns in namespaces for m, _ in ns.provenance.values()}
    modules.update(m for ns in namespaces for m in ns.stars)
    return {
        module: dict(found)
        for module in modules
        if (found := module_namespace(sys.modules.get(module))) is not None
    }


def refresh(
    namespace: Namespace, before: dict[str, dict[str, Any]], transaction: Transaction
) -> None:
    """Bring names up to date that still are what they were imported as."""
    for name, (module, attr) in list(namespace.provenance.items()):
        new = (module_namespace(sys.modules.get(module)) or {}).get(attr, ABSENT)
        old = namespace.names.get(name, ABSENT)
        was = before.get(module, {}).get(attr, ABSENT)
        if was is ABSENT:
            was = namespace.orphans.get(name, ABSENT)
        if was is ABSENT or old is not was:
            continue
        if new is ABSENT:
            namespace.orphans[name] = old
        elif new is not old:
            transaction.set_item(namespace.names, name, new)
            namespace.orphans.pop(name, None)
    for module in namespace.stars:
        if module in before:
            _refresh_star(namespace.names, module, before[module], transaction)


def _refresh_star(
    names: dict[str, Any], module: str, before: dict[str, Any], transaction: Transaction
) -> None:
    now = module_namespace(sys.modules.get(module)) or {}
    for name in star_names(now):
        old = names.get(name, ABSENT)
        if old is not now[name] and old is before.get(name, ABSENT):
            transaction.set_item(names, name, now[name])
    for name in star_names(before):
        if name not in now and name in names and names[name] is before[name]:
            transaction.del_item(names, name)
