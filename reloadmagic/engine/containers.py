"""`Containers`: dicts, lists and sets that are refilled, with what others put in.

What a module's own execution had left in a container is noted (`notes`). When the statement that
makes it runs again, the old object gets the new content at once, and what had come in at run time
when the set is done, after all fillers.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..absent import ABSENT
from ..live import class_dict, instance_items, is_class, nested_classes
from ..modules import TrackedModule
from ..notes import (
    ABC,
    Note,
    content_of,
    contents_within,
    is_container,
    own_names,
    take_notes,
)
from ..patch.inside import qualname
from ..plain import same_value
from ..source import Source
from .contents import add, extras, held_at, kind_of, like, plainly, without
from .effects import content_token

if TYPE_CHECKING:
    from .state import State

__all__ = ["Containers"]


class Containers:
    """What a run does to containers, and the notes that it goes by.

    Attributes:
        extras: containers of the set that is running, with what came in at run time.
        extras_within: dicts of it with, by key, containers that they held and what came into them.
        refilled: by ``id``, containers of the set that were given new content.
        foreign: by ``id`` of a class, the names that others set there.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.foreign: dict[int, frozenset[str]] = {}
        self._merged_inside = False
        self.begin_set()

    def begin_set(self) -> None:
        """A set of modules begins."""
        self.extras: list[tuple[Any, Any]] = []
        self.extras_within: list[tuple[Any, dict[Any, tuple[Any, Any]]]] = []
        self.refilled: dict[int, Any] = {}
        self._notes: dict[int, Note] | None = None

    def note_of(self, container: Any) -> Note | None:
        """What the container's module had left in it."""
        if self._notes is None:
            self._notes = {}
            for tracked in self.state.tracked.values():
                for note in tracked.noted.values():
                    if not note.inside:
                        self._notes[note.identity] = note
        return self._notes.get(id(container))

    def note_again(self, note: Note) -> None:
        """A statement of the source has put in more: *note* is what its modules leave now."""
        if self._notes is not None and note.identity in self._notes:
            self._notes[note.identity] = note

    def is_made(self, value: Any) -> bool:
        """Was the container made by this run? A dict may look so once it is written to."""
        if self.note_of(value) is not None:
            return False
        return type(value) is dict or self.state.made.has(value)

    def is_unchanged(self, old: Any, new: Any) -> bool:
        """Does *new* hold what the source had put into *old*?"""
        note = self.note_of(old)
        if note is not None and note.content is not None:
            return same_value(plainly(note.content), plainly(new))
        return same_value(old, new)

    def become(self, old: Any, new: Any) -> bool:
        """Give *old* what *new* has beside its content; False if that is fixed for good."""
        if type(old) is defaultdict:
            factory = self._merge_part(old.default_factory, new.default_factory)
            if factory is not old.default_factory:
                self.state.transaction.set_attr(old, "default_factory", factory)
        return type(old) is not deque or old.maxlen == new.maxlen

    def refill(self, old: Any, new: Any, key: tuple[str, ...] = ()) -> Any:
        """Give *old* what *new* holds; what came into it at run time is added at the end.

        *key* says where it is bound: module, name. Empty where an attribute holds it.
        """
        if not is_container(new) or self.note_of(new) is not None:
            return new
        if not key and not self.become(old, new):
            return new
        note = self.note_of(old)
        before = note.content if note is not None else None
        if before is not None and same_value(plainly(before), plainly(new)) and not key:
            return old
        if note is not None and before is not None and id(old) not in self.refilled:
            self._find_extras(old, note)
        if key:
            snapshot = before if before is not None else content_of(old)
            self.state.effects.contents[key] = (old, like(old, snapshot))
        self.refilled[id(old)] = old
        self._merged_inside = False
        self.state.transaction.set_contents(old, self._merged_contents(old, new))
        if key and self._merged_inside:
            self.state.effects.add(content_token(key))  # of the same functions, with other code
        return old

    def _find_extras(self, container: Any, note: Note) -> None:
        """Remember what came at run time into *container* and into those that it holds."""
        if any(container is known for known, _ in self.extras):
            return  # it has two names
        patcher = self.state.patcher
        stays = patcher.stand_in if patcher.has_redirects else _itself
        found = extras(container, note.content, stays)
        if found:
            self.extras.append((container, found))
        within: dict[Any, tuple[Any, Any]] = {}
        for key, content in note.within.items():
            part = held_at(container, key)
            if is_container(part) and kind_of(part) is kind_of(content):
                found = extras(part, content, stays)
                if found:
                    within[key] = part, found
        if within:
            self.extras_within.append((container, within))

    def _merged_contents(self, old: Any, new: Any) -> Any:
        """What *new* holds, functions and classes carried into those that *old* holds."""
        merge = self._merge_part
        if isinstance(new, dict):
            content = type(new)(new) if type(new) is not type(old) else new.copy()
            for key, value in new.items():
                was = held_at(old, key)
                if was is not ABSENT:
                    content[key] = merge(was, value)
            return content
        if isinstance(new, set):
            return set(new)
        parts = list(new)
        for number, (was, value) in enumerate(zip(old, parts, strict=False)):
            parts[number] = merge(was, value)
        return parts

    def _merge_part(self, old: Any, new: Any) -> Any:
        patcher = self.state.patcher
        if is_container(new) or not patcher.can_merge(old, new):
            return patcher.stand_in(new)
        if not patcher.is_made(new) or self._is_bound(new):
            return new
        self._merged_inside = True
        return patcher.merge(old, new)

    def _is_bound(self, value: Any) -> bool:
        """Is it a class that its own name holds? That knows best what is to be kept of the old one."""
        home = class_dict(value).get("__module__") if is_class(value) else None
        tracked = self.state.tracked.get(home) if type(home) is str else None
        return tracked is not None and tracked.namespace.get(qualname(value)) is value

    def keep_extras(
        self, tracked: TrackedModule, name: str, holder: Any, anew: Collection[str]
    ) -> None:
        """What came at run time into what *holder*, of that name, holds is to be put back.

        That is, into its attributes *anew*, which are given other content.
        """
        for attr, container in instance_items(holder):
            note = tracked.noted.get(f"{name}.{attr}") if attr in anew else None
            if note is None or note.content is None or note.identity != id(container):
                continue
            self._find_extras(container, note)

    def follow_replaced(self) -> None:
        """What takes the place of an object counts as put in by whoever has put that in."""
        for tracked in self.state.tracked.values() if self.state.patcher.has_redirects else ():
            for name, note in tracked.noted.items():
                if is_container(note.content):
                    try:
                        found = note._replace(content=self._current(note.content))
                    except Exception:  # noqa: BLE001, S112 - __hash__ and __eq__ are the user's
                        continue
                    self.state.transaction.set_item(tracked.noted, name, found)

    def _current(self, content: Any) -> Any:
        """*content* with what stays in place of objects that were replaced since."""
        stays = self.state.patcher.stand_in
        if isinstance(content, dict):
            return {stays(key): stays(value) for key, value in content.items()}
        return type(content)(map(stays, content))

    def add_extras(self) -> None:
        """Put back what had come in at run time, behind what the source put in."""
        for container, found in self.extras:
            add(container, found)
        for container, within in self.extras_within:
            for key, (part, found) in within.items():
                if key not in container:
                    self.state.transaction.set_contents(part, found)
                    container[key] = part
                elif is_container(container[key]) and kind_of(container[key]) is kind_of(found):
                    add(container[key], found)

    def note_foreign(self, cls: type, noted: Mapping[str, frozenset[str]]) -> None:
        """Remember which names others set on *cls* and the classes in it, before these change."""
        name = qualname(cls)
        if name in noted:
            self.foreign[id(cls)] = frozenset(class_dict(cls)) - noted[name]
        for _, inner in nested_classes(cls):
            self.note_foreign(inner, noted)

    def pass_foreign(self, old: type, stays: type) -> None:
        """*stays* has what others set on *old*, which it may have replaced."""
        if id(old) in self.foreign:
            self.foreign[id(stays)] = self.foreign[id(old)]

    def noted_again(
        self, tracked: TrackedModule, source: Source, stars: Iterable[Iterable[str]]
    ) -> dict[str, Note]:
        """Notes after a reload: what came at run time is still none of the module's own."""
        found: dict[str, Note] = {}
        own = own_names(tracked.namespace, source, stars)
        for name, note in take_notes(own, tracked.name).items():
            known = tracked.noted.get(name)
            foreign = self.foreign.get(note.identity)
            if isinstance(note.content, frozenset) and foreign is not None:
                found[name] = note._replace(content=note.content - foreign)
            elif known is None and name.endswith(ABC):
                continue  # what others registered at run time cannot be told from its own
            elif note.identity in self.refilled and note.content is not None:
                found[name] = self._without_extras(note)
            elif known is None or known.identity != note.identity:
                found[name] = self._known_elsewhere(note.identity) or note
            else:
                found[name] = known
        return found

    def note_elsewhere(self) -> None:
        """Notes on what was refilled under names of modules that took none, as nothing ran there."""
        if not self.refilled:
            return
        for tracked in self.state.tracked.values():
            for name, note in tracked.noted.items():
                container = self.refilled.get(note.identity)
                if container is not None and note.content is not None:
                    content, within = content_of(container), contents_within(container)
                    found = note._replace(content=content, within=within)
                    if content is not None:
                        found = self._without_extras(found)
                    self.state.transaction.set_item(tracked.noted, name, found)

    def _without_extras(self, note: Note) -> Note:
        """A note of what a container holds, less what came at run time."""
        extra = {id(container): found for container, found in self.extras}
        extra_within = {id(container): found for container, found in self.extras_within}
        others = extra_within.get(note.identity, {})
        within = {
            key: without(part, others[key][1]) if key in others else part
            for key, part in note.within.items()
        }
        content = without(note.content, extra.get(note.identity, ()))
        return note._replace(content=content, within=within)

    def _known_elsewhere(self, identity: int) -> Note | None:
        """The note on a container that had a name before it was given one more, or another."""
        for tracked in self.state.tracked.values():
            for name, note in tracked.noted.items():
                if note.identity == identity == id(tracked.namespace.get(name)):
                    known: Note = note
                    return known
        return None if self._notes is None else self._notes.get(identity)


def _itself(value: Any) -> Any:
    return value
