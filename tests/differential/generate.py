"""Random packages and random notebooks over them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from . import shapes as _shapes  # fills SHAPES
from .maker import SHAPES, Maker, NothingFits
from .world import LATE, PACKAGE, Block, Export, Module, World, relative, scope_at

__all__ = [
    "draw_block",
    "draw_cells",
    "draw_import",
    "draw_lazy_import",
    "draw_world",
    "public_exports",
]
_ = _shapes

TRIES = 12


def public_exports(module: Module) -> list[Export]:
    """What others can import from the module, cyclic imports left out."""
    return [
        export
        for block in module.blocks
        for export in block.exports
        if not export.kind.startswith(LATE)
    ]


def draw_block(
    rng: Random,
    world: World,
    module: int,
    position: int,
    shape: str | None = None,
    reuse: tuple[str, ...] = (),
) -> tuple[World, Block]:
    """A block that could stand at *position* of the module, and the world with its counter moved on.

    Raises:
        NothingFits: the scope there holds nothing for the shape (or for a dozen shapes tried).
    """
    names = [shape] if shape else _shapes_to_try(rng)
    for name in names:
        make = Maker(rng, scope_at(world, module, position), world.counter, list(reuse))
        try:
            text = SHAPES[name].draw(make)
        except NothingFits:
            continue
        before = rng.choice(("", "", "\n", "\n\n"))
        return replace(world, counter=make.counter), make.block(name, text, before)
    raise NothingFits(shape)


def _shapes_to_try(rng: Random) -> list[str]:
    """Some shapes by their weights; often those first that make something of what is there."""
    any_shape = list(SHAPES.values())
    following = [each for each in any_shape if each.follows]
    chosen = rng.choices(any_shape, [each.weight for each in any_shape], k=TRIES)
    if rng.random() < 0.4:
        chosen = rng.choices(following, [each.weight for each in following], k=TRIES) + chosen
    return [each.name for each in chosen]


def draw_import(
    rng: Random, world: World, module: int, target: int | None = None
) -> tuple[World, Block]:
    """An import of an earlier module, in one of the forms that people write.

    Raises:
        NothingFits: there is no earlier module, or it offers nothing.
    """
    if target is None:
        if not module:
            raise NothingFits("earlier module")
        target = rng.randrange(module)
    offered = public_exports(world.modules[target])
    form = rng.choice(("from", "from", "from", "as", "module", "module", "dotted", "star"))
    direct = [
        export for export in offered if not export.name.startswith("_") and "." not in export.name
    ]
    if form in ("from", "as") and not direct:
        form = "module"
    importer, name = world.modules[module], world.modules[target].name
    if form == "star":
        public = tuple(e for e in offered if not e.name.startswith("_"))
        return world, Block("import", f"from {_written(rng, importer, name)} import *", public)
    if form in ("from", "as"):
        return _from_import(rng, world, importer, name, direct, renamed=form == "as")
    return _module_import(rng, world, importer, name, offered, dotted=form == "dotted")


def _written(rng: Random, importer: Module, name: str) -> str:
    return relative(importer, name) if rng.random() < 0.7 else name


def _from_import(
    rng: Random, world: World, importer: Module, name: str, offered: list[Export], *, renamed: bool
) -> tuple[World, Block]:
    chosen = rng.sample(offered, min(len(offered), rng.choice((1, 2, 3, 5))))
    unique = list({export.name: export for export in chosen}.values())
    if renamed:
        world = replace(world, counter=world.counter + 1)
        first = replace(unique[0], name=f"{unique[0].name}_as{world.counter}")
        parts = [f"{unique[0].name} as {first.name}", *(export.name for export in unique[1:])]
        unique[0] = first
    else:
        parts = [export.name for export in unique]
    return world, Block(
        "import", f"from {_written(rng, importer, name)} import {', '.join(parts)}", tuple(unique)
    )


def _module_import(
    rng: Random, world: World, importer: Module, name: str, offered: list[Export], *, dotted: bool
) -> tuple[World, Block]:
    world = replace(world, counter=world.counter + 1)
    parent, _, last = name.rpartition(".")
    if dotted or not parent:
        prefix = rng.choice((name, f"m{world.counter}"))
        text = f"import {name}" + ("" if prefix == name else f" as {prefix}")
    else:
        prefix = rng.choice((last, f"m{world.counter}"))
        dots = relative(importer, parent) if importer.name != parent else "."
        text = f"from {dots} import {last}" + ("" if prefix == last else f" as {prefix}")
    reached = tuple(replace(export, name=f"{prefix}.{export.name}") for export in offered)
    return world, Block("import", text, reached)


def draw_lazy_import(rng: Random, world: World, module: int) -> tuple[World, Block]:
    """A function that imports, from any module, when it is called; or an import that closes a cycle."""
    others = [
        at for at in range(len(world.modules)) if at != module and public_exports(world.modules[at])
    ]
    if not others:
        raise NothingFits("other module")
    target = rng.choice(others)
    if target > module and rng.random() < 0.4:
        world, block = draw_import(rng, world, module, target)
        late = tuple(replace(export, kind=LATE + export.kind) for export in block.exports)
        return world, replace(block, exports=late)
    numbers = [export for export in public_exports(world.modules[target]) if export.kind == "int"]
    if not numbers:
        raise NothingFits("int")
    name, number = f"f{world.counter + 1}", rng.choice(numbers).name
    text = f"def {name}(x=1):\n    from {world.modules[target].name} import {number}\n    return {number} + x"
    return replace(world, counter=world.counter + 1), Block(
        "lazy_import", text, (Export(name, "func"),)
    )


def _layout(rng: Random, count: int) -> tuple[Module, ...]:
    """Modules without content, those that others import first; the package itself last."""
    names = [Module(f"{PACKAGE}.{letter}", is_package=False) for letter in "abcde"[:count]]
    if count > 1 and rng.random() < 0.35:
        at = rng.randrange(1, len(names) + 1)
        sub = [
            Module(f"{PACKAGE}.sub.x", is_package=False),
            Module(f"{PACKAGE}.sub", is_package=True),
        ]
        names[at:at] = sub
    return (*names, Module(PACKAGE, is_package=True))


def fill_module(rng: Random, world: World, index: int, count: int) -> World:
    """The module with imports and *count* further blocks."""
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        world = _append(rng, world, index, imports=True)
    for _ in range(count):
        world = _append(rng, world, index, imports=False)
    if rng.random() < 0.25:
        try:
            world, block = draw_lazy_import(rng, world, index)
        except NothingFits:
            return world
        module = world.modules[index]
        world = world.with_module(index, module.with_inserted(len(module.blocks), block))
    return world


def _append(rng: Random, world: World, index: int, *, imports: bool) -> World:
    position = len(world.modules[index].blocks)
    try:
        world, block = (
            draw_import(rng, world, index) if imports else draw_block(rng, world, index, position)
        )
    except NothingFits:
        return world
    return world.with_module(index, world.modules[index].with_inserted(position, block))


def draw_world(rng: Random, modules: int, blocks: int) -> World:
    """A package of about *modules* modules with about *blocks* blocks each."""
    world = World(_layout(rng, modules))
    for index, module in enumerate(world.modules):
        count = rng.choice((0, 0, 2)) if module.is_package else max(1, blocks + rng.randint(-2, 3))
        world = fill_module(rng, world, index, count)
    return world


def draw_cells(rng: Random, world: World) -> list[str]:
    """The notebook: import statements, one a cell, that reach every module at least once."""
    cells = [
        rng.choice((f"import {PACKAGE}", f"import {PACKAGE}.{world.modules[0].name.split('.')[1]}"))
    ]
    for module in rng.sample(world.modules, len(world.modules)):
        cells += _cells_for(rng, module)
    return list(dict.fromkeys(cells))


def _cells_for(rng: Random, module: Module) -> list[str]:
    offered = list({export.name: export for export in public_exports(module)}.values())
    offered = [e for e in offered if "." not in e.name and not e.name.startswith("_")]
    cells = [f"import {module.name}", f"import {module.name} as nb_{module.name.replace('.', '_')}"]
    if offered:
        chosen = [export.name for export in rng.sample(offered, min(len(offered), 3))]
        cells.append(f"from {module.name} import {', '.join(chosen)}")
        cells.append(f"from {module.name} import {chosen[0]} as nb_{chosen[0]}")
    if rng.random() < 0.2:
        cells.append(f"from {module.name} import *")
    return rng.sample(cells, rng.choice((1, 1, 2)) if len(cells) < 4 else rng.choice((1, 2, 3)))
