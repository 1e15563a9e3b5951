"""`Transaction`: writes to live objects that stand or fall together."""

from __future__ import annotations

import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..absent import ABSENT
from ..errors import InternalError
from .reading import (
    FUNCTION_SLOTS,
    TYPE_SLOTS,
    data_slot,
    instance_dict,
    is_exactly,
    is_kind,
    is_python_slot,
    own_dict,
    read_attr,
    read_cell,
    read_function_slots,
    read_item,
    read_slot,
    slot_values,
)
from .undo import (
    Entry,
    undo_attr,
    undo_call,
    undo_cell,
    undo_class,
    undo_contents,
    undo_filling,
    undo_function,
    undo_hashes,
    undo_instance,
    undo_item,
    undo_list_delete,
    undo_set_class,
    undo_slot,
)
from .writing import (
    class_state,
    copy_contents,
    dict_type,
    fill_table,
    write_attr,
    write_cell,
    write_code,
    write_contents,
    write_item,
    write_own,
    write_type,
)

__all__ = ["Transaction"]


class Transaction:
    """Writes to live objects that stand or fall together.

    Args:
        label: whose writes these are, for messages and ``repr``.

    What has been snapshotted needs no further log: a write to it is not recorded again.
    """

    def __init__(self, label: str = "") -> None:
        self.label = label
        self._log: list[Entry] = []
        # Invariant: the ids of objects of which a snapshot is in the log. It keeps them alive, so
        # the ids are their own.
        self._covered: set[int] = set()

    def __repr__(self) -> str:
        return f"<Transaction {self.label or 'unnamed'} entries={len(self._log)}>"

    def __len__(self) -> int:
        return len(self._log)

    # -- single writes

    def set_item(self, target: Any, key: Any, value: object) -> None:
        """``target[key] = value`` for a dict, list or deque."""
        if not self.covers(target):
            self._record(undo_item, target, key, read_item(target, key))
        write_item(target, key, value)

    def del_item(self, target: Any, key: Any) -> None:
        """``del target[key]`` for a dict or list; rollback restores the place of the key, too."""
        if is_kind(target, list):
            position = range(list.__len__(target))[key]
            if not self.covers(target):
                self._record(undo_list_delete, target, position, target[position])
            list.__delitem__(target, position)
            return
        if not self.covers(target):
            self._record(undo_contents, target, None, copy_contents(target))
        dict_type(target).__delitem__(target, key)

    def set_attr(self, target: object, name: str, value: object) -> None:
        """Set the own attribute *name* of a class, function, module or instance."""
        before = read_attr(target, name)
        if before is value:
            return
        if not self.covers(target):
            self._record(undo_attr, target, name, before)
        write_attr(target, name, value)

    def del_attr(self, target: object, name: str) -> None:
        """Delete the own attribute *name*; nothing happens where there is none."""
        before = read_attr(target, name)
        if before is ABSENT:
            return
        if not self.covers(target):
            self._record_deletion(target, name, before)
        write_attr(target, name, ABSENT)

    def set_own(self, cls: type, name: str, value: object) -> None:
        """Set *name* in the dictionary of a class, ``ABSENT`` takes it out.

        Other than `set_attr`, it leaves ``cls.__name__`` and the like alone where a class body
        binds such a name.
        """
        if name not in TYPE_SLOTS:
            if value is ABSENT:
                self.del_attr(cls, name)
            else:
                self.set_attr(cls, name, value)
        elif own_dict(cls).get(name, ABSENT) is not value:
            self.snapshot(cls)
            write_own(cls, name, value)

    def set_slot(self, target: object, member: types.MemberDescriptorType, value: object) -> None:
        """Fill the slot *member* of *target*; a slot of a base may be shadowed by another name."""
        self._record(undo_slot, target, member, read_slot(target, member))
        member.__set__(target, value)

    def set_cell(self, cell: types.CellType, value: object) -> None:
        """Change what a closure's cell holds; ``EMPTY`` empties it."""
        before = read_cell(cell)
        if before is value:
            return
        if not self.covers(cell):
            self._record(undo_cell, cell, None, before)
        write_cell(cell, value)

    def set_code(self, function: types.FunctionType, code: types.CodeType) -> None:
        """Give a function other code."""
        before = function.__code__
        if before is code:
            return
        if not self.covers(function):
            self._record(undo_attr, function, "__code__", before)
        write_code(function, code)

    def set_class(self, instance: object, cls: type) -> None:
        """Make *instance* one of *cls*.

        Raises:
            TypeError: CPython refuses, as the two layouts differ. Nothing has changed then.
        """
        before = type(instance)
        write_type(instance, cls)
        self._record(undo_set_class, instance, None, before)

    def set_contents(self, container: Any, contents: Any) -> None:
        """Replace all that a dict, list, set, deque or bytearray holds, in place."""
        if not self.covers(container):
            self._record(undo_contents, container, None, copy_contents(container))
        write_contents(container, contents)

    def fill_anew(self, table: Any, contents: Any) -> None:
        """`set_contents` for a dict or set whose keys hash otherwise than when they came in."""
        if is_kind(table, OrderedDict):
            # It asks every key for its hash: last of all, when classes are as they were.
            keys = list(zip(contents, dict.keys(table), strict=False))
            self._log.insert(0, Entry(undo_hashes, table, None, keys))
        else:
            self._record(undo_filling, table, None, copy_contents(table))
        fill_table(table, contents)

    # -- what others write

    def snapshot(self, target: Any) -> None:
        """Remember all that *target* holds now, for writes that do not go through here.

        Containers, cells, classes (their own attributes), functions, and instances (their
        ``__dict__`` and slots; an instance of a container, both). Shallow.
        """
        if id(target) not in self._covered:
            self._remember(target)
            self._covered.add(id(target))

    def covers(self, target: object) -> bool:
        """Is all that *target* holds remembered?"""
        return id(target) in self._covered

    def on_rollback(self, undo: Callable[..., object], *arguments: object) -> None:
        """Call ``undo(*arguments)`` on the way back."""
        self._log.append(Entry(undo_call, undo, None, arguments))

    # -- the way back

    def rollback(self) -> None:
        """Undo everything that was written, last first.

        Raises:
            InternalError: some entries could not be undone; all others were.
            KeyboardInterrupt: one arrived meanwhile; everything was undone before it passes on.
        """
        whole = list(self._log)
        self._covered.clear()
        failed, interrupt = self._undo_log()
        while failed:
            # What stood in the way, such as bases of a class, may be as it was by now. What is
            # older than an entry that is undone late has to come after it again.
            newest = {id(entry.target): at for at, entry in enumerate(whole) if entry in failed}
            self._log += [e for at, e in enumerate(whole) if at <= newest.get(id(e.target), -1)]
            still, interrupted = self._undo_log()
            interrupt = interrupt or interrupted
            if len(still) >= len(failed):
                raise _not_undone(still) from next(iter(still.values()))
            failed = still
        if interrupt is not None:
            raise interrupt

    def _undo_log(self) -> tuple[dict[Entry, BaseException], KeyboardInterrupt | None]:
        """Undo what the log holds, last first; what could not be undone, and an interrupt if any."""
        failed: dict[Entry, BaseException] = {}
        interrupt: KeyboardInterrupt | None = None
        while self._log:
            entry = self._log[-1]
            try:
                entry.undo(entry.target, entry.key, entry.before)
            except KeyboardInterrupt as error:
                interrupt = error  # an undo can be done twice: the entry is still in the log
                continue
            except BaseException as error:  # noqa: BLE001 - every entry has its turn
                failed[entry] = error
            self._log.pop()
        return failed, interrupt

    def commit(self) -> None:
        """Let the writes stand and forget the way back."""
        self._log.clear()
        self._covered.clear()

    def replaced_code(self) -> Iterator[tuple[types.FunctionType, types.CodeType]]:
        """Functions that have another code object than at the first write or snapshot, with that."""
        seen: set[int] = set()
        for entry in self._log:
            function, before = entry.target, entry.before
            if type(function) is not types.FunctionType or id(function) in seen:
                continue
            if entry.undo is undo_function:
                before = before[0][FUNCTION_SLOTS.index("__code__")]  # type: ignore[index]
            elif entry.key != "__code__":
                continue
            seen.add(id(function))
            if before is not function.__code__:
                assert isinstance(before, types.CodeType)
                yield function, before

    def owned(self) -> Iterator[object]:
        """The objects of the log itself: references from these are not the user's."""
        yield self._log
        for entry in self._log:
            yield from entry.owned()

    # -- private

    def _record(
        self, undo: Callable[[Any, Any, Any], None], target: object, key: object, before: object
    ) -> None:
        self._log.append(Entry(undo, target, key, before))

    def _record_deletion(self, target: Any, name: str, before: object) -> None:
        """A name that comes back would go to the end, so the whole order is remembered."""
        if is_kind(target, type):
            self._record(undo_class, target, None, class_state(target))
        elif data_slot(target, name) is not ABSENT:
            self._record(undo_attr, target, name, before)
        else:
            namespace = instance_dict(target)
            self._record(undo_contents, namespace, None, copy_contents(namespace))

    def _remember(self, target: Any) -> None:
        if type(target) is dict:  # a namespace, nearly always
            self._log.append(Entry(undo_contents, target, None, target.copy()))
            return
        if type(target) is types.FunctionType:
            # Functions cannot be derived from: nothing of the user's stands before their slots.
            state = read_function_slots(target), dict(target.__dict__)
            self._log.append(Entry(undo_function, target, None, state))
            return
        if is_kind(target, type):
            self._record(undo_class, target, None, class_state(target))
            return
        if type(target) is types.CellType:
            self._record(undo_cell, target, None, read_cell(target))
            return
        contents = copy_contents(target)
        if contents is not None:
            self._record(undo_contents, target, None, contents)
            if is_exactly(target, dict, list, set, deque, bytearray, OrderedDict):
                return
        own = instance_dict(target)
        slots = [(member, value) for member, value in slot_values(target) if is_python_slot(member)]
        before = (type(target), None if own is None else dict(own), slots)
        self._record(undo_instance, target, None, before)


def _not_undone(failed: Mapping[Entry, BaseException]) -> InternalError:
    entry, error = next(iter(failed.items()))
    what = type(entry.target).__name__
    return InternalError(
        f"{len(failed)} of the changes could not be undone, the first in a {what} object "
        f"({type(error).__name__}). The session may be half reloaded: restart the kernel."
    )
