"""`Patcher`: one reload's worth of pairs, and what became of them."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from ..plain import same_plain
from ..transaction import ABSENT, EMPTY, Transaction, is_exactly, is_kind, own_dict
from . import classes, functions, instances, references, validators, wrappers
from .abstract import forget_all_answers
from .inside import functions_in, stands_for_function
from .kept import NOTHING_KEPT, Kept
from .made import Made
from .models import field_defaults
from .partners import Partners
from .redirection import Redirection
from .successors import rescue_subclasses
from .versions import home, names_agree, one_definition, same_container, wraps
from .wrappers import wrapper_kind

__all__ = ["Patcher"]


class Patcher(Partners):
    """Carries new definitions into live objects, all writes through one `Transaction`.

    Args:
        tracked: whether the module of this name is the user's.
        made: knows which objects this run has made; without it, whatever is new counts as made.
        refill: called with the old and the new dict, list or set of a class attribute, returns
            the one that stays; without it, the attribute is rebound.
        marks: for functions and caches, the attributes that their own source has set: those that
            it sets no longer go. Others stay, as somebody else set them.
    """

    def __init__(
        self,
        transaction: Transaction,
        *,
        tracked: Callable[[str], bool],
        made: Made | None = None,
        refill: Callable[[Any, Any], Any] | None = None,
        marks: Mapping[Any, Collection[str]] | None = None,
    ) -> None:
        super().__init__()
        self.transaction = transaction
        self.tracked = tracked
        self.refill = refill
        self.marks = marks if marks is not None else {}
        # What others have set on functions and caches that were merged, and that stays there.
        self.foreign: dict[Any, frozenset[str]] = {}
        self.leftovers: list[str] = []
        self.filled_classes: list[tuple[type, dict[str, Callable[[], Any]]]] = []
        self.replaced_classes: list[tuple[type, type]] = []
        # Subclasses whose layout keeps them below the former class: (subclass, former, new).
        self.stuck_subclasses: list[tuple[type, type, type]] = []
        # Dicts and sets with keys that were replaced, (former, the one that stays), and hash by
        # code of the user's.
        self.unkeyed: list[tuple[Any, list[tuple[Any, Any]]]] = []
        # Pydantic models whose validators were compiled again.
        self.rebuilt_models: list[type] = []
        # Objects whose references to others are not the user's: the heap pass leaves them alone.
        self.private: list[object] = []
        self.mover = instances.Mover()
        self._made = made
        self._depth = 0
        self._adopted: list[object] = []

    # -- what the engine calls

    def merge(self, old: Any, new: Any, kept: Kept = NOTHING_KEPT) -> Any:
        """Carry *new*, made by the statement that just ran, into *old*; the one that stays.

        The name must be bound to what is returned: *old* where it could be patched in place,
        *new* where it could not or is something else altogether. What is *kept* of a class, or an
        instance, stays as it is.
        """
        outermost = not self._depth
        if outermost:
            self.look()
        self._depth += 1
        try:
            return self._merge(old, new, kept)
        finally:
            self._depth -= 1
            if outermost:
                self._settle()

    def merge_early(self, old: Any, new: Any) -> Any:
        """`merge` for a raw function, before its decorators run; *new* if the code does not fit."""
        if not self.can_merge(old, new) or type(new) is not types.FunctionType:
            return new
        if old.__globals__ is not new.__globals__:
            return new
        if old.__code__.co_freevars != new.__code__.co_freevars:
            return new
        return self.merge(old, new)

    def can_merge(self, old: Any, new: Any) -> bool:
        """Whether *old* and *new* are of one kind and can be versions of one definition."""
        if old is new or not self._is_users_own(old, new):
            return False
        if is_kind(new, type):
            return is_kind(old, type) and one_definition(old, new)
        if self.stand_in(type(old)) is not type(new):
            return False
        if type(new) is types.FunctionType:
            return one_definition(old, new) and not wraps(new, old)
        return wrapper_kind(new) is not None or instances.stands_for_ours(self, new)

    def restate(self, old: Any, new: Any, *, keep: Collection[str] = frozenset()) -> Any:
        """Give *old*, an object like *new*, all that *new* has; *old*.

        What the old one's containers got at run time stays in them, as far as that is known, and
        the attributes *keep* stay as they are.
        """
        self.look()
        self._depth += 1
        try:
            return instances.merge_instance(self, old, new, keep)
        finally:
            self._depth -= 1
            if not self._depth:
                self._settle()

    def patch_code(self, function: types.FunctionType, code: types.CodeType) -> bool:
        """Give a live function the code of an edited body; False if it does not fit."""
        return functions.patch_code(self, function, code)

    def forget_answers(self) -> None:
        """What ``isinstance`` has found out by abstract classes is found out again."""
        forget_all_answers(self)

    def is_made(self, value: object) -> bool:
        """Whether this run made *value* and it is nobody's partner yet."""
        if self.is_claimed(value) or self._twin(value) is not None:
            return False
        return self._made is None or self._made.has(value)

    def redirect_in(self, containers: Iterable[object]) -> None:
        """Replace twins and replaced objects right now in *containers*, shallowly."""
        references.redirect_in(self, containers)

    def move_in(self, old: type, new: type, containers: Iterable[object]) -> None:
        """Make the instances of *old* right in *containers* ones of *new*; the others follow later."""
        self.mover.expect(self, [(old, new)])
        for value in [v for held in containers for v in gc.get_referents(held)]:
            if self.mover.is_instance(value) and self.stand_in(value) is value:
                twin = self.mover.move(self, value)
                if twin is not None:
                    self.redirect(value, twin)

    def finish(self) -> list[str]:
        """Redirect what is still held somewhere, in one pass over the heap; the leftovers."""
        rescue_subclasses(self)
        references.redirect_everywhere(self)
        self.mover.finish(self)
        self.mover = instances.Mover()
        validators.rebuild_adapters(self, self.rebuilt_models)
        return list(dict.fromkeys(self.leftovers))

    # -- what the kinds call

    def merge_value(self, old: Any, new: Any, kept: Kept = NOTHING_KEPT) -> Any:
        """The object that stays for an attribute, a closure cell or an argument."""
        stands = self.stand_in(new)
        if stands is not new or old is new or old is ABSENT or old is EMPTY:
            return self.adopt(stands)
        if same_plain(old, new):
            return old
        if self.refill is not None and same_container(old, new):
            stays = self.refill(old, new)
            if stays is old:
                self.pair(new, old)  # others may hold it, too: wrappers share ``__annotations__``
            return stays
        if self._may_merge(old, new):
            return self._merge(old, new, kept)
        return self.adopt(new)

    def is_young(self, value: object) -> bool:
        """Whether the run made *value*; not known, hence no, where nobody watched.

        As of the start of the merge, which is when the statement had run.
        """
        return self._made is not None and self._made.had(value)

    def look(self) -> None:
        """Take note of what the run has made by now."""
        if self._made is not None:
            self._made.look()

    def young_among(self, values: list[Any]) -> list[Any]:
        """Those of *values* that the run made."""
        return [] if self._made is None else self._made.among(values)

    def owned(self) -> Iterator[object]:
        """The bookkeeping's own objects: references from these are not the user's."""
        yield from super().owned()
        for entries in (
            self.replaced_classes,
            self.stuck_subclasses,
            self.filled_classes,
            self.private,
        ):
            yield entries
            yield from entries
        yield from self.mover.owned()

    def replace_class(self, old: type, new: type) -> None:
        """*new* stays in place of *old*, and the instances are to follow."""
        self.redirect(old, new)
        self.replaced_classes.append((old, new))

    def added_fields(self, cls: type, before: frozenset[str]) -> None:
        """Instances of *cls* that lack a field which it has now are to get the default."""
        makers = {n: m for n, m in field_defaults(cls).items() if n not in before}
        if before and any(name not in own_dict(cls) for name in makers):
            self.filled_classes.append((cls, makers))

    def reach_into(self, values: Iterable[Any]) -> list[Any]:
        """Redirect inside *values* as far down as the run itself has made what is there.

        Returns what to hold in place of each: itself, unless it is immutable.
        """
        # What the run made is no part of what rollback restores, and a log of it would keep twins.
        redirection = Redirection(self, self.replaced, Transaction())
        seen: dict[int, Any] = {}
        return [redirection.reach(value, seen) for value in list(values)]

    def adopt(self, value: Any) -> Any:
        """*value* itself, or its copy over the cells that stay, if it is a function that shares them."""
        if is_exactly(value, types.MethodType, tuple, frozenset):
            return Redirection(self, self.replaced, Transaction()).reach(value, {})
        if not is_exactly(value, str, int, type(None), bool, float):
            self._adopted.append(value)
        if type(value) is not types.FunctionType or not value.__closure__:
            return value
        closure = self.stand_in_cells(value.__closure__)
        if all(a is b for a, b in zip(closure, value.__closure__, strict=True)):
            return value
        return functions.rebuild(self, value, closure)

    # -- private

    def _merge(self, old: Any, new: Any, kept: Kept) -> Any:
        stands = self.stand_in(new)
        if stands is not new or old is new:
            return stands
        if not self._may_merge(old, new):
            self._change_kind(old, new)
            return new
        if type(new) is types.FunctionType:
            return functions.merge_function(self, old, new)
        if is_kind(new, type):
            return classes.merge_class(self, old, new, kept)
        if wrapper_kind(new) is not None:
            return wrappers.merge_wrapper(self, old, new)
        return instances.merge_instance(self, old, new, kept.names)

    def _change_kind(self, old: Any, new: Any) -> None:
        """A definition that becomes another kind of object: holders of the old one get the new.

        Only for what is called either way. A class that becomes something else is rebound: what
        its instances and subclasses should be then, nobody can tell.
        """
        if self.is_claimed(old) or not self.is_made(new) or not names_agree(old, new):
            return
        called = is_kind(new, type, types.FunctionType) or stands_for_function(new)
        if not called or wraps(new, old) or not self._is_users_own(old, new):
            return
        if type(old) is types.FunctionType:
            functions.forward(self, old, new)
        elif stands_for_function(old) and any(functions_in([old])):
            self.redirect(old, new)

    def _is_users_own(self, old: Any, new: Any) -> bool:
        """Is *old* of a tracked module, or of the one that *new* is of? Not, say, of a notebook."""
        homes = home(old), home(new)
        return homes[0] == homes[1] or homes[0] is None or self.tracked(homes[0])

    def _may_merge(self, old: Any, new: Any) -> bool:
        return not self.is_claimed(old) and self.can_merge(old, new) and self.is_made(new)

    def _settle(self) -> None:
        """The statement is merged: what it rebinds is redirected inside, its pairs are let go."""
        self.reach_into(self._adopted)
        self._adopted.clear()
        self.forget_statement()
