"""What functions and methods do, as far as their names tell."""

from __future__ import annotations

import ast
import builtins

from .summary import FACTORIES

# Calls which pass their arguments around without running them.
PASSING = frozenset(
    {
        "partial", "isinstance", "issubclass", "register", "id", "type", "hasattr", "callable",
        "append", "add", "insert", "setdefault", "cast", "TypeVar", "NewType", "field", "super",
        "wraps", "update_wrapper", "proxy", "ref", "is_dataclass", "staticmethod", "classmethod",
        "property", "lru_cache", "cache", "cached_property", "partialmethod", "contextmanager",
        "asynccontextmanager", "singledispatch", "total_ordering", "connect", "subscribe",
        "__setattr__", "__delattr__", "Thread", "Timer", "Process", "ThreadPoolExecutor",
        "ProcessPoolExecutor", "signal", "add_signal_handler", "finalize", "call_soon",
        "call_soon_threadsafe", "call_later", "call_at", "add_done_callback", "observe", "on_click",
    }
)  # fmt: skip
# Built-in functions which use operators of what they are passed and run nothing that it holds.
SHOWING = frozenset({"len", "str", "repr", "ascii", "print", "format", "hash", "bool"})
# Those of `PASSING` which keep what they are passed, for others to run.
KEEPING = frozenset(
    {
        "append", "add", "insert", "setdefault", "register", "connect", "subscribe", "Thread",
        "Timer", "Process", "signal", "add_signal_handler", "finalize", "call_soon",
        "call_soon_threadsafe", "call_later", "call_at", "add_done_callback", "observe", "on_click",
    }
)  # fmt: skip
# Calls which ask of what class an object is.
CHECKING = frozenset({("isinstance",), ("issubclass",)})
# Methods which put what they are passed into their object, of containers.
STORING = frozenset(
    {
        "append", "add", "insert", "setdefault", "register", "connect", "subscribe", "appendleft",
        "extend", "update", "observe",
    }
)  # fmt: skip
# Built-in functions which give a container with what another one holds.
COPYING_CONTAINERS = frozenset({"dict", "list", "tuple", "set", "frozenset"})
# Functions whose results have no part of what they are passed.
GIVING_PLAIN = frozenset(
    {
        "abs", "all", "any", "ascii", "bin", "bool", "callable", "chr", "deepcopy", "float", "format",
        "hasattr", "hash", "hex", "id", "int", "isinstance", "issubclass", "len", "oct", "ord",
        "print", "range", "repr", "round", "str", "type",
    }
)  # fmt: skip
# Functions whose results are new and have parts of it in them.
GIVING_NEW = frozenset(
    {
        "array", "chain", "copy", "dict", "enumerate", "filter", "frozenset", "iter", "list", "map",
        "product", "reversed", "set", "sorted", "sum", "tuple", "zip",
    }
)  # fmt: skip
# Those of `PASSING` which copy what a function says of itself: ``f.__doc__`` is the docstring of then.
COPYING = frozenset(
    {
        "wraps", "update_wrapper", "property", "lru_cache", "cache", "cached_property",
        "contextmanager", "asynccontextmanager", "singledispatch",
    }
)  # fmt: skip
COPIED = ("__doc__", "__annotations__")
# What a function says of itself that an edit of its head or docstring changes.
TRAITS = (*COPIED, "__defaults__", "__kwdefaults__")
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
GETTING = frozenset({"get", "items", "setdefault", "values", "__getitem__"})
# And all of it at once.
GIVING = GETTING | {"copy"}
# How names of methods begin which, called for nothing else, put something into their object.
ADDING = ("add", "attach", "include", "mount", "register", "subscribe")
# Functions which read the attributes that they are told of by name.
LOOKING_UP = frozenset({"getattr", "hasattr", "attrgetter", "methodcaller"})
# Functions of the standard library which change their first argument.
FILLING_FUNCTIONS = frozenset({"heappush", "heapify", "insort", "insort_left", "insort_right",
                               "shuffle", "setattr", "delattr", "setitem", "delitem", "next"})  # fmt: skip
# What operators call, less the underscores; with an ``r`` in front of the right operand.
BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv",
    ast.Mod: "mod", ast.Pow: "pow", ast.MatMult: "matmul", ast.LShift: "lshift",
    ast.RShift: "rshift", ast.BitOr: "or", ast.BitAnd: "and", ast.BitXor: "xor",
}  # fmt: skip
# What calls these of what it shows as text; the default ones call each other.
SHOWN = frozenset({"__format__", "__repr__", "__str__"})
# Names, of built-in functions, that do so.
SHOWING_BUILTINS = frozenset({"ascii", "format", "print", "repr", "str"})
# Names of methods and of libraries' functions that do so.
SHOWING_CALLS = frozenset(
    {
        "dump", "dumps", "format", "format_map", "pformat", "pprint", "render", "safe_substitute",
        "substitute", "to_csv", "to_html", "to_markdown", "to_string", "writerow", "writerows",
    }
)  # fmt: skip
# What a ``with`` statement calls.
CONTEXT = frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__"})
# What no other object has such a name for: methods of built-in types, and functions and classes,
# that call nothing which they are passed.
BUILTIN = frozenset(
    {
        *(n for kind in (str, bytes, dict, list, set, frozenset, tuple) for n in dir(kind)),
        *dir(builtins),
    }
) - {"sort", "map", "filter", "sorted", "max", "min", "iter"}  # fmt: skip
# What makes it impossible to tell from the syntax what is bound or read.
DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "compile", "__import__"})
# Those of them that only read the names of the scope which calls them.
OWN_SCOPE = frozenset({"locals", "vars"})

# What runs when an instance is made.
CONSTRUCTION = frozenset(
    {
        "__new__", "__init__", "__post_init__", "__attrs_post_init__", "__attrs_pre_init__",
        "__attrs_init__", "model_post_init", FACTORIES, "__setattr__", "__init_subclass__", "__set_name__",
    }
)  # fmt: skip
# Decorators of classes which look at no methods but those that they know.
CLASS_DECORATORS = frozenset(
    {
        "dataclass", "define", "mutable", "frozen", "attrs", "s", "total_ordering", "unique",
        "runtime_checkable", "dataclass_transform", "final",
    }
)  # fmt: skip
NO_OPERATORS = CONSTRUCTION | {
    "__slots__", "__doc__", "__annotations__", "__match_args__", "__module__", "__qualname__",
    "__name__", "__dict__", "__weakref__", "__test__", "__call__", *TRAITS, *SHOWN,
}  # fmt: skip
CLASS_HOOKS = frozenset(
    {"__init_subclass__", "__class_getitem__", "__set_name__", "__mro_entries__"}
)
# Names by which code goes through all that classes hold.
LOOKING_THROUGH = frozenset(
    {
        "__mro__", "mro", "__dict__", "vars", "dir", "getmembers", "getmembers_static",
        "__annotations__", "get_annotations", "get_type_hints",
    }
)  # fmt: skip
# What makes the members of an enum, with the class.
MEMBER_HOOKS = frozenset({"__new__", "__init__", "_generate_next_value_"})
METACLASS_HOOKS = frozenset({"__new__", "__init__", "__call__", "__prepare__"})
# Classes whose instances are classes.
METACLASSES = frozenset({"type", "ABCMeta", "EnumMeta", "EnumType"})
# Of all methods that operators stand for, those that statements are known to call for their effect.
SPELLED = CONTEXT | {f"__{side}{name}__" for name in BINARY.values() for side in ("", "r", "i")}
# Calls that import modules by names that are worked out.
IMPORTING = frozenset({"import_module", "__import__"})
# Calls that look which modules there are.
SCANNING = frozenset({"iter_modules", "walk_packages"})


def is_showing(callee: tuple[str, ...]) -> bool:
    """Does calling what this path names run nothing that an object holds, but for operators?"""
    return len(callee) == 1 and callee[0] in SHOWING


def is_copying(callee: tuple[str, ...]) -> bool:
    """Does calling what this path names give a container with what another one holds?"""
    return len(callee) == 1 and callee[0] in COPYING_CONTAINERS
