"""What a statement binds, uses and fills, read from its syntax alone.

In comes a `Fragment`; out goes a `Summary`, made once for each text. It holds a `Unit` for the
code that runs with the statement and one for each function that it defines, as a function's body
counts only for those who call it. Names are resolved elsewhere (`index`), since that takes the
other modules.

A *path* is a tuple of names that starts at a global one, ``("np", "random", "rand")``. Where a
function imports for itself, the path starts with the absolute or relative target instead,
``("@.pkg.mod", "f")``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..source import Fragment
from ..source.anatomy import FunctionNode
from ..source.scopes import bound_names, child_nodes, dotted, scope_statements

__all__ = ["BASE", "CALL", "MENTION", "USE", "ClassInfo", "Import", "Path", "Summary", "Unit"]

Path = tuple[str, ...]

# How a path is used, as bits.
MENTION = 1  # passed around: the binding counts
USE = 2  # looked into: what the object holds counts too
CALL = 4  # run: the code behind it counts too
BASE = 8  # derived from: what runs when a subclass is made counts too

# Calls which pass their arguments around without running them.
PASSING = frozenset(
    {
        "partial", "isinstance", "issubclass", "register", "id", "type", "hasattr", "callable",
        "append", "add", "insert", "setdefault", "cast", "TypeVar", "NewType", "field", "super",
        "wraps", "update_wrapper", "proxy", "ref", "is_dataclass", "staticmethod", "classmethod",
        "property", "lru_cache", "cache", "cached_property", "partialmethod", "contextmanager",
        "asynccontextmanager", "singledispatch", "total_ordering", "connect", "subscribe",
    }
)  # fmt: skip
# Methods of containers which change them.
FILLING = frozenset(
    {
        "append", "add", "extend", "update", "insert", "setdefault", "pop", "popitem", "remove",
        "discard", "clear", "register", "sort", "reverse", "appendleft", "extendleft", "popleft",
        "intersection_update", "difference_update", "symmetric_difference_update", "__setitem__",
        "__delitem__", "move_to_end", "subtract",
    }
)  # fmt: skip
# Methods of containers which give out what they hold.
GETTING = frozenset({"get", "setdefault", "__getitem__"})
# How names of methods begin which, called for nothing else, put something into their object.
ADDING = ("add", "attach", "include", "mount", "register", "subscribe")
# Functions of the standard library which change their first argument.
FILLING_FUNCTIONS = frozenset({"heappush", "heapify", "insort", "insort_left", "insort_right",
                               "shuffle", "setattr", "delattr", "setitem", "delitem", "next"})  # fmt: skip
# What makes it impossible to tell from the syntax what is bound or read.
DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "compile", "__import__"})
OPERATOR = "<operator>"
# Stands for a method of the class, of which the factories of its fields are what it calls.
FACTORIES = "<factories>"


@dataclass(slots=True)
class Unit:
    """What one piece of code does when it runs.

    Attributes:
        paths: global paths it reads, with the ways it uses them.
        attrs: attributes that it reads of objects it got otherwise, `OPERATOR` for any operator.
        fills: paths of objects that it changes.
        sets: paths whose last name is an attribute that it sets, as it runs with a statement.
        arguments: for each call, the path called and the paths passed to it.
        binds_global: names that it binds by ``global``.
        calls_parameters: may it call what it is passed?
        fills_parameters: may it change what it is passed?
        fills_self: attributes that it changes of ``self`` or ``cls``, or what they hold.
        fills_class: attributes that it changes of the class of ``self``.
        operands: paths called with arguments, on which operators may be used.
        stateful: does what it returns change when it is called (``nonlocal``)?
        dynamic: does it read or bind names that cannot be told?
    """

    paths: dict[Path, int] = field(default_factory=dict)
    attrs: set[str] = field(default_factory=set)
    fills: set[Path] = field(default_factory=set)
    sets: set[Path] = field(default_factory=set)
    arguments: list[tuple[Path, Path]] = field(default_factory=list)
    binds_global: set[str] = field(default_factory=set)
    calls_parameters: bool = False
    fills_parameters: bool = False
    stateful: bool = False
    fills_self: set[str] = field(default_factory=set)
    fills_class: set[str] = field(default_factory=set)
    operands: set[Path] = field(default_factory=set)
    dynamic: bool = False

    def use(self, path: Path, how: int) -> None:
        """Note that *path* is read; *how* are flags, joined with what was known."""
        self.paths[path] = self.paths.get(path, 0) | how


@dataclass(slots=True)
class ClassInfo:
    """A class statement: its head and the names that its body binds.

    Attributes:
        bases: paths of bases and of the metaclass.
        decorated: has it decorators, keywords or a base like NamedTuple, which read the whole
            class?
        attrs: for each name that the body binds, ``"lambda"`` if it is bound with a lambda in it.
        values: for each name that the body binds, what those statements do.
        uses: names of its own that the body reads while it runs.
    """

    bases: list[Path] = field(default_factory=list)
    decorated: bool = False
    uses: set[str] = field(default_factory=set)
    attrs: dict[str, str] = field(default_factory=dict)
    values: dict[str, Unit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Import:
    """An import that runs with the statement.

    Attributes:
        module: as written, without the dots.
        level: how many dots.
        name: what is imported from it, None for ``import module``, ``"*"`` for all.
        alias: the name bound.
    """

    module: str
    level: int
    name: str | None
    alias: str


@dataclass(slots=True)
class Summary:
    """What a statement does.

    Attributes:
        now: the code that runs with it.
        functions: by qualname, what functions do that it defines; ``"<lambda>"`` for lambdas that
            it leaves behind.
        classes: by qualname.
        imports: in order.
        deletes: names that it deletes.
        annotated: names it puts into ``__annotations__``.
        aliases: names that it binds to what a path names.
        augments: names that it binds to what they held before, changed or joined with something.
        asks: names of the module that it looks up by a string, as in ``"NAME" in globals()``.
        orders: methods that it calls for what they do alone: ``parser.add_argument(...)``.
    """

    now: Unit = field(default_factory=Unit)
    functions: dict[str, Unit] = field(default_factory=dict)
    classes: dict[str, ClassInfo] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    deletes: set[str] = field(default_factory=set)
    annotated: set[str] = field(default_factory=set)
    augments: set[str] = field(default_factory=set)
    aliases: dict[str, Path] = field(default_factory=dict)
    asks: set[str] = field(default_factory=set)
    orders: set[Path] = field(default_factory=set)
    postponed: bool = False


def summarize(fragment: Fragment, *, postponed: bool = False) -> Summary:
    """The fragment's summary, made at the first call.

    *postponed*: annotations are not evaluated (``from __future__ import annotations``, 3.14).
    """
    found = fragment.summary
    if found is None or found.postponed != postponed:
        found = Summary(postponed=postponed)
        reader = _Reader(found, found.now, frozenset(), frozenset(), "", text=fragment.text)
        for node in fragment.parse():
            reader.visit(node)
        _share_empty(found)
        fragment.summary = found  # now that it is whole: an interrupt may come at any time
    return found


_EMPTY: dict[type, object] = {set: frozenset(), list: ()}


def _share_empty(summary: Summary) -> None:
    """Let go of empty sets and lists, which nobody fills from here on: they are nearly all that a
    summary would be made of, and ten thousands of them keep the collector busy.
    """
    classes = summary.classes.values()
    values = [unit for info in classes for unit in info.values.values()]
    parts: list[Summary | Unit | ClassInfo] = [summary, summary.now, *classes, *values]
    parts += summary.functions.values()
    for part in parts:
        for name in part.__slots__:
            value = getattr(part, name)
            if not value and type(value) in _EMPTY:
                setattr(part, name, _EMPTY[type(value)])


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def asked_name(node: ast.expr, *, own_scope: bool) -> str | None:
    """The name of the module that *node* looks up by a string, None for any other expression.

    Such are ``"NAME" in globals()``, ``globals().get("NAME")``, ``globals()["NAME"]`` and
    ``hasattr(sys.modules[__name__], "NAME")``; where it is the module's *own_scope*, also
    ``locals()``, ``vars()`` and ``dir()`` in place of ``globals()``.
    """
    found: ast.expr | None = None
    match node:
        case ast.Compare(left=name, ops=[ast.In() | ast.NotIn()], comparators=[names]):
            found = name if _is_scope(names, own_scope=own_scope) else None
        case ast.Call(func=ast.Attribute(value=names, attr="get"), args=[name, *_]):
            found = name if _is_scope(names, own_scope=own_scope) else None
        case ast.Subscript(value=names, slice=name, ctx=ast.Load()):
            found = name if _is_scope(names, own_scope=own_scope) else None
        case ast.Call(func=ast.Name("hasattr"), args=[ast.Subscript(value, key), name]):
            is_itself = dotted(value) == ("sys", "modules") and dotted(key) == ("__name__",)
            found = name if is_itself else None
    if isinstance(found, ast.Constant) and isinstance(found.value, str):
        return found.value
    return None


def _is_scope(node: ast.expr, *, own_scope: bool) -> bool:
    """Is it ``globals()``, or what means the same in the module's own scope?"""
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        return False
    return node.func.id == "globals" or (own_scope and node.func.id in {"locals", "vars", "dir"})


def imported_path(node: ast.expr) -> Path | None:
    """``("@.mod", "attr")`` for ``importlib.import_module(".mod", __package__).attr``.

    None for any other expression, and where the module is not named by a literal.
    """
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Call) or not node.args:
        return None
    called, target = dotted(node.func), node.args[0]
    if called is None or called[-1] != "import_module" or not isinstance(target, ast.Constant):
        return None
    if not isinstance(target.value, str):
        return None
    return (f"@{target.value}", *reversed(names))


def function_locals(
    node: FunctionNode | ast.Lambda, text: str
) -> tuple[set[str], set[str], set[str]]:
    """The names local to a function in *text*, those it declares ``global``, and ``nonlocal``."""
    args = node.args
    names = {a.arg for a in [*args.posonlyargs, *args.args, *args.kwonlyargs]}
    names.update(a.arg for a in (args.vararg, args.kwarg) if a)
    declared: set[str] = set()
    outer: set[str] = set()
    if not isinstance(node, ast.Lambda):
        names.update(bound_names(node.body, text))
        for inner in scope_statements(node.body):
            if type(inner) is ast.Global:
                declared.update(inner.names)
            elif type(inner) is ast.Nonlocal:
                outer.update(inner.names)
    return names - declared - outer, declared, outer


class _Reader:
    """Reads nodes of *text* into a unit. *local* names are those of enclosing functions and classes."""

    def __init__(
        self,
        summary: Summary,
        unit: Unit,
        local: frozenset[str],
        declared: frozenset[str],
        prefix: str,
        *,
        text: str,
        parameters: frozenset[str] = frozenset(),
        itself: str = "",
        aliases: dict[str, Path] | None = None,
        in_function: bool = False,
    ) -> None:
        self.summary = summary
        self.unit = unit
        self.local = local
        self.declared = declared
        self.prefix = prefix
        self.text = text
        self.parameters = parameters
        self.itself = itself
        self.aliases = aliases or {}
        self.in_function = in_function

    # Statements -----------------------------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is not None:
            method(node)
        elif isinstance(node, ast.expr):
            self.read(node, USE)
        else:
            for child in child_nodes(node):
                self.visit(child)

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.read(node.value, USE)
        if isinstance(node.value, ast.Call) and not (self.in_function or self.prefix):
            path = dotted(node.value.func)
            if path is not None and len(path) > 1:
                self.summary.orders.add(path)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.read(node.value, MENTION)

    def visit_Assign(self, node: ast.Assign) -> None:
        path = dotted(node.value)
        if path is not None and not self.in_function and not self.prefix:
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            self.summary.aliases.update(dict.fromkeys(names, path))
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self.unit.attrs.add(OPERATOR)  # it is iterated over
        self.read(node.value, MENTION)
        path = imported_path(node.value)
        if path is not None and len(path) < 3:
            self.unit.use(path, MENTION)
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.note_import(path, target.id)
        for target in node.targets:
            self.store(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if not self.in_function:
            self.annotation(node.annotation)
            if isinstance(node.target, ast.Name) and not self.prefix:
                self.summary.annotated.add(node.target.id)
        if node.value is not None:
            self.read(node.value, MENTION)
            self.store(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and not self.in_function and not self.prefix:
            self.summary.augments.add(node.target.id)
        self.read(node.value, USE)
        self.unit.attrs.add(OPERATOR)
        path = dotted(node.target)
        if path is not None and path[0] in self.declared:
            self.unit.use(path, USE)
        elif path is not None and self.is_global(path[0]):
            self.unit.use(path, USE)
            self.fill(path)
            if len(path) > 1:
                return  # what it makes of the value depends on how often it has run
        elif path is not None and self.itself and path[:-1] == (self.itself,):
            self.unit.fills_self.add(path[1])
        self.store(node.target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.unit.attrs.add(OPERATOR)
        self.read(node.iter, USE | CALL)
        self.store(node.target)
        self.visit_all([*node.body, *node.orelse])

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.unit.attrs.add(OPERATOR)
        for item in node.items:
            self.read(item.context_expr, USE | CALL)
            path = dotted(item.context_expr)
            if path is not None and not (self.in_function or self.prefix):
                self.summary.orders.add((*path, "__enter__"))
            if item.optional_vars is not None:
                self.store(item.optional_vars)
        self.visit_all(node.body)

    visit_AsyncWith = visit_With

    def visit_If(self, node: ast.If) -> None:
        self.read(node.test, USE)
        self.unit.attrs.add(OPERATOR)
        if not _is_type_checking(node.test):
            self.visit_all(node.body)
        self.visit_all(node.orelse)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if self.is_global(target.id):
                    self.summary.deletes.add(target.id)
                    if self.in_function:
                        self.unit.dynamic = True
            else:
                self.store(target)

    def visit_Global(self, node: ast.Global) -> None:
        pass

    visit_Nonlocal = visit_Global

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            if self.in_function:
                target = alias.name if alias.asname else bound
                self.aliases[bound] = ("@" + target,)
                self.unit.use(("@" + alias.name,), MENTION)
            else:
                self.unit.use(("@" + alias.name,), MENTION)
                self.summary.imports.append(
                    Import(alias.name, 0, None, alias.asname or alias.name)
                    if alias.asname or "." not in alias.name
                    else Import(alias.name, 0, None, "")
                )
                if not alias.asname and "." in alias.name:
                    self.summary.imports.append(Import(bound, 0, None, bound))

    def note_import(self, path: Path, bound: str) -> None:
        """``NAME = importlib.import_module("module").attribute``, with or without attribute."""
        if self.in_function:
            self.aliases[bound] = path
            return
        module = path[0].lstrip("@.")
        level = len(path[0]) - len(module) - 1
        name = path[1] if len(path) > 1 else None
        self.summary.imports.append(Import(module, level, name, bound))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "@" + "." * node.level + (node.module or "")
        for alias in node.names:
            bound = alias.asname or alias.name
            if alias.name == "*":
                self.unit.use((module, "*"), USE)
            else:
                self.unit.use((module, alias.name), MENTION)
            if self.in_function:
                self.aliases[bound] = (module, alias.name)
            else:
                self.summary.imports.append(
                    Import(node.module or "", node.level, alias.name, bound)
                )

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        qualname = self.prefix + node.name
        for decorator in node.decorator_list:
            self.decorator(decorator)
            if self.in_function:
                continue
            self.passed(decorator, (node.name,) if not self.prefix else (qualname,))
        self.read_signature(node)
        if self.in_function:
            self.enter(node, self.unit, self.prefix)
        else:
            unit = self.summary.functions.setdefault(qualname, Unit())
            self.enter(node, unit, f"{qualname}.<locals>.")

    visit_AsyncFunctionDef = visit_FunctionDef

    def decorator(self, node: ast.expr) -> None:
        """A decorator runs; one that is a method of an object fills that object."""
        self.read(node, USE | CALL)
        target = node.func if isinstance(node, ast.Call) else node
        path = dotted(target)
        if path is not None and len(path) > 1 and self.is_global(path[0]):
            self.fill(path[:-1])
        if self.in_function or self.local:
            self.unit.attrs.add(OPERATOR)

    def passed(self, decorator: ast.expr, path: Path) -> None:
        """Note that *decorator* is passed the object at *path*."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        target = dotted(called)
        if target is not None and self.is_global(target[0]):
            self.unit.arguments.append((self.resolve(target), path))

    def read_signature(self, node: FunctionNode | ast.Lambda) -> None:
        args = node.args
        for default in [*args.defaults, *args.kw_defaults]:
            if default is not None:
                self.read(default, MENTION)
        if isinstance(node, ast.Lambda):
            return
        for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]:
            if arg is not None and arg.annotation is not None:
                self.annotation(arg.annotation)
        if node.returns is not None:
            self.annotation(node.returns)

    def annotation(self, node: ast.expr) -> None:
        if not self.summary.postponed:
            self.read(node, MENTION)

    def enter(self, node: FunctionNode | ast.Lambda, unit: Unit, prefix: str) -> None:
        """Read a function's body into *unit*."""
        names, declared, outer = function_locals(node, self.text)
        args = node.args
        given = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        parameters = {a.arg for a in given} | {
            a.arg for a in (args.vararg, args.kwarg) if a is not None
        }
        itself = self.itself
        is_method = not self.in_function and bool(self.prefix) and bool(given)
        if is_method:
            itself = given[0].arg
        own = frozenset(parameters - {itself})
        kept = {k: v for k, v in self.aliases.items() if k not in names}
        reader = _Reader(
            self.summary,
            unit,
            (self.local | frozenset(names) if self.in_function else frozenset(names))
            - frozenset(declared),
            frozenset(declared),
            prefix,
            text=self.text,
            parameters=(self.parameters if self.in_function else frozenset()) | own,
            itself=itself,
            aliases=kept,
            in_function=True,
        )
        if isinstance(node, ast.Lambda):
            reader.read(node.body, MENTION)
        else:
            reader.visit_all(node.body)
            unit.stateful |= bool(outer)
        if declared:
            unit.binds_global |= declared & set(_stored(node))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        qualname = self.prefix + node.name
        info = ClassInfo(decorated=bool(node.decorator_list or node.keywords))
        if not self.in_function:
            self.summary.classes[qualname] = info
        for decorator in node.decorator_list:
            self.decorator(decorator)
            self.passed(decorator, (node.name,))
        for base in [*node.bases, *(k.value for k in node.keywords if k.arg == "metaclass")]:
            while isinstance(base, ast.Subscript):
                self.read(base.slice, MENTION)
                base = base.value
            path = dotted(base)
            if path is not None and self.is_global(path[0]):
                self.unit.use(self.resolve(path), BASE | MENTION)
                info.bases.append(self.resolve(path))
                info.decorated |= path[-1] == "NamedTuple"
            else:
                self.read(base, USE | CALL)
        for keyword in node.keywords:
            if keyword.arg != "metaclass":
                self.read(keyword.value, USE)
        self.class_body(node, info, qualname)

    def class_body(self, node: ast.ClassDef, info: ClassInfo, qualname: str) -> None:
        for statement in node.body:
            unit = Unit()
            reader = _Reader(
                self.summary,
                unit,
                self.local,
                self.declared,
                qualname + ".",
                text=self.text,
                parameters=self.parameters,
                itself=self.itself,
                aliases=self.aliases,
                in_function=self.in_function,
            )
            reader.visit(statement)
            is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            has_lambda = "" if is_function else _lambda_in(statement)
            for name in bound_names([statement], self.text):
                info.attrs[name] = info.attrs.get(name) or has_lambda
                merge_units(info.values.setdefault(name, Unit()), unit)
            merge_units(self.unit, unit)
            info.uses |= {path[0] for path in unit.paths if path[0] in info.attrs}
            for factory in _factories(statement):
                self.note_factory(factory, f"{qualname}.{FACTORIES}")

    def note_factory(self, factory: ast.expr, qualname: str) -> None:
        """``field(default_factory=...)``: making an instance calls it."""
        if self.in_function:
            return
        unit = self.summary.functions.setdefault(qualname, Unit())
        path = dotted(factory)
        if path is not None and self.is_global(path[0]):
            unit.use(self.resolve(path), CALL)
        elif isinstance(factory, ast.Lambda):
            self.enter(factory, unit, f"{qualname}.<locals>.")

    def visit_TypeAlias(self, node: ast.AST) -> None:
        pass  # evaluated on demand

    # Expressions ----------------------------------------------------------------------------

    def is_global(self, name: str) -> bool:
        return name not in self.local or name in self.aliases

    def resolve(self, path: Path) -> Path:
        """*path* with an import of the function's own in place of the local name it bound."""
        target = self.aliases.get(path[0])
        return target + path[1:] if target is not None else path

    def fill(self, path: Path) -> None:
        if self.is_global(path[0]):
            self.unit.fills.add(self.resolve(path))
        elif path[:2] == (self.itself, "__class__") and self.itself:
            self.unit.fills_class.add(path[2] if len(path) > 2 else "")
        elif path[0] == self.itself:
            self.unit.fills_self.add(path[1] if len(path) > 1 else "")
        elif self.in_function:
            self.unit.fills_parameters = True

    def store(self, target: ast.expr) -> None:
        """A target of an assignment: a name is bound, anything else changes an object."""
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.store(element)
        elif isinstance(target, ast.Starred):
            self.store(target.value)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            value = target.value
            path = dotted(target)
            if (
                path is not None
                and self.is_global(path[0])
                and not (self.in_function or self.prefix)
            ):
                self.read(value, MENTION)
                self.unit.sets.add(path)
                return
            if isinstance(target, ast.Subscript):
                self.read(target.slice, USE)
                self.unit.attrs.add(OPERATOR)
            self.read(value, USE)
            while isinstance(value, ast.Subscript):
                value = value.value
            path = dotted(value)
            if self.is_own_class(value):
                self.unit.fills_class.add(_attribute_of(target))
            elif isinstance(target, ast.Attribute) and path is not None:
                if path[0] == self.itself and len(path) == 1:
                    return  # its own attribute
                if not self.is_global(path[0]) and len(path) == 1:
                    self.unit.fills_parameters |= path[0] in self.parameters
                    return
            if path is not None:
                self.fill(path)

    def is_own_class(self, node: ast.expr) -> bool:
        """Is it ``type(self)`` or ``self.__class__``, or an attribute of these?"""
        while isinstance(node, ast.Attribute) and node.attr != "__class__":
            node = node.value
        if isinstance(node, ast.Attribute):
            return bool(self.itself) and dotted(node) == (self.itself, "__class__")
        return (
            isinstance(node, ast.Call)
            and dotted(node.func) == ("type",)
            and len(node.args) == 1
            and dotted(node.args[0]) == (self.itself,)
        )

    def read(self, node: ast.expr, how: int) -> None:
        """Read an expression whose value is used in the way *how*."""
        if type(node) in _ASKING:
            name = asked_name(node, own_scope=not self.in_function and not self.prefix)
            if name is not None:
                self.summary.asks.add(name)
                self.unit.use((name,), USE)
                if isinstance(node, ast.Call):
                    for argument in node.args[1:]:
                        self.read(argument, MENTION)
                return
        method = _READERS.get(type(node))
        if method is not None:
            method(self, node, how)
            return
        self.unit.attrs.add(OPERATOR)
        for child in child_nodes(node):
            if isinstance(child, ast.expr):
                self.read(child, USE)

    def read_constant(self, node: ast.Constant, how: int) -> None:
        pass

    def read_name(self, node: ast.Name, how: int) -> None:
        if self.is_global(node.id):
            self.unit.use(self.resolve((node.id,)), how)
        elif how & CALL and node.id in self.parameters:
            self.unit.calls_parameters = True

    def read_elements(self, node: ast.Tuple | ast.List | ast.Set, how: int) -> None:
        for element in node.elts:
            self.read(element, how)

    def read_dict(self, node: ast.Dict, how: int) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                self.read(key, how)
            self.read(value, how if key is not None else USE)  # ``{**value}``

    def read_starred(self, node: ast.Starred, how: int) -> None:  # noqa: ARG002
        self.unit.attrs.add(OPERATOR)
        self.read(node.value, USE)

    def read_subscript(self, node: ast.Subscript, how: int) -> None:
        self.unit.attrs.add(OPERATOR)
        self.read(node.value, USE | how & CALL)  # what is called may be held by it
        self.read(node.slice, USE)

    def read_choice(self, node: ast.IfExp, how: int) -> None:
        self.read(node.test, USE)
        self.unit.attrs.add(OPERATOR)
        self.read(node.body, how)
        self.read(node.orelse, how)

    def read_and_or(self, node: ast.BoolOp, how: int) -> None:
        for value in node.values:
            self.read(value, how | USE)
        self.unit.attrs.add(OPERATOR)

    def read_named(self, node: ast.NamedExpr, how: int) -> None:
        self.read(node.value, how)

    def read_await(self, node: ast.Await | ast.Yield | ast.YieldFrom, how: int) -> None:
        self.unit.attrs.add(OPERATOR)
        if node.value is not None:
            self.read(node.value, how | USE)

    def read_attribute(self, node: ast.Attribute, how: int) -> None:
        path = dotted(node)
        if path is None:
            self.unit.attrs.add(node.attr)
            self.read(node.value, USE)
        elif self.is_global(path[0]):
            path = self.resolve(path)
            self.unit.use(path, how)
            self.unit.attrs.update(path[1:])
            if path[:2] == ("sys", "modules"):
                self.unit.dynamic = True
        else:
            self.unit.attrs.update(path[1:])

    def read_call(self, node: ast.Call, how: int) -> None:  # noqa: ARG002
        path = dotted(node.func)
        name = (path or ("",))[-1]
        if path is not None:
            self.note_call(path, name, node)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in FILLING:
            held_by = dotted(_holder(node.func.value))
            if self.is_own_class(node.func.value):
                self.unit.fills_class.add(_attribute_of(node.func.value))
            elif held_by is not None:
                self.fill(held_by)
        if self.itself and (path == (self.itself,) or self.is_own_class(node.func)):
            self.unit.attrs |= {"__new__", "__init__", "__post_init__"}  # ``cls()``
        if path != ("super",):
            self.read(node.func, CALL if path is not None else USE | CALL)
        passing = name in PASSING and name != "hasattr"  # which looks in, but calls nothing
        callee = self.resolve(path) if path is not None and self.is_global(path[0]) else None
        if not passing and any(not isinstance(a, ast.Constant) for a in _arguments(node)):
            if callee is not None:
                self.unit.operands.add(callee)
            else:
                self.unit.attrs.add(OPERATOR)
        for argument in _arguments(node):
            target = dotted(argument)
            if target is not None and self.is_global(target[0]):
                if callee is not None:
                    self.unit.arguments.append((callee, self.resolve(target)))
                    self.read(argument, MENTION if passing else USE)
                    continue
            elif target is not None and target[0] in self.parameters and not passing:
                self.unit.calls_parameters = True
                if callee is not None:
                    self.unit.fills_parameters = True
            self.read(argument, MENTION if passing else USE | CALL)
        for keyword in node.keywords:
            if keyword.arg is None:
                self.read(keyword.value, USE)

    def note_call(self, path: Path, name: str, node: ast.Call) -> None:
        """What calling *path* means besides reading it."""
        if len(path) == 1 and name in DYNAMIC and self.is_global(name):
            if not (name == "vars" and node.args):
                self.unit.dynamic = True
        if path == ("dir",) and not node.args and not self.in_function and self.is_global(name):
            self.unit.use(("*",), USE)
        imported = imported_path(node)
        if imported is not None:
            self.unit.use(imported, MENTION)
        elif path[0] == "importlib" and name in {"import_module", "reload"}:
            self.unit.dynamic = True
        if path in {("isinstance",), ("issubclass",)}:
            self.unit.attrs |= {"__instancecheck__", "__subclasscheck__"}
        if len(path) > 1 and name in FILLING:
            self.fill(path[:-1])
        elif name in FILLING_FUNCTIONS and node.args:
            first = dotted(node.args[0])
            if first is not None:
                self.fill(first)
        elif path[0] == "super" or (len(path) > 1 and path[0] == self.itself):
            self.unit.attrs.add(name)

    def read_lambda(self, node: ast.Lambda, how: int) -> None:
        self.read_signature(node)
        if self.in_function or how & (USE | CALL):
            self.enter(node, self.unit, self.prefix)
        else:
            unit = self.summary.functions.setdefault("<lambda>", Unit())
            self.enter(node, unit, "<lambda>.<locals>.")

    def read_comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        how: int,  # noqa: ARG002
    ) -> None:
        self.unit.attrs.add(OPERATOR)
        names = frozenset(
            name.id
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        )
        outer = self.local
        for index, generator in enumerate(node.generators):
            self.read(generator.iter, USE | CALL)
            if not index:
                self.local = outer | names
            for condition in generator.ifs:
                self.read(condition, USE)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.read(part, MENTION)
        self.local = outer


# What `asked_name` can tell.
_ASKING = frozenset({ast.Compare, ast.Call, ast.Subscript})
_READERS: dict[type, Callable[[_Reader, Any, int], None]] = {
    ast.Attribute: _Reader.read_attribute,
    ast.Await: _Reader.read_await,
    ast.BoolOp: _Reader.read_and_or,
    ast.Call: _Reader.read_call,
    ast.Constant: _Reader.read_constant,
    ast.Dict: _Reader.read_dict,
    ast.DictComp: _Reader.read_comprehension,
    ast.GeneratorExp: _Reader.read_comprehension,
    ast.IfExp: _Reader.read_choice,
    ast.Lambda: _Reader.read_lambda,
    ast.List: _Reader.read_elements,
    ast.ListComp: _Reader.read_comprehension,
    ast.Name: _Reader.read_name,
    ast.NamedExpr: _Reader.read_named,
    ast.Set: _Reader.read_elements,
    ast.SetComp: _Reader.read_comprehension,
    ast.Starred: _Reader.read_starred,
    ast.Subscript: _Reader.read_subscript,
    ast.Tuple: _Reader.read_elements,
    ast.Yield: _Reader.read_await,
    ast.YieldFrom: _Reader.read_await,
}
"""By kind of expression; what is in any other is used by an operator."""


def _lambda_in(node: ast.stmt) -> str:
    return "lambda" if any(isinstance(n, ast.Lambda) for n in ast.walk(node)) else ""


def _factories(node: ast.stmt) -> Iterator[ast.expr]:
    """What a statement of a class body passes as ``default_factory``, or ``factory``."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
        for keyword in node.value.keywords:
            if keyword.arg in {"default_factory", "factory"}:
                yield keyword.value


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _holder(node: ast.expr) -> ast.expr:
    """What an item was taken out of: ``TABLE`` of ``TABLE["a"]`` or ``TABLE.setdefault("a", [])``."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in GETTING
        ):
            node = node.func.value
        else:
            return node


def _attribute_of(target: ast.expr) -> str:
    """The first attribute below the object: ``made`` of ``type(self).made[0]``."""
    name = ""
    while isinstance(target, ast.Attribute | ast.Subscript):
        if isinstance(target, ast.Attribute) and target.attr != "__class__":
            name = target.attr
        target = target.value
    return name


def merge_units(into: Unit, unit: Unit) -> None:
    """Add to *into* all that *unit* does."""
    for path, how in unit.paths.items():
        into.use(path, how)
    into.attrs |= unit.attrs
    into.fills |= unit.fills
    into.sets |= unit.sets
    into.arguments += unit.arguments
    into.binds_global |= unit.binds_global
    into.calls_parameters |= unit.calls_parameters
    into.fills_parameters |= unit.fills_parameters
    into.stateful |= unit.stateful
    into.fills_self |= unit.fills_self
    into.fills_class |= unit.fills_class
    into.operands |= unit.operands
    into.dynamic |= unit.dynamic


def _stored(node: FunctionNode | ast.Lambda) -> Iterator[str]:
    body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
    for child in body:
        for inner in ast.walk(child):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
                yield inner.id
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield inner.name
