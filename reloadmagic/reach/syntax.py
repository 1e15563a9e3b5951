"""Questions to single nodes: what they name, look up, import or hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..source.anatomy import FunctionNode
from ..source.scopes import bound_names, dotted, scope_statements
from .known import GETTING
from .summary import Path, Slot

__all__ = [
    "arguments",
    "asked_name",
    "attribute_of",
    "beginning",
    "called_name",
    "catches",
    "counts",
    "factories",
    "function_locals",
    "holder",
    "imported_path",
    "is_formatting",
    "is_type_checking",
    "lambda_in",
    "method_path",
    "slots",
    "stored",
]


def is_formatting(node: ast.expr) -> bool:
    """May it be ``"%s" % value``?"""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and not (
            isinstance(node.left, ast.Constant) and not isinstance(node.left.value, str | bytes)
        )
    )


def catches(text: str) -> bool:
    """May the code in *text* go on where something raises?"""
    return "except" in text or "suppress" in text


def is_type_checking(test: ast.expr) -> bool:
    """Is it ``TYPE_CHECKING``, or that of ``typing``?"""
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


def beginning(node: ast.expr) -> str:
    """How a text begins that an expression works out, as far as that is known.

    What it is worked out of may be ``__name__`` or ``__package__``, which is a dot here.
    """
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.BinOp(
            left=ast.Name("__name__" | "__package__"), right=ast.Constant(value=str() as text)
        ) if text.startswith("."):
            return text
        case ast.BinOp(left=left, op=ast.Add()):
            return beginning(left)
        case ast.BinOp(left=ast.Constant(value=str() as text), op=ast.Mod()):
            return text.partition("%")[0]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="format")):
            return text.partition("{")[0]
        case ast.JoinedStr(values=[ast.Constant(value=str() as text), *_]):
            return text
        case ast.JoinedStr(
            values=[ast.FormattedValue(value=value), ast.Constant(value=str() as text), *_]
        ) if text.startswith(".") and dotted(value) in {("__name__",), ("__package__",)}:
            return text
    return ""


def function_locals(
    node: FunctionNode | ast.Lambda, text: str
) -> tuple[set[str], set[str], set[str], set[str]]:
    """The names local to a function in *text*, those it declares ``global``, and ``nonlocal``.

    Last come those of the local ones that a single place binds; for parameters, that is the call.
    """
    args = node.args
    names = {a.arg for a in [*args.posonlyargs, *args.args, *args.kwonlyargs]}
    names.update(a.arg for a in (args.vararg, args.kwarg) if a)
    declared: set[str] = set()
    outer: set[str] = set()
    again: set[str] = set()
    if not isinstance(node, ast.Lambda):
        for name in bound_names(node.body, text):
            (again if name in names else names).add(name)
        declares = "global" in text or "nonlocal" in text
        for inner in scope_statements(node.body) if declares else ():
            if type(inner) is ast.Global:
                declared.update(inner.names)
            elif type(inner) is ast.Nonlocal:
                outer.update(inner.names)
    return names - declared - outer, declared, outer, names - again


def counts(node: FunctionNode | ast.Lambda, name: str) -> bool:
    """Is *name* bound in a function by nothing but loops over ``range()`` and ``enumerate()``?"""
    nodes = list(ast.walk(node))
    bound = sum(
        isinstance(n, ast.Name) and n.id == name and type(n.ctx) is ast.Store for n in nodes
    )
    return bound == sum(_counter(loop) == name for loop in nodes) > 0


def _counter(node: ast.AST) -> str | None:
    """The name that counts the rounds of a loop."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        match node.target, node.iter:
            case ast.Name(id=name), ast.Call(func=ast.Name(id="range")):
                return name
            case ast.Tuple(elts=[ast.Name(id=name), _]), ast.Call(func=ast.Name(id="enumerate")):
                return name
    return None


def stored(node: FunctionNode) -> Iterator[str]:
    """The names that a function binds or deletes, in itself or in what it defines."""
    for child in node.body:
        for inner in ast.walk(child):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
                yield inner.id
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield inner.name


def lambda_in(node: ast.stmt, text: str) -> str:
    """``"lambda"`` if there is one in the statement, which stands in *text*, else ``""``."""
    if "lambda" not in text:
        return ""
    return "lambda" if any(isinstance(n, ast.Lambda) for n in ast.walk(node)) else ""


def factories(node: ast.stmt) -> Iterator[ast.expr]:
    """What a statement of a class body passes as ``default_factory``, or ``factory``."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
        for keyword in node.value.keywords:
            if keyword.arg in {"default_factory", "factory"}:
                yield keyword.value


def called_name(node: ast.Call) -> str:
    """The last name of what a call calls, ``""`` if it has none."""
    path = dotted(node.func)
    if path is not None:
        return path[-1]
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def arguments(node: ast.Call) -> list[ast.expr]:
    """What is passed, by position and by name."""
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def slots(node: ast.Call) -> Iterator[tuple[ast.expr, Slot]]:
    """What is passed, and where."""
    starred = False
    for place, argument in enumerate(node.args):
        starred |= isinstance(argument, ast.Starred)
        yield argument, None if starred else place
    for keyword in node.keywords:
        yield keyword.value, keyword.arg


def holder(node: ast.expr) -> ast.expr:
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


def method_path(node: ast.expr) -> Path | None:
    """What is called, as a path, whatever it was taken out of: ``TABLES["a"].put``, ``make().put``.

    ``"__call__"`` stands for calling what a container holds, or what a function returns. None for
    methods of other expressions.
    """
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
            continue
        if not names:
            names.append("__call__")
        inner = holder(node)
        if inner is node and isinstance(node, ast.Call):
            inner = node.func
        if inner is node:
            return None
        node = inner
    return (node.id, *reversed(names))


def attribute_of(target: ast.expr) -> str:
    """The first attribute below the object: ``made`` of ``type(self).made[0]``."""
    name = ""
    while isinstance(target, ast.Attribute | ast.Subscript):
        if isinstance(target, ast.Attribute) and target.attr != "__class__":
            name = target.attr
        target = target.value
    return name
