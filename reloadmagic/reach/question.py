"""What is asked of code that handles objects of some classes, and what answers it.

By `Used`, code says that it does more with them than make them and pass them on, or that it cannot
be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from .known import CONSTRUCTION, PASSING
from .summary import OPERATOR, Path
from .tokens import Entity

__all__ = ["ANY", "CHECKS", "ITERATING", "Question", "Used"]

# Methods of containers which put in what they are passed, and those that look up its hash.
_STORING = frozenset(
    {"append", "appendleft", "extend", "insert", "update", "setdefault", "add", "__setitem__"}
)
_HASHING = frozenset({"update", "setdefault", "add"})
# What goes through an object calls these of it.
ITERATING = frozenset({"__iter__", "__next__", "__getitem__", "__reversed__"})
# Whatever it may be that is used of an object.
ANY = "*"
# What asks a class for its bases, or those derived from it.
_CHECKING = frozenset({"__instancecheck__", "__subclasscheck__"})
# Methods that read any attribute.
_GETATTR = frozenset({"__getattr__", "__getattribute__"})
# What asking an object for its class may run, or asking that whether an object is of it.
CHECKS = _CHECKING | _GETATTR | {ANY}


class Used(Exception):
    """Code does more with the objects than make them and pass them on."""


@dataclass(frozen=True, slots=True)
class Question:
    """Is *attr* used of an object of the classes *family*?

    All methods raise `Used` where what they are named after may do so.

    Attributes:
        family: classes, with those derived from them.
        attr: a method, or a value, by its name; `ANY` for all of them, and for making one.
        touches: tells whether a path in a module may lead to such an object.
        does: tells whether a method of theirs, by its name, uses it; None if they have none.
        gets: tells whether reading an attribute of theirs runs code that uses it, as a property may.
        elsewhere: tells whether methods of other classes, by their names, may get at such an
            object; `OPERATOR` for all that operators stand for.
        looks: tells whether what a path in a module names may call such a method.
        goes_through: tells whether going through objects of other classes may use *attr* of what
            they hold.
    """

    family: AbstractSet[Entity]
    attr: str
    touches: Callable[[str, Path], bool]
    does: Callable[[str], bool | None]
    gets: Callable[[str], bool]
    elsewhere: Callable[[Iterable[str]], bool]
    looks: Callable[[str, Path], bool]
    goes_through: Callable[[], bool]

    def read(self, attr: str) -> None:
        """An attribute of an object in question is read."""
        missing = self.attr == "__getattr__" and self.does(attr) is None
        if self.attr in {attr, "__getattribute__", ANY} or missing:
            raise Used

    def get(self, attr: str) -> None:
        """An attribute of an object in question is read for its value, not to call a method."""
        self.read(attr)
        if self.gets(attr):
            raise Used

    def set(self, attr: str) -> None:
        """An attribute of an object in question is set."""
        if self.attr in {attr, ANY}:
            raise Used

    def make(self) -> None:
        """An object in question is made of a class that was passed, which no name tells of."""
        if self.attr in CONSTRUCTION:
            raise Used

    def hash(self) -> None:
        """An object in question becomes a key or a member of a set."""
        if self.attr in {"__hash__", "__eq__", ANY}:
            raise Used

    def look_up(self, attr: str) -> None:
        """An attribute of another object is read, which may be a property, or is called next."""
        if self.elsewhere((attr,)):
            raise Used

    def operate(self, by: Iterable[str] = (OPERATOR,), *, on: bool) -> None:
        """Operators, or code that is not known, are used, be it *on* an object in question.

        *by* are the methods that these call.
        """
        if on or self.elsewhere(by):
            raise Used

    def iterate(self, *, plain: bool) -> None:
        """Code goes through what may be, or hold, an object in question; a list or so if *plain*."""
        of_itself = self.attr == ANY
        of_itself = of_itself or any(attr == self.attr or self.does(attr) for attr in ITERATING)
        if not plain and (of_itself or self.goes_through()):
            raise Used

    def call(self, method: str, *, on: bool, given: bool) -> None:
        """A method is called *on* an object in question, or is *given* one."""
        if on:
            self.read(method)
            does = self.does(method)
            unknown = does is None and method not in _STORING
            if does or unknown or (given and does is not None):
                raise Used
        elif given and method not in _STORING:
            raise Used
        else:
            self.look_up(method)
        if (on or given) and method in _HASHING:
            self.hash()

    def hand_out(self, path: Path | None) -> None:
        """An object in question is passed to a function that is not known, but maybe by name."""
        if path is None or path[-1] not in PASSING or self.attr in {*_GETATTR, ANY}:
            raise Used
        if self.attr in _CHECKING and path[-1] in {"isinstance", "issubclass"}:
            raise Used
