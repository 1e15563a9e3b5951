"""What every shape is written with: names, numbers, and expressions over what is in scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from .world import Block, Export, Item, Scope

METHODS = ("run", "area", "scale", "norm")
WORDS = ("red", "green", "blue", "cyan", "tall", "wide")


class NothingFits(Exception):
    """The scope holds nothing that the shape needs."""


# How a number is read from a thing of each kind. ``e`` is the thing, ``n`` a number, ``m`` a method
# of a class or a member of an enum.
READS: dict[str, tuple[str, ...]] = {
    "int": ("{e}", "{e}", "{e} + {n}", "{e} * {n}", "{e} - {n}"),
    "list": ("len({e})", "sum({e})", "max({e}, default={n})"),
    "dict": ("len({e})", "{e}.get('red', {n})", "sum({e}.values())"),
    "set": ("len({e})", "max({e}, default={n})"),
    "func": ("{e}({n})", "{e}({n})", "{e}({n}) + {n}"),
    "class": ("{e}({n}).size", "{e}().size", "{e}({n}).{m}({n})"),
    "instance": ("{e}.size", "{e}.{m}({n})"),
    "enum": ("len({e})", "{e}.{m}.value"),
    "registry": ("len({e})",),
    "names": ("len({e})",),
}


@dataclass(slots=True)
class Maker:
    """The pen of a shape: ``bind`` makes names, the other methods make expressions."""

    rng: Random
    scope: Scope
    counter: int
    reuse: list[str] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)

    def bind(self, prefix: str, kind: str, methods: tuple[str, ...] = ()) -> str:
        """A name for this block to bind: an old one when the block is made again, else a new one."""
        if self.reuse:
            name = self.reuse.pop(0)
        else:
            self.counter += 1
            name = f"{prefix}{self.counter}"
        self.exports.append(Export(name, kind, methods))
        return name

    def block(self, shape: str, text: str, before: str = "") -> Block:
        """The finished block."""
        return Block(shape, text, tuple(self.exports), before)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < probability

    def one(self, *options: str) -> str:
        """One of the options."""
        return self.rng.choice(options)

    def number(self) -> str:
        """A small number."""
        return str(self.rng.randint(0, 9))

    def word(self) -> str:
        """A quoted word."""
        return repr(self.rng.choice(WORDS))

    def items(self, *kinds: str, late: bool = False) -> list[Item]:
        """What is in scope of the given kinds."""
        pool = self.scope.later if late else self.scope.now
        return [item for item in pool if item.kind in kinds]

    def pick(self, *kinds: str, late: bool = False) -> Item:
        """Something in scope; a recent thing more often than an old one.

        Raises:
            NothingFits: there is nothing of these kinds.
        """
        found = self.items(*kinds, late=late)
        if not found:
            raise NothingFits(kinds)
        return self.rng.choice(found[-6:] if self.chance(0.5) else found)

    def read(self, item: Item) -> str:
        """A number read from *item*."""
        templates = [t for t in READS[item.kind] if item.methods or "{m}" not in t]
        method = self.rng.choice(item.methods) if item.methods else ""
        return self.rng.choice(templates).format(e=item.expression, n=self.number(), m=method)

    def value(self) -> str:
        """A number, computed at once."""
        return self._number(late=False)

    def late(self) -> str:
        """A number, computed when the function that holds it is called."""
        return self._number(late=True)

    def _number(self, *, late: bool) -> str:
        if self.chance(0.35):
            return self.number()
        if self.chance(0.5) and self.items("int", late=late):
            return self.read(self.pick("int", late=late))
        try:
            return self.read(self.pick(*READS, late=late))
        except NothingFits:
            return self.number()


Draw = Callable[[Maker], str]


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to write a block."""

    name: str
    weight: float
    draw: Draw
    follows: bool


SHAPES: dict[str, Shape] = {}


def shape(weight: float = 1.0, *, follows: bool = False) -> Callable[[Draw], Draw]:
    """Put a drawing function into the grammar, under its own name.

    Shapes that *follow* make something of what another shape made (an entry for a registry, a
    subclass for a hook), and are preferred where there is such a thing.
    """

    def register(draw: Draw) -> Draw:
        SHAPES[draw.__name__] = Shape(draw.__name__, weight, draw, follows)
        return draw

    return register


def lines(*parts: str) -> str:
    """The parts that are not empty, as lines."""
    return "\n".join(part for part in parts if part)


def indented(text: str, by: str = "    ") -> str:
    """The text, every line that is not empty moved to the right."""
    return "\n".join(by + line if line else line for line in text.splitlines())
