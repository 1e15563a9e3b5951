"""A generated package as data: blocks of source in modules, and what each block offers to others.

Nothing here is random and nothing is run. Worlds are immutable, so an edit that turns out to leave
the package unimportable is simply forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

PACKAGE = "pkg"


@dataclass(frozen=True, slots=True)
class Export:
    """A name that a block binds, and what can be done with it.

    ``kind`` is a word of the grammar (``"int"``, ``"func"``, ``"class"`` ...); ``methods`` are the
    methods of a class that take one number.
    """

    name: str
    kind: str
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One or more top-level statements that were made together."""

    shape: str
    text: str
    exports: tuple[Export, ...] = ()
    before: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the block binds, in the order they were made."""
        return tuple(export.name for export in self.exports)


@dataclass(frozen=True, slots=True)
class Module:
    """A file of the package."""

    name: str
    is_package: bool
    blocks: tuple[Block, ...] = ()

    @property
    def path(self) -> str:
        """Where the file stands, relative to the folder on ``sys.path``."""
        folder = self.name.replace(".", "/")
        return f"{folder}/__init__.py" if self.is_package else f"{folder}.py"

    def source(self) -> str:
        """The text of the file."""
        return "\n".join(block.before + block.text for block in self.blocks) + "\n"

    def with_block(self, index: int, *blocks: Block) -> Module:
        """The module with the block at *index* replaced by *blocks* (none drops it)."""
        return replace(self, blocks=self.blocks[:index] + blocks + self.blocks[index + 1 :])

    def with_inserted(self, index: int, *blocks: Block) -> Module:
        """The module with *blocks* put before the block at *index*."""
        return replace(self, blocks=self.blocks[:index] + blocks + self.blocks[index:])


@dataclass(frozen=True, slots=True)
class World:
    """A package. Modules import from those before them, and lazily from those after."""

    modules: tuple[Module, ...]
    counter: int = 0

    def files(self) -> dict[str, str]:
        """Path to text for every file."""
        return {module.path: module.source() for module in self.modules}

    def index(self, name: str) -> int:
        """The place of the module called *name*."""
        return next(at for at, module in enumerate(self.modules) if module.name == name)

    def with_module(self, index: int, module: Module) -> World:
        """The world with the module at *index* replaced."""
        return replace(self, modules=(*self.modules[:index], module, *self.modules[index + 1 :]))


@dataclass(frozen=True, slots=True)
class Item:
    """Something an expression can mention: how it is written, and what it is."""

    expression: str
    kind: str
    methods: tuple[str, ...] = ()


@dataclass(slots=True)
class Scope:
    """What a block may mention: at once (bound above it), or later (when functions are called)."""

    now: list[Item] = field(default_factory=list)
    later: list[Item] = field(default_factory=list)


LATE = "late:"


def scope_at(world: World, module: int, position: int) -> Scope:
    """What a block at *position* of the module may mention.

    A kind with the prefix ``late:`` comes from an import that closes a cycle: function bodies alone
    may use it.
    """
    scope = Scope()
    for at, block in enumerate(world.modules[module].blocks):
        for export in block.exports:
            late = export.kind.startswith(LATE)
            item = Item(export.name, export.kind.removeprefix(LATE), export.methods)
            if at < position and not late:
                scope.now.append(item)
            if at != position:
                scope.later.append(item)
    return scope


def relative(importer: Module, target: str) -> str:
    """*target* as *importer* would write it in a relative import: ``.a``, ``..a``, ``.sub.x``."""
    base = importer.name.split(".") if importer.is_package else importer.name.split(".")[:-1]
    parts = target.split(".")
    dots = "."
    while parts[: len(base)] != base:
        base = base[:-1]
        dots += "."
    return dots + ".".join(parts[len(base) :])
