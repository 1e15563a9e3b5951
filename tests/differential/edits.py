"""Random edits of a world. That the result can still be imported is for a fresh process to say."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from .generate import draw_block, draw_import, draw_lazy_import, fill_module
from .maker import SHAPES, WORDS, NothingFits, indented
from .world import LATE, PACKAGE, Block, Module, World, relative, scope_at

Edit = Callable[[Random, World], World]
EDITS: dict[str, tuple[float, Edit]] = {}


def edit(weight: float) -> Callable[[Edit], Edit]:
    """Put an edit into the list, under its function's name."""

    def register(function: Edit) -> Edit:
        EDITS[function.__name__] = (weight, function)
        return function

    return register


def draw_edit(rng: Random, world: World) -> tuple[str, World]:
    """An edit that fits the world: what it is called, and the world after it."""
    names = list(EDITS)
    weights = [EDITS[name][0] for name in names]
    for _ in range(50):
        count = rng.choice((1, 1, 1, 1, 2, 2, 3, 4))
        chosen = rng.choices(names, weights, k=count)
        after = world
        for name in chosen:
            try:
                after = EDITS[name][1](rng, after)
            except NothingFits:
                continue
        if after.files() != world.files():
            return "+".join(chosen), after
    return "nothing", world


def _place(rng: Random, world: World, *, imports: bool = False) -> tuple[int, int]:
    """A module and a block of it; import statements only when asked for."""
    places = [
        (at, position)
        for at, module in enumerate(world.modules)
        for position, block in enumerate(module.blocks)
        if (block.shape == "import") == imports
    ]
    if not places:
        raise NothingFits("block")
    return rng.choice(places)


def _put(world: World, module: int, position: int, *blocks: Block) -> World:
    return world.with_module(module, world.modules[module].with_block(position, *blocks))


def _rewrite(rng: Random, world: World, change: Callable[[Block], str]) -> World:
    """The world with the text of one block changed."""
    at, position = _place(rng, world)
    block = world.modules[at].blocks[position]
    return _put(world, at, position, replace(block, text=change(block)))


@edit(5)
def tweak(rng: Random, world: World) -> World:
    """Another number or word somewhere in a block."""

    def change(block: Block) -> str:
        found = list(
            re.finditer(r"(?<![\w.'/])\d+(?![\w.'])|'(?:{})'".format("|".join(WORDS)), block.text)
        )
        if not found:
            raise NothingFits("literal")
        spot = rng.choice(found)
        new = repr(rng.choice(WORDS)) if spot[0].startswith("'") else str(rng.randint(0, 12))
        return block.text[: spot.start()] + new + block.text[spot.end() :]

    return _rewrite(rng, world, change)


@edit(5)
def redraw(rng: Random, world: World) -> World:
    """The same shape with the same names, written anew."""
    at, position = _place(rng, world)
    old = world.modules[at].blocks[position]
    if old.shape not in SHAPES:
        raise NothingFits("shape")
    world, block = draw_block(rng, world, at, position, old.shape, old.names)
    return _put(world, at, position, replace(block, before=old.before))


@edit(0.7)
def reshape(rng: Random, world: World) -> World:
    """Something else under the same names."""
    at, position = _place(rng, world)
    old = world.modules[at].blocks[position]
    world, block = draw_block(rng, world, at, position, None, old.names)
    return _put(world, at, position, replace(block, before=old.before))


@edit(2)
def retarget(rng: Random, world: World) -> World:
    """A mention of one thing becomes a mention of another of its kind: a base, a decorator, a value."""
    at, position = _place(rng, world)
    block = world.modules[at].blocks[position]
    items = scope_at(world, at, position).now
    mentioned = [
        item
        for item in items
        if re.search(rf"(?<![\w.]){re.escape(item.expression)}\b", block.text)
    ]
    if not mentioned:
        raise NothingFits("mention")
    old = rng.choice(mentioned)
    others = [item for item in items if item.kind == old.kind and item.expression != old.expression]
    if not others:
        raise NothingFits("other")
    new = rng.choice(others).expression
    text = re.sub(
        rf"(?<![\w.]){re.escape(old.expression)}\b", new, block.text, count=rng.choice((0, 1))
    )
    return _put(world, at, position, replace(block, text=text))


@edit(2)
def drop(rng: Random, world: World) -> World:
    """A block less."""
    at, position = _place(rng, world)
    return _put(world, at, position)


@edit(4)
def insert(rng: Random, world: World) -> World:
    """A block more."""
    at = rng.randrange(len(world.modules))
    position = rng.randint(0, len(world.modules[at].blocks))
    world, block = draw_block(rng, world, at, position)
    return world.with_module(at, world.modules[at].with_inserted(position, block))


@edit(1.5)
def reorder(rng: Random, world: World) -> World:
    """A block at another place in its module."""
    at, position = _place(rng, world, imports=rng.random() < 0.2)
    module = world.modules[at]
    rest = module.with_block(position)
    return world.with_module(
        at, rest.with_inserted(rng.randint(0, len(rest.blocks)), module.blocks[position])
    )


@edit(2)
def comment(rng: Random, world: World) -> World:
    """Comments and blank lines, between blocks or inside them."""
    at, position = _place(rng, world, imports=rng.random() < 0.3)
    block = world.modules[at].blocks[position]
    if rng.random() < 0.5:
        before = rng.choice(
            ("", "\n", "\n\n\n", f"# note {rng.randint(0, 99)}\n", "\n# one\n\n# two\n")
        )
        return _put(world, at, position, replace(block, before=before))
    text = block.text.split("\n")
    spots = [number for number, line in enumerate(text) if line.strip()]
    number = rng.choice(spots)
    space = text[number][: len(text[number]) - len(text[number].lstrip())]
    text.insert(number, rng.choice(("", f"{space}# inside {rng.randint(0, 99)}")))
    return _put(world, at, position, replace(block, text="\n".join(text)))


def _word(old: str, new: str, text: str) -> str:
    return re.sub(rf"\b{re.escape(old)}\b", new, text)


def _renamed(block: Block, old: str, new: str) -> Block:
    exports = tuple(replace(export, name=_word(old, new, export.name)) for export in block.exports)
    return replace(block, text=_word(old, new, block.text), exports=exports)


@edit(1)
def rename(rng: Random, world: World) -> World:
    """A name becomes another, everywhere or in its own module alone."""
    at, position = _place(rng, world)
    names = [name for name in world.modules[at].blocks[position].names if "." not in name]
    if not names:
        raise NothingFits("name")
    old = rng.choice(names)
    world = replace(world, counter=world.counter + 1)
    new = f"{old.rstrip('0123456789')}{world.counter}"
    chosen = {at} if rng.random() < 0.3 else set(range(len(world.modules)))
    modules = tuple(
        replace(module, blocks=tuple(_renamed(block, old, new) for block in module.blocks))
        if index in chosen
        else module
        for index, module in enumerate(world.modules)
    )
    return replace(world, modules=modules)


@edit(1.2)
def move_between(rng: Random, world: World) -> World:
    """A definition moves to another module, which the first one imports it from."""
    at, position = _place(rng, world)
    block = world.modules[at].blocks[position]
    other = rng.randrange(len(world.modules))
    plain = [e for e in block.exports if "." not in e.name and not e.name.startswith("_")]
    if other == at or not plain:
        raise NothingFits("module")
    target = world.modules[other]
    spot = rng.choice((len(target.blocks), rng.randint(0, len(target.blocks))))
    world = world.with_module(other, target.with_inserted(spot, block))
    written = relative(world.modules[at], target.name) if rng.random() < 0.7 else target.name
    left = Block(
        "import",
        f"from {written} import {', '.join(export.name for export in plain)}",
        tuple(plain),
    )
    return _put(world, at, position, *(() if rng.random() < 0.2 else (left,)))


@edit(1.2)
def add_import(rng: Random, world: World) -> World:
    """An import more, at the top or anywhere."""
    at = rng.randrange(len(world.modules))
    lazy = rng.random() < 0.3
    world, block = draw_lazy_import(rng, world, at) if lazy else draw_import(rng, world, at)
    module = world.modules[at]
    spot = rng.choice((0, rng.randint(0, len(module.blocks)), len(module.blocks)))
    return world.with_module(at, module.with_inserted(spot, block))


@edit(0.7)
def drop_import(rng: Random, world: World) -> World:
    """An import less."""
    at, position = _place(rng, world, imports=True)
    return _put(world, at, position)


@edit(1)
def redraw_import(rng: Random, world: World) -> World:
    """An import written in another form, or of other names."""
    at, position = _place(rng, world, imports=True)
    old = world.modules[at].blocks[position]
    if any(export.kind.startswith(LATE) for export in old.exports):
        raise NothingFits("import")
    world, block = draw_import(rng, world, at)
    return _put(world, at, position, block)


@edit(0.8)
def new_module(rng: Random, world: World) -> World:
    """A new file, imported by a module that is there, and something made of it."""
    world = replace(world, counter=world.counter + 1)
    at = rng.randrange(len(world.modules))
    parent = (
        PACKAGE
        if rng.random() < 0.8 or not world.modules[at].name.startswith(f"{PACKAGE}.sub")
        else f"{PACKAGE}.sub"
    )
    module = Module(f"{parent}.n{world.counter}", is_package=False)
    world = replace(world, modules=(*world.modules[:at], module, *world.modules[at:]))
    world = fill_module(rng, world, at, rng.randint(1, 4))
    world, block = draw_import(rng, world, at + 1, at)
    importer = world.modules[at + 1]
    world = world.with_module(
        at + 1, importer.with_inserted(rng.choice((0, len(importer.blocks))), block)
    )
    position = len(world.modules[at + 1].blocks)
    world, user = draw_block(rng, world, at + 1, position)
    return world.with_module(at + 1, world.modules[at + 1].with_inserted(position, user))


@edit(0.4)
def become_package(rng: Random, world: World) -> World:
    """A module becomes a package of the same name."""
    at = rng.randrange(len(world.modules))
    module = world.modules[at]
    if module.is_package:
        raise NothingFits("module")
    blocks = tuple(
        replace(block, text=re.sub(r"\bfrom \.", "from ..", block.text)) for block in module.blocks
    )
    return world.with_module(at, replace(module, is_package=True, blocks=blocks))


def _inner_spans(text: str) -> list[tuple[int, int, int]]:
    """Statements of class bodies as (class number, first line, last line), where more than one stands."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    spans = []
    for number, node in enumerate(
        n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and len(n.body) > 1
    ):
        for statement in node.body:
            decorators = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(d.lineno for d in decorators)])
            spans.append((number, first - 1, statement.end_lineno or first))
    return spans


@edit(2)
def drop_member(rng: Random, world: World) -> World:
    """A method, attribute, field or enum member less."""

    def change(block: Block) -> str:
        spans = _inner_spans(block.text)
        if not spans:
            raise NothingFits("class")
        _, first, last = rng.choice(spans)
        text = block.text.split("\n")
        return "\n".join(text[:first] + text[last:])

    return _rewrite(rng, world, change)


@edit(1)
def swap_members(rng: Random, world: World) -> World:
    """Two neighbours in a class body change places."""

    def change(block: Block) -> str:
        spans = _inner_spans(block.text)
        pairs = [(a, b) for a, b in itertools.pairwise(spans) if a[0] == b[0] and a[2] <= b[1]]
        if not pairs:
            raise NothingFits("class")
        (_, a1, a2), (_, b1, b2) = rng.choice(pairs)
        text = block.text.split("\n")
        return "\n".join([*text[:a1], *text[b1:b2], *text[a2:b1], *text[a1:a2], *text[b2:]])

    return _rewrite(rng, world, change)


@edit(1.5)
def add_member(rng: Random, world: World) -> World:
    """A method, attribute or enum member more."""

    def change(block: Block) -> str:
        spans = _inner_spans(block.text)
        if not spans:
            raise NothingFits("class")
        _, first, last = rng.choice(spans)
        text = block.text.split("\n")
        space = text[first][: len(text[first]) - len(text[first].lstrip())]
        number = rng.randint(0, 99)
        new = rng.choice(
            (
                f"def extra{number}(self, x=1):\n    return x + {number}",
                f"EXTRA{number} = {number}",
                f"more{number}: int = {number}",
                f"@property\ndef prop{number}(self):\n    return {number}",
                f"@classmethod\ndef make{number}(cls):\n    return cls()",
                f"box{number} = []",
            )
        )
        return "\n".join([*text[:last], indented(new, space), *text[last:]])

    return _rewrite(rng, world, change)


@edit(1)
def toggle_decorator(rng: Random, world: World) -> World:
    """A decorator more or less."""
    at, position = _place(rng, world)
    block = world.modules[at].blocks[position]
    found = [
        number
        for number, line in enumerate(block.text.split("\n"))
        if line.startswith(("@", "def ", "class "))
    ]
    if not found:
        raise NothingFits("def")
    text = block.text.split("\n")
    number = rng.choice(found)
    if text[number].startswith("@"):
        del text[number]
    else:
        kind = "class_decorator" if text[number].startswith("class ") else "decorator"
        wanted = [
            item for item in scope_at(world, at, position).now if item.kind in (kind, "register")
        ]
        if not wanted:
            raise NothingFits(kind)
        text.insert(number, f"@{rng.choice(wanted).expression}")
    return _put(world, at, position, replace(block, text="\n".join(text)))


@edit(0.6)
def wrap_in_if(rng: Random, world: World) -> World:
    """A block goes under an ``if``, or a ``try``, or comes out of it."""

    def change(block: Block) -> str:
        if block.text.startswith("if True:\n"):
            return "\n".join(line.removeprefix("    ") for line in block.text.split("\n")[1:])
        return rng.choice(("if True:\n{}", "try:\n{}\nfinally:\n    pass")).format(
            indented(block.text)
        )

    return _rewrite(rng, world, change)


@edit(0.8)
def docstring(rng: Random, world: World) -> World:
    """A docstring appears, or another one."""

    def change(block: Block) -> str:
        heads = list(re.finditer(r"^( *)(?:def|class) .*:\n", block.text, re.MULTILINE))
        if not heads:
            raise NothingFits("def")
        head = rng.choice(heads)
        line = f'{head[1]}    """Told {rng.randint(0, 99)}."""\n'
        return block.text[: head.end()] + line + block.text[head.end() :]

    return _rewrite(rng, world, change)


@edit(0.4)
def module_docstring(rng: Random, world: World) -> World:
    """The module's own docstring, or a ``__future__`` import."""
    at = rng.randrange(len(world.modules))
    module = world.modules[at]
    text = rng.choice((f'"""Module {rng.randint(0, 99)}."""', "from __future__ import annotations"))
    if module.blocks and module.blocks[0].shape == "head":
        return world.with_module(
            at, module.with_block(0, *(() if rng.random() < 0.5 else (Block("head", text),)))
        )
    return world.with_module(at, module.with_inserted(0, Block("head", text)))


@edit(0.5)
def all_names(rng: Random, world: World) -> World:
    """``__all__`` appears, changes or goes."""
    at = rng.randrange(len(world.modules))
    module = world.modules[at]
    exports = [export for block in module.blocks for export in block.exports]
    names = sorted({e.name for e in exports if "." not in e.name and not e.name.startswith("_")})
    chosen = rng.sample(names, rng.randint(0, len(names)))
    for position, block in enumerate(module.blocks):
        if block.shape == "all":
            return _put(
                world,
                at,
                position,
                *(() if rng.random() < 0.3 else (Block("all", f"__all__ = {chosen!r}"),)),
            )
    return world.with_module(
        at, module.with_inserted(len(module.blocks), Block("all", f"__all__ = {chosen!r}"))
    )
