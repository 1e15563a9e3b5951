"""What an edit itself says: what was edited, added, dropped or put in another order.

In comes the `ModulePlan` of an edited module, with its diff; what follows at once is handed to the
`Propagation`, which follows it further. What other modules come to do by the edit is told by
`before`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from ..diff import Diff, Pair
from ..reach.tokens import StatementId, Target
from .produces import changed_outside
from .propagation import Propagation
from .values import ADDED, EDITED, ModulePlan

__all__ = ["Seeds"]


class Seeds:
    """Plans what the edits of modules say.

    *patchable* tells of a module plan and a pair of which only bodies differ whether the live
    functions can be patched; *findable* tells whether an import would find a module that is not
    loaded. With *whole_groups* nothing is put into an object that is not filled anew.

    Attributes:
        alone: the modules of which new statements put something in behind all others.
    """

    def __init__(
        self,
        propagation: Propagation,
        *,
        patchable: Callable[[ModulePlan, Pair], bool],
        findable: Callable[[str], bool],
        whole_groups: bool,
    ) -> None:
        self.alone: set[str] = set()
        self.whole_groups = whole_groups
        self.propagation = propagation
        self.index = propagation.index
        self.order = propagation.order
        self.groups = propagation.groups
        self.patchable = patchable
        self.findable = findable

    def plant(self, plan: ModulePlan) -> None:
        """Plan what the edit of one module says."""
        diff = plan.diff
        assert diff is not None
        for pair in diff.edited:
            self._edited(plan, pair)
        for number in self._kept_no_longer(plan):
            self.propagation.reach(plan, number, "it is kept no longer")
        self._order_of_groups(plan, diff)
        self._try_imports_again(plan)
        self._dropped(plan, diff)

    def _edited(self, plan: ModulePlan, pair: Pair) -> None:
        if pair.how == "body" and self.patchable(plan, pair):
            plan.patch[pair.new] = pair
            for edit in pair.bodies:
                token = ("code", plan.name, edit.qualname)
                self.propagation.push(token, (plan.name, pair.new))
        elif pair.how == "annotation":
            plan.annotated.add(pair.new)
            self.propagation.push(("content", plan.name, "__annotations__"), (plan.name, pair.new))
        elif pair.old is not None and self.propagation.pins.hold(plan, pair.new):
            plan.pinned.add(pair.new)
        elif pair.how == "new":
            self.propagation.reach(plan, pair.new, ADDED, group=False)
            self.added(plan.name, pair.new)
        else:
            self.propagation.reach(plan, pair.new, EDITED, group=False)
            self.propagation.force_groups_of(plan, pair.new)

    def _kept_no_longer(self, plan: ModulePlan) -> list[int]:
        """Statements that were to run before, and that were kept then."""
        owed = plan.tracked.owed
        numbers = range(len(plan.after.statements)) if owed else ()
        return [n for n in numbers if plan.partner(n) in owed and n not in plan.run]

    # Names that are gone ---------------------------------------------------------------------

    def _dropped(self, plan: ModulePlan, diff: Diff) -> None:
        """Names that nothing binds any longer, and names that are left to other statements."""
        bound_now = self.index.modules[plan.name].bindings
        # What stands for itself at the start and the end binds what it bound.
        middle = plan.before.statements[diff.head : len(plan.before.statements) - diff.tail]
        gone = [n for s in middle for n in s.binds if n not in bound_now and n != "*"]
        plan.left = frozenset(n for n in set(gone) if self._comes_by_star(plan, n))
        plan.dropped = tuple(dict.fromkeys(n for n in gone if n not in plan.left))
        plan.dropped_statements = diff.dropped
        for name in plan.dropped:
            self.propagation.push(("bind", plan.name, name))
        for number in diff.dropped:
            for name in plan.before.statements[number].binds:
                if name == "*":
                    self._dropped_star(plan, number)
                elif name in bound_now and (number, name) not in plan.returned:
                    self.propagation.push(("bind", plan.name, name))

    def _dropped_star(self, plan: ModulePlan, number: int) -> None:
        bound_now = self.index.modules[plan.name].bindings
        for given in plan.tracked.stars.get(number, ()):
            self.propagation.push(("bind", plan.name, given))
            for binder in bound_now.get(given, ())[-1:]:
                self.propagation.reach(plan, binder, f"{given} is left to it")
        for star in bound_now.get("*", ()):
            self.propagation.reach(plan, star, "another star-import was dropped")

    def _comes_by_star(self, plan: ModulePlan, name: str) -> bool:
        """Is a name that lost its own statement bound by a star-import now? Then that runs."""
        entry = self.index.modules[plan.name]
        names = self.index.names
        if not any(names.gives(star, name) for star in entry.stars):
            return False
        for number in entry.bindings.get("*", ()):
            self.propagation.reach(plan, number, f"{name} is left to it")
        self.propagation.push(("bind", plan.name, name))
        return True

    # Imports that can succeed now --------------------------------------------------------------

    def _try_imports_again(self, plan: ModulePlan) -> None:
        """``try: import fast / except ImportError: ...`` runs again once there is a ``fast``."""
        missing = set(self.index.imports.missing(plan.name))
        for number, statement in enumerate(plan.after.statements) if missing else ():
            fragment = statement.fragment
            if fragment.kind != "other" or "import " not in fragment.text or number in plan.run:
                continue
            node = fragment.parse()[0]
            if not isinstance(node, ast.Try) or self.propagation.pins.hold(plan, number):
                continue
            for target in self._imported_by(plan, node.body):
                if target in missing and self.findable(target):
                    self.propagation.reach(plan, number, f"{target} can be imported now")

    def _imported_by(self, plan: ModulePlan, body: Iterable[ast.stmt]) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield self.index.modules[plan.name].absolute(node.module or "", node.level)

    # Groups ----------------------------------------------------------------------------------

    def comes_to_be(self, module: str, statements: int) -> None:
        """A module of so many *statements* is imported for the first time."""
        package, _, name = module.rpartition(".")
        if package in self.index.modules:
            self.propagation.push(("bind", package, name))  # the import system sets it
        for number in range(statements):
            me = (module, number)
            self.added(module, number)
            self.propagation.force_groups_read(me)
            for token in changed_outside(self.index, me):
                self.propagation.push(token, me)

    def added(self, module: str, number: int) -> None:
        """A new statement: groups run again unless it comes after all of theirs."""
        me = (module, number)
        for target, members in self.groups.of(module, number):
            others = members - {me}
            if any(not self._is_new(m) and not self.order.before(m, me) for m in others):
                self.propagation.force_group(target, "a filler was put between others", me)
            elif others and self.whole_groups:
                self.propagation.force_group(target, "a filler cannot be put in alone")
            else:
                self.alone |= {module} if others else set()
                self.propagation.push_content(target, me)

    def _is_new(self, member: StatementId) -> bool:
        if member[0] in self.propagation.ahead:
            return True
        plan = self.propagation.plans.get(member[0])
        return plan is not None and plan.run.get(member[1], set()) == {ADDED}

    def _order_of_groups(self, plan: ModulePlan, diff: Diff) -> None:
        """Groups whose members stand in another order than before run again."""
        olds = [pair.old for pair in diff.middle if pair.old is not None]
        if olds == sorted(olds):
            return
        for name, numbers in self.index.modules[plan.name].bindings.items():
            if len(numbers) > 1:
                readers = self.index.reached(("bind", plan.name, name))
                self._if_reordered(plan, numbers, (plan.name, name, ""), readers)
        for target, members in self.index.filling.fillers().items():
            here = sorted(
                number
                for module, number in {*members, *self.groups.makers(target)}
                if module == plan.name
            )
            self._if_reordered(plan, here, target)
        for setters in self.index.filling.setters().values():
            mine = sorted(number for module, number in setters if module == plan.name)
            before = [old for n in mine if (old := plan.partner(n)) is not None]
            if before != sorted(before):
                for setter in setters:
                    self.propagation.reach_at(setter, "the order changed")

    def _if_reordered(
        self,
        plan: ModulePlan,
        numbers: list[int],
        target: Target,
        readers: AbstractSet[StatementId] = frozenset(),
    ) -> None:
        """Run a group again of which members changed places, and what reads it elsewhere now.

        Beside those that use what the object holds, that is what is among the *readers*.
        """
        olds = {n: old for n in numbers if (old := plan.partner(n)) is not None}
        if list(olds.values()) != sorted(olds.values()):
            self.propagation.force_group(target, "the order changed")
        for module, number in self.groups.users(target) | readers:
            before = plan.partner(number) if module == plan.name else None
            if before is not None and number not in olds:
                if any((n < number) != (old < before) for n, old in olds.items()):
                    plan.anew.add(number)
                    self.propagation.reach(plan, number, f"it reads {target[1]} at another place")
