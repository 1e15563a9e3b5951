"""Which values an edit certainly does not reach: told from the sources alone, and on the safe side.

This shares nothing with the analysis under test. For every module-level name it makes a digest of all
the source that could have had a part in the value: the statements that bind it, what they mention and
call, directly or through others, and every statement that might have put something in. Equal digests
before and after an edit mean that the value must be the same object; unequal ones mean nothing.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Place = tuple[str, int]  # module and number of the statement
# The same with a mode: "mention", "make" (an instance), "bind" (what it names is left alone) or "run".
Visit = tuple[str, int, str]

CONSTRUCTION = frozenset(
    (
        "__init__",
        "__new__",
        "__post_init__",
        "__init_subclass__",
        "__set_name__",
        "__setattr__",
        "__call__",
        "__prepare__",
    )
)
MUTATORS = frozenset(
    (
        "append",
        "add",
        "update",
        "setdefault",
        "pop",
        "insert",
        "extend",
        "remove",
        "clear",
        "register",
        "discard",
        "sort",
        "popitem",
    )
)
WILD_CALLS = frozenset(
    ("exec", "eval", "globals", "vars", "locals", "setattr", "delattr", "__import__")
)
# They make their whole module one unit.
BLOCKS = (ast.For, ast.While, ast.Delete, ast.With)
DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Starred, ast.Constant)
Function = (ast.FunctionDef, ast.AsyncFunctionDef)


# Most nodes are those of the version before, so that what is read off them is.
_remembered = functools.lru_cache(maxsize=10_000)


def module_name(path: str) -> str:
    """The name that a file is imported under."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(slots=True)
class Statement:
    """One top-level statement and what was read off it."""

    node: ast.stmt
    binds: frozenset[str]
    imports: dict[
        str, tuple[str, str | None]
    ]  # name -> module, name there (None: the module itself)
    stars: tuple[str, ...]


@dataclass(slots=True)
class _Module:
    statements: list[Statement] = field(default_factory=list)
    wild: bool = False
    dynamic: bool = False  # code that cannot be told may use whatever it imports
    future: str = ""


def _targets(node: ast.AST) -> Iterator[str]:
    """The names that running the node binds at module level."""
    if isinstance(node, (*Function, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        yield node.id
    elif isinstance(node, (ast.MatchAs, ast.ExceptHandler)) and node.name:
        yield node.name
    if not isinstance(
        node,
        (
            *Function,
            ast.ClassDef,
            ast.Lambda,
            ast.ListComp,
            ast.SetComp,
            ast.DictComp,
            ast.GeneratorExp,
        ),
    ):
        for child in ast.iter_child_nodes(node):
            yield from _targets(child)


def _imported(
    node: ast.stmt, module: str, is_package: bool
) -> tuple[dict[str, tuple[str, str | None]], tuple[str, ...]]:
    found: dict[str, tuple[str, str | None]] = {}
    stars = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            for alias in inner.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0],
                    None,
                )
        elif isinstance(inner, ast.ImportFrom):
            base = _absolute(inner, module, is_package)
            for alias in inner.names:
                if alias.name == "*":
                    stars.append(base)
                else:
                    found[alias.asname or alias.name] = (base, alias.name)
    return found, tuple(stars)


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".") if is_package else module.split(".")[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


@_remembered
def _read(name: str, is_package: bool, text: str) -> _Module:
    """One file, which is not written to afterwards."""
    module = _Module()
    for node in ast.parse(text).body:
        imports, stars = _imported(node, name, is_package)
        module.statements.append(Statement(node, frozenset(_targets(node)), imports, stars))
        module.dynamic |= _is_dynamic(node)
        module.wild |= module.dynamic or isinstance(node, BLOCKS)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            module.future += ast.dump(node)
    return module


class Facts:
    """What the sources of one version say."""

    def __init__(self, files: dict[str, str]) -> None:
        self._modules: dict[str, _Module] = {}
        for path, text in files.items():
            self._modules[module_name(path)] = _read(
                module_name(path), path.endswith("__init__.py"), text
            )
        self._attributes: dict[str, list[Place]] = {}
        for name, module in self._modules.items():
            for at, statement in enumerate(module.statements):
                for bound in statement.binds:
                    self._attributes.setdefault(bound, []).append((name, at))
        self._closures: dict[Visit, frozenset[Visit]] = {}
        self._steps: dict[Visit, frozenset[Visit]] = {}
        self._texts: dict[Visit, str] = {}

    # -- definitions -----------------------------------------------------------------------

    def definitions(self) -> dict[tuple[str, str], ast.stmt]:
        """Functions and classes that stand at the top level under a name bound only once."""
        found: dict[tuple[str, str], ast.stmt] = {}
        for name, module in self._modules.items():
            counts: dict[str, int] = {}
            for statement in module.statements:
                for bound in statement.binds:
                    counts[bound] = counts.get(bound, 0) + 1
            for statement in module.statements:
                node = statement.node
                if (
                    isinstance(node, (*Function, ast.ClassDef))
                    and counts[node.name] == 1
                    and not module.wild
                ):
                    found[name, node.name] = node
        return found

    def mentions_of(self, word: str) -> int:
        """How often *word* stands anywhere as a name or attribute."""
        return self._words.get(word, 0)

    @functools.cached_property
    def _words(self) -> dict[str, int]:
        words: dict[str, int] = {}
        for module in self._modules.values():
            for statement in module.statements:
                for node in ast.walk(statement.node):
                    word = (
                        node.id
                        if isinstance(node, ast.Name)
                        else node.attr
                        if isinstance(node, ast.Attribute)
                        else None
                    )
                    if word:
                        words[word] = words.get(word, 0) + 1
        return words

    def homes(self, module: str, name: str) -> set[tuple[str, str]]:
        """By module and name, what binds that which *name* stands for in *module*, imports followed."""
        found = set()
        for home, at, _ in self._resolve(module, name, "mention"):
            statement = self._modules[home].statements[at]
            found |= {(home, bound) for bound in statement.binds - statement.imports.keys()}
        return found

    # -- provenance ------------------------------------------------------------------------

    def digests(self) -> dict[tuple[str, str], str]:
        """A digest for each name of each module."""
        return self._digests

    @functools.cached_property
    def _digests(self) -> dict[tuple[str, str], str]:
        active = [
            (place, self._closure((*place, "bind")))
            for place in self._places()
            if self._is_active(place)
        ]
        found = {}
        for name, module in self._modules.items():
            for bound in sorted(
                {bound for statement in module.statements for bound in statement.binds}
            ):
                found[name, bound] = self._digest(name, bound, active)
        return found

    @functools.cached_property
    def _imports(self) -> list[str]:
        """The import statements of all modules, in order."""
        return [
            f"{name} {_dump(statement.node)}"
            for name, module in sorted(self._modules.items())
            for statement in module.statements
            if statement.imports or statement.stars
        ]

    def _places(self) -> Iterator[Place]:
        for name, module in self._modules.items():
            yield from ((name, at) for at in range(len(module.statements)))

    def _digest(self, module: str, name: str, active: list[tuple[Place, frozenset[Visit]]]) -> str:
        binding = {(m, at) for m, at, _ in self._resolve(module, name, "run")}
        visits: set[Visit] = set()
        for place in binding:
            visits |= self._closure((*place, "bind"))
        # A value shares the lot of whatever else might fill what it is made of, or what has a part in
        # that in turn, and one whose making fills something that of whatever fills this.
        linked = any(place in binding for place, _ in active)
        filling = set()
        wanted = {(m, at) for m, at, how in visits if linked or how != "mention"}
        known = -1
        while known < len(visits):
            known = len(visits)
            for place, closure in active:
                if any((m, at) in wanted for m, at, _ in closure):
                    visits |= closure
                    wanted |= {(m, at) for m, at, how in closure if linked or how != "mention"}
                    filling.add(place[0])
        wild = {m for m, _ in binding if self._modules[m].wild} & filling
        if wild:
            # What reads between two fillers has both run again, and with one of them all of its
            # module if that cannot be told.
            shared = {(m, at) for m, at, _ in visits if m not in wild}
            closures = (self._closure((*place, "bind")) for place in self._places())
            visits.update(*(c for c in closures if any((m, at) in shared for m, at, _ in c)))
        rows = [
            f"{visit[0]} {visit[2]} {self._modules[visit[0]].future} {self._text(visit)}"
            for visit in sorted(visits)
        ]
        if len(filling) > 1:
            rows += self._imports  # they say who fills first
        return hashlib.blake2b("\n".join(rows).encode(), digest_size=12).hexdigest()

    def _is_active(self, place: Place) -> bool:
        """Whether running the statement might fill something that it did not make."""
        node = self._modules[place[0]].statements[place[1]].node
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass)):
            return False
        if getattr(node, "decorator_list", ()) or getattr(node, "bases", ()):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return False
        if not isinstance(node, (ast.Assign, ast.AnnAssign, *Function, ast.ClassDef)):
            return True
        if isinstance(node, Function) and not any(map(_calls, _at_once(node))):
            return False
        return any(
            _is_impure(self._modules[m].statements[at].node, at_top=(m, at) == place)
            for m, at, _ in self._closure((*place, "bind"))
        )

    def _closure(self, start: Visit) -> frozenset[Visit]:
        """Everything that running the statement may have a use for."""
        known = self._closures.get(start)
        if known is not None:
            return known
        seen = {start}
        queue = [start]
        while queue:
            fresh = self._next(queue.pop()) - seen
            seen |= fresh
            queue += fresh
        self._closures[start] = frozenset(seen)
        return self._closures[start]

    def _next(self, visit: Visit) -> frozenset[Visit]:
        """The same, one step far."""
        if visit not in self._steps:
            self._steps[visit] = frozenset(self._step(*visit))
        return self._steps[visit]

    def _step(self, name: str, at: int, mode: str) -> Iterator[Visit]:
        module = self._modules[name]
        if module.wild:
            yield from ((name, other, "run") for other in range(len(module.statements)))
        if module.dynamic:
            for origin, attribute in module.statements[at].imports.values():
                if attribute is not None:
                    yield from self._resolve(origin, attribute, "run")
            for star in module.statements[at].stars:  # and any of the names that there are
                here = self._modules[star].statements if star in self._modules else ()
                yield from ((star, other, "run") for other in range(len(here)))
        if mode == "mention":
            return
        parts, inside = self._part(name, at, mode), module.statements[at].imports
        for word, how in set(_uses(parts, bound=mode == "bind")):
            yield from self._resolve(name, word, how)
            origin, attribute = inside.get(word, ("", None))
            if attribute is not None:  # a function imports it for itself
                yield from self._resolve(origin, attribute, how)
        for word in set(_attributes(parts)):
            for origin in {m for m, _ in self._attributes.get(word, ())}:
                yield from self._resolve(origin, word, "run")  # an import may give it another name
        for part in parts:
            for inner in ast.walk(part):
                if isinstance(inner, ast.Attribute):
                    for origin in self._named(name, inner.value):
                        yield from self._resolve(origin, inner.attr, "run")

    def _named(self, module: str, node: ast.expr) -> Iterator[str]:
        """The modules that ``a`` or ``pkg.a`` may stand for, of those that bind names unseen."""
        first, _, rest = ast.unparse(node).partition(".")
        for statement in self._modules[module].statements:
            if first in statement.imports:
                origin = ".".join(filter(None, (*statement.imports[first], rest)))
                if origin in self._modules and self._modules[origin].dynamic:
                    yield origin

    def _resolve(self, module: str, name: str, how: str) -> Iterator[Visit]:
        """The statements that bind *name* as seen from *module*, imports followed."""
        queue, seen = [(module, name)], {(module, name)}
        while queue:
            here, wanted = queue.pop()
            if here not in self._modules:
                continue
            if self._modules[here].dynamic and not self._is_bound(here, wanted):
                yield here, 0, "run"
            for at, statement in enumerate(self._modules[here].statements):
                targets = [(star, wanted) for star in statement.stars]
                if wanted in statement.binds:
                    yield self._visit(here, at, how)
                    origin, attribute = statement.imports.get(wanted, ("", None))
                    targets += [(origin, attribute)] if attribute else []
                fresh = [target for target in targets if target not in seen]
                seen.update(fresh)
                queue.extend(fresh)

    def _is_bound(self, module: str, name: str) -> bool:
        """Whether a statement of the module binds the name for all to see."""
        return any(name in statement.binds for statement in self._modules[module].statements)

    def _visit(self, module: str, at: int, how: str) -> Visit:
        node = self._modules[module].statements[at].node
        plain = isinstance(node, (*Function, ast.ClassDef)) and not node.decorator_list
        if how == "mention" and not plain:
            how = "bind"
        if how == "make" and not isinstance(node, ast.ClassDef):
            how = "run"
        return module, at, how

    def _part(self, module: str, at: int, mode: str) -> tuple[ast.AST, ...]:
        node = self._modules[module].statements[at].node
        if mode == "make" and isinstance(node, ast.ClassDef):
            return _construction(node)
        return (node,)

    def _text(self, visit: Visit) -> str:
        if visit not in self._texts:
            module, at, mode = visit
            node = self._modules[module].statements[at].node
            self._texts[visit] = (
                getattr(node, "name", "")
                if mode == "mention"
                else "\n".join(map(_dump, self._part(*visit)))
            )
        return self._texts[visit]


_dump = _remembered(ast.dump)


def _is_dynamic(node: ast.stmt) -> bool:
    """Whether the statement runs code, or binds names, that cannot be told."""
    return any(
        isinstance(inner, ast.Call)
        and isinstance(inner.func, ast.Name)
        and inner.func.id in WILD_CALLS
        for inner in ast.walk(node)
    )


def _at_once(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """What of a function without decorators runs with its ``def``."""
    arguments = node.args
    annotations = [
        argument.annotation for argument in ast.walk(arguments) if isinstance(argument, ast.arg)
    ]
    parts = [*arguments.defaults, *arguments.kw_defaults, *annotations, node.returns]
    return [part for part in parts if part is not None]


def _calls(part: ast.AST) -> bool:
    return any(
        isinstance(inner, (ast.Call, ast.Attribute, ast.BinOp, ast.Subscript))
        for inner in ast.walk(part)
    )


@_remembered
def _is_impure(node: ast.stmt, *, at_top: bool) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            return True
        if (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Attribute)
            and inner.func.attr in MUTATORS
        ):
            return True
        if isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(
            inner.ctx, (ast.Store, ast.Del)
        ):
            own = (
                isinstance(inner, ast.Attribute)
                and isinstance(inner.value, ast.Name)
                and inner.value.id == "self"
            )
            if not own:
                return True
        if isinstance(inner, ast.AugAssign) and at_top:
            return True
    return False


@_remembered
def _construction(node: ast.ClassDef) -> tuple[ast.AST, ...]:
    """What making an instance may have to do with: all of the class but methods that it does not call."""
    parts: list[ast.AST] = [*node.bases, *node.keywords, *node.decorator_list]
    parts += [member for member in node.body if not isinstance(member, Function)]
    waiting = [member for member in node.body if isinstance(member, Function)]
    while True:
        words = set(_attributes(parts)) | CONSTRUCTION
        called = [member for member in waiting if member.name in words]
        if not called:
            return tuple(parts)
        parts += called
        waiting = [member for member in waiting if member not in called]


def _attributes(parts: Iterable[ast.AST]) -> Iterator[str]:
    return (name for part in parts for name in _attributes_in(part))


@_remembered
def _attributes_in(part: ast.AST) -> frozenset[str]:
    return frozenset(inner.attr for inner in ast.walk(part) if isinstance(inner, ast.Attribute))


def _uses(parts: Iterable[ast.AST], *, bound: bool) -> Iterator[tuple[str, str]]:
    """The names in the parts, each with what may happen to what it stands for.

    Assignments that are only *bound* may name what they do not run; who uses the value may run it.
    """
    for part in parts:
        value = getattr(part, "value", None)
        if not bound or value is None or not isinstance(part, (ast.Assign, ast.AnnAssign)):
            yield from ((name, "run") for name in _names(part))
            continue
        targets = part.targets if isinstance(part, ast.Assign) else [part.target]
        for target in targets:
            if not isinstance(target, ast.Name):
                yield from ((name, "run") for name in _names(target))
        if isinstance(part, ast.AnnAssign):
            yield from ((name, "mention") for name in _names(part.annotation))
        yield from _value_uses(value)


@_remembered
def _names(part: ast.AST) -> frozenset[str]:
    return frozenset(inner.id for inner in ast.walk(part) if isinstance(inner, ast.Name))


def _value_uses(value: ast.AST) -> Iterator[tuple[str, str]]:
    """The same for the right side of an assignment: displays only mention, ``C(...)`` only makes."""
    if isinstance(value, ast.Name):
        yield value.id, "mention"
    elif isinstance(value, DISPLAYS):
        for child in ast.iter_child_nodes(value):
            yield from _value_uses(child)
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        yield value.func.id, "make"
        arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
        yield from ((name, "run") for argument in arguments for name in _names(argument))
    else:
        yield from ((name, "run") for name in _names(value))
