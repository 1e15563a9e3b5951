"""What the sources before filled and set, held against what those after do.

A `Before` is taken while the index still holds the old sources. Once it holds the new ones, objects
that would be filled by other statements are filled anew, and attributes that lost what set them last
are set again. What is filled and set in another order is told by `reordering`.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from ..diff import Diff
from ..live import is_class
from ..modules import TrackedModule
from ..reach.index import Index
from ..reach.tokens import Entity, StatementId, Target
from .outside import decorated_with, is_from_outside
from .propagation import Propagation
from .refilling import fills_otherwise
from .values import ModulePlan

__all__ = ["Before"]


class Before:
    """What is to be known of the old sources, taken from *index* before it gets the new ones.

    *diffs* holds the comparison of each edited module, *plans* their plans.
    """

    def __init__(
        self,
        index: Index,
        tracked: Mapping[str, TrackedModule],
        diffs: Mapping[str, Diff],
        plans: Mapping[str, ModulePlan],
    ) -> None:
        self._index = index
        self._tracked = tracked
        self._diffs = diffs
        self._plans = plans
        gone = _gone(diffs)
        # Attributes of instances that statements had set which the edit drops.
        self._unset = list(self._unset_on_instances())
        # Modules of which it could not be told which names they bind.
        self._whole = [n for n in diffs if tracked[n].unexplained and index.whole(n)]
        # Objects filled by statements that the edit drops or changes.
        self._refills = list(self._fills_of(gone)) if gone else []
        # Who filled what, where the edit may change that for statements that stay.
        self._filled = dict(index.filling.fillers()) if fills_otherwise(index, diffs) else None
        # Who set which attribute, and which of these statements the edit drops or changes.
        self._setters = dict(index.filling.setters())
        self._gone = gone

    # By the old sources ----------------------------------------------------------------------

    def _fills_of(self, gone: set[StatementId]) -> Iterator[Target]:
        """What the statements that are *gone* filled, or had bound along with others."""
        for target, fillers in self._index.filling.fillers().items():
            if fillers & gone:
                yield target
        for name, diff in self._diffs.items():
            entry = self._index.modules[name]
            for bound in _given_up(diff, self._plans[name].returned):
                if len(entry.bindings.get(bound, ())) > 1:
                    yield (name, bound, "")

    def _unset_on_instances(self) -> Iterator[tuple[str, tuple[Entity, str], bool]]:
        """The attributes that dropped statements had set on instances, with the module of those.

        And whether they are all that can have set it: else only its maker knows what it was.
        """
        for name, diff in self._diffs.items():
            for number in diff.dropped:
                for path in self._index.modules[name].summaries[number].now.sets:
                    for entity, attr in self._index.names.attributes_set(name, path):
                        value = self._tracked[entity[0]].namespace.get(entity[1])
                        if not is_class(value) and type(value) is not types.FunctionType:
                            alone = is_from_outside(self._index, type(value), attr)
                            yield name, (entity, attr), alone

    # By the new sources ----------------------------------------------------------------------

    def fill_again(self, propagation: Propagation) -> None:
        """Objects of which a filler is gone, has changed or has come are filled anew."""
        refills = [*self._refills, *self._filled_otherwise(propagation)]
        for module, name, attr in refills:
            if attr or not self._unbind(propagation, module, name):
                propagation.force_group((module, name, attr), "a filler was changed or dropped")
        for module in self._whole:
            if not self._index.whole(module):
                for name in self._tracked[module].unexplained:
                    self._unbind(propagation, module, name)

    def _is_unbound(self, module: str, name: str) -> bool:
        """Does nothing bind a name of a module any longer?"""
        entry = self._index.modules.get(module)
        if entry is None or name in entry.bindings:
            return False
        if any(self._index.names.binds(star, name) for star in entry.stars):
            return False
        return not self._index.filling.fillers().get((module, name, ""))

    def _unbind(self, propagation: Propagation, module: str, name: str) -> bool:
        """Have a name of a module go if nothing binds it any longer. Does it?"""
        if not self._is_unbound(module, name):
            return False
        plan = propagation.plan_of(module if module in self._diffs else next(iter(self._diffs)))
        plan.unbound += ((module, name),)
        propagation.push(("bind", module, name))
        return True

    def _filled_otherwise(self, propagation: Propagation) -> Iterator[Target]:
        """Objects that statements which stay fill now and did not before, or the other way."""
        if self._filled is None:
            return
        fillers = self._index.filling.fillers()
        places = self._places
        for target, members in self._filled.items():
            stay = {_moved(places, member) for member in members}
            found = fillers.get(target, set())
            known = {member for member in found if propagation.formerly(member) is not None}
            if {member for member in stay if member[1] is not None} != known:
                yield target

    def set_again(self, propagation: Propagation) -> None:
        """Where what set an attribute is gone, or sets that of another object, others count again."""
        if not self._setters:
            return
        edited = {(n, pair.new) for n, diff in self._diffs.items() for pair in diff.edited}
        places, after = self._places, self._index.filling.setters()
        for attribute, before in self._setters.items():
            now = after.get(attribute, set())
            elsewhere = {
                member for member in before - self._gone if _moved(places, member) not in now
            }
            for module, number in elsewhere:
                propagation.plan_of(module).unset.add(number)
            unset = elsewhere | before & self._gone
            if unset and now:
                propagation.tied.append({module for module, _ in unset | now})
            if unset and not now & edited:
                for setter in now | set(decorated_with(self._index, *attribute)):
                    propagation.reach_at(setter, f"what set {attribute[1]} later is gone")
            if before & self._gone and not now:
                propagation.push(("attr", *attribute[0], attribute[1]))
        self._take_off(propagation)

    def _take_off(self, propagation: Propagation) -> None:
        """Instances whose attributes nothing sets any longer lose them, or are made anew."""
        after = self._index.filling.setters()
        for name, (entity, attr), alone in self._unset:
            if any(map(self._is_assignment, after.get((entity, attr), ()))):
                continue
            if alone or not self._is_pinned(propagation, entity):
                propagation.plans[name].orphaned += ((entity, attr),)
            if not alone:
                propagation.force_group((*entity, ""), f"what set its {attr} is gone")

    def _is_pinned(self, propagation: Propagation, entity: Entity) -> bool:
        """Will an object not be made anew, as the user wants to keep it?"""
        makers = propagation.groups.makers((*entity, ""))
        return any(propagation.pins.hold(propagation.plan_of(m), n) for m, n in makers)

    def _is_assignment(self, statement: StatementId) -> bool:
        """Is it a statement that sets attributes on no condition?"""
        source = self._index.modules[statement[0]].source
        return source.statements[statement[1]].fragment.kind == "assign"

    @functools.cached_property
    def _places(self) -> dict[str, dict[int, int]]:
        """For each edited module, where the statements are now that stay."""
        return {
            name: {pair.old: pair.new for pair in diff.pairs if pair.old is not None}
            for name, diff in self._diffs.items()
        }


def _moved(
    places: Mapping[str, Mapping[int, int]], statement: StatementId
) -> tuple[str, int | None]:
    """Where a statement of the sources before is now."""
    module, number = statement
    return module, places[module].get(number) if module in places else number


def _gone(diffs: Mapping[str, Diff]) -> set[StatementId]:
    """The statements, of the sources before, that an edit drops or changes."""
    dropped = {(name, number) for name, diff in diffs.items() for number in diff.dropped}
    changed = {
        (name, pair.old)
        for name, diff in diffs.items()
        for pair in diff.edited
        if pair.how == "changed" and pair.old is not None
    }
    return dropped | changed


def _given_up(diff: Diff, returned: AbstractSet[tuple[int, str]]) -> Iterator[str]:
    """The names that statements bound which are gone, or bind others now.

    Those *returned* had been bound to what another statement gives them.
    """
    for number in diff.dropped:
        binds = diff.before.statements[number].binds
        yield from (name for name in binds if (number, name) not in returned)
    for pair in diff.edited:
        if pair.old is not None:
            now = diff.after.statements[pair.new].binds
            yield from (n for n in diff.before.statements[pair.old].binds if n not in now)
