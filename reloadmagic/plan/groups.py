"""Statements that make and fill one object, and those that read it.

A *group* is what binds a name and what puts something into the object that it names: its statements
only make sense together, from the first one on. In comes the index; nothing is planned here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..reach.index import Index
from ..reach.tokens import StatementId, Target, Token

__all__ = ["Groups", "content_token"]


def content_token(target: Target) -> Token:
    """What it means for others that a filled object holds other content."""
    module, name, attr = target
    return ("attr", module, name, attr) if attr else ("content", module, name)


class Groups:
    """The groups by the sources that are to run."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._readers: dict[Target, set[StatementId]] = {}

    def fillers(self, target: Target) -> set[StatementId]:
        """The statements that fill an object."""
        return self._index.filling.fillers().get(target, set())

    def makers(self, target: Target) -> set[StatementId]:
        """The statements that bind the name of a filled object."""
        module, name, _ = target
        entry = self._index.modules.get(module)
        if entry is None:
            return set()
        binders = entry.bindings.get(name, [])
        if binders and name in entry.summaries[binders[0]].augments:
            binders = [*entry.bindings.get("*", ()), *binders]
        return {(module, number) for number in binders}

    def of(self, module: str, number: int) -> Iterator[tuple[Target, set[StatementId]]]:
        """The groups that a statement belongs to, with their members."""
        me = (module, number)
        entry = self._index.modules[module]
        for name in entry.source.statements[number].binds:
            makers = self.makers((module, name, ""))
            kinds = {entry.source.statements[n].fragment.kind for _, n in makers}
            if len(makers) > 1 and kinds != {"import"}:
                yield (module, name, ""), makers
        fillers = self._index.filling.fillers()
        bound = [*entry.source.statements[number].binds, *entry.summaries[number].now.binds_global]
        made = (self._index.filling.filled_under((module, name)) for name in bound)
        for target in dict.fromkeys([*self._index.filling.filled_by(me), *itertools.chain(*made)]):
            yield target, fillers[target] | self.makers(target)

    def users(self, target: Target) -> set[StatementId]:
        """The statements that use what a filled object holds, or a name that is bound anew."""
        if target not in self._readers:
            users = self._index.reached(content_token(target))
            if target[:2] in self._index.filling.rebound():
                users = users | self._index.reached(("bind", *target[:2]))
            self._readers[target] = users
        return self._readers[target]
