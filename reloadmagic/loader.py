"""Finder and loader: stamp what is imported, compile from source, run what they are told to.

`ReloadFinder` stands first on ``sys.meta_path``. It lets the other finders give the usual spec and
puts the project's own loader into it, a subclass of the loader that was found, so that everything
else about the module (resources, ``isinstance`` checks, import hooks that change the code) stays as
it was. The loader reads the source itself, as cached bytecode is validated by whole-second mtime
and size and can lag an edit, and hands it to an `Executor`. Which statements run is not decided
here.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import importlib.machinery
import importlib.util
import itertools
import linecache
import os
import sys
import types
import weakref
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from typing import Any, Protocol

from .errors import SourceError
from .modules import module_spec
from .source import Source, Statement, Text
from .source.parsing import file_lines, is_text, place_of_error
from .source.scopes import scope_nodes
from .stamps import Stamp, stamp_of

__all__ = [
    "Executor",
    "ReloadFinder",
    "ReloadLoader",
    "compile_statements",
    "decoder",
    "show_parts",
    "show_source",
]

# A name that no source can spell, so that it collides with none of the user's.
MERGE_HOOK = "<reloadmagic>"
# Frames in these files are ours, or run ours.
_OURS = (os.path.join(os.path.dirname(__file__), ""), contextlib.__file__)


class Executor(Protocol):
    """Runs a module's source in its namespace, for the first time or again."""

    def tracks(self, name: str, path: str) -> bool:
        """Is the module *name* with the file *path* one to be given the project's own loader?"""

    def spec_for(self, name: str, found: ModuleSpec | None) -> ModuleSpec | None:
        """The spec a loaded module is to be reloaded by, where the finders *found* that one."""

    def started(self, name: str, order: int) -> None:
        """The import of *name* begins; *order* counts the imports begun."""

    def executing(
        self, module: types.ModuleType, loader: ReloadLoader, order: int
    ) -> contextlib.AbstractContextManager[Iterator[types.CodeType]]:
        """What is to run of *module*: all of it on its first import.

        On a reload it is nothing: entering has run what the plan says.
        """


class ReloadLoader:
    """What an adopted loader adds to the class that was found, see `adopt`."""

    # Weak: a module's loader lives as long as the module, and its executor may be gone by then.
    executor: weakref.ref[Executor]
    order: int

    def exec_module(self, module: types.ModuleType) -> None:
        """Run *module* through the executor while there is one, as usual afterwards."""
        error = self._failure_of(module)
        try:
            if error is not None:
                raise error
        finally:
            del error  # or it would hold this frame, which holds it

    # Named as importlib's own frames, of which an import statement cleans what its code raises.
    exec_module.__code__ = exec_module.__code__.replace(
        co_filename="<frozen importlib._bootstrap>", co_name="_call_with_frames_removed"
    )

    def _failure_of(self, module: types.ModuleType) -> BaseException | None:
        """Run *module*; what it raised, with its traceback from the module's own code on."""
        executor = self.executor()
        try:
            if executor is None:
                super().exec_module(module)  # type: ignore[misc]
            else:
                # Modules that import each other nest, so the code runs right here: an import takes
                # no more frames than it does without us.
                with executor.executing(module, self, self.order) as codes:
                    for code in codes:
                        exec(code, vars(module))
        except BaseException as error:  # noqa: BLE001 - raised again by exec_module
            spec = module_spec(module)
            return error.with_traceback(_traceback_from(error, str(spec and spec.origin)))
        return None

    def get_data(self, path: str) -> bytes:
        """The bytes of *path*, as the class that was found reads them."""
        data: bytes = super().get_data(path)  # type: ignore[misc]
        return data


def _traceback_from(error: BaseException, path: str) -> types.TracebackType | None:
    """The traceback of *error* from the first frame in the file *path* on; without one, our frames
    are left out.
    """
    found = error.__traceback__
    while found is not None and not found.tb_frame.f_code.co_filename.startswith(path):
        found = found.tb_next
    if found is None:
        found = error.__traceback__
        while found is not None and found.tb_frame.f_code.co_filename.startswith(_OURS):
            found = found.tb_next
    return found


_adopted: dict[type, type] = {}
_counter = itertools.count()


def adopt(loader: Any, executor: Executor, order: int) -> Any:
    """*loader* as one that runs modules through *executor*; a loader adopted before is taken over.

    Only instances of `SourceLoader` subclasses with the usual ``exec_module`` can be adopted;
    others are returned as they are.
    """
    kind = type(loader)
    if not isinstance(loader, ReloadLoader):
        if kind not in _adopted:
            # The standard loaders inherit exec_module from a base that importlib.abc only mirrors.
            usual = getattr(kind, "exec_module", None)
            if not hasattr(kind, "source_to_code"):
                return loader  # loads bytecode only
            if usual is not importlib.machinery.SourceFileLoader.exec_module:
                from importlib.abc import SourceLoader  # slow to import, and seldom needed

                if not isinstance(loader, SourceLoader) or usual is not SourceLoader.exec_module:
                    return loader
            bases = (ReloadLoader, kind)
            _adopted[kind] = type(kind.__name__, bases, {"__module__": kind.__module__})
        adopted: Any = object.__new__(_adopted[kind])
        adopted.__dict__.update(vars(loader))
    else:
        adopted = loader
    adopted.executor = weakref.ref(executor)
    adopted.order = order
    return adopted


class ReloadFinder:
    """Gives the spec that the other finders give, with the project's own loader in it."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def install(self) -> None:
        """Stand before all other finders."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stand aside; what was imported keeps its loader."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The usual spec, with our loader if the module is the user's; see importlib."""
        spec = self._usual_spec(fullname, path, target)
        if target is not None:
            spec = self.executor.spec_for(fullname, spec)
        if spec is None or not spec.has_location or spec.origin is None:
            return spec
        if spec.loader is not None and self.executor.tracks(fullname, spec.origin):
            order = next(_counter)
            spec.loader = adopt(spec.loader, self.executor, order)
            if target is None:
                self.executor.started(fullname, order)
        return spec

    def _usual_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None
    ) -> ModuleSpec | None:
        """What the finders after this one say; those before it were asked already."""
        finders = sys.meta_path
        after = finders[finders.index(self) + 1 :] if self in finders else finders
        for finder in after:
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find is not None else None
            if spec is not None:
                return spec  # type: ignore[no-any-return]
        return None

    def usual_spec(self, name: str) -> ModuleSpec | None:
        """Where an import of *name* would find it now; runs nothing, imports no parents.

        None too where a parent is not a package.
        """
        parent = name.rpartition(".")[0]
        path = None
        if parent:
            spec = module_spec(sys.modules.get(parent)) or self.usual_spec(parent)
            path = getattr(spec, "submodule_search_locations", None)
            if path is None:
                return None
        try:
            return self._usual_spec(name, path, None)
        except Exception:  # noqa: BLE001  # finders of others may raise anything; no spec is the safe answer
            return None


def decoder(loader: Any) -> Any:
    """How a loader's bytes become source text: its ``decode_source`` if it has one, else PEP 263."""
    return getattr(loader, "decode_source", None) or importlib.util.decode_source


def show_parts(text: str, path: str) -> None:
    """Have tracebacks, inspect and debuggers show a text of parts for the file *path* and these."""
    if not isinstance(text, Text):
        return
    lines = text.split("\n")
    _show(path, lines[:-1])
    for part in text.parts:
        _show(part.filename, lines[part.lineno - 1 : part.lineno - 1 + part.length])


def show_source(source: Source) -> None:
    """Let tracebacks and `inspect` show *source*, which runs, until its file is saved again.

    `linecache` trusts an entry for as long as the file has the size and mtime that stand in it.
    """
    if source.parts:
        return  # shown as its code was moved to their lines
    try:
        stat = os.stat(source.path)
    except OSError:
        return
    lines = file_lines(source.text)
    linecache.cache[source.path] = (stat.st_size, stat.st_mtime, lines, source.path)


def _show(filename: str, lines: list[str]) -> None:
    shown = [f"{line}\n" for line in lines]
    # Without an mtime, linecache never asks the file, in which something else would be found.
    linecache.cache[filename] = (sum(map(len, shown)), None, shown, filename)


def read_source(loader: Any, path: str, *, warn: bool = False) -> tuple[Stamp | None, Source]:
    """The file's stamp, taken before its bytes are read, and the source they hold.

    With *warn*, Python's warnings are shown, as at an import.

    Raises:
        OSError: the file cannot be read.
        SourceError: it cannot be decoded or parsed.
    """
    stamp = stamp_of(path)
    source = Source.read(loader.get_data(path), path, decode=decoder(loader), warn=warn)
    source.loader = loader
    return stamp, source


def compile_statements(
    loader: Any, source: Source, statements: Iterable[Statement], *, merge_hook: bool = False
) -> types.CodeType:
    """Code of some statements of *source*, the same that they have in the whole module.

    *loader* compiles them if it is not known which one *source* was read by. *merge_hook*:
    functions of the module's own scope that have decorators get one more, innermost, which is
    looked up as `MERGE_HOOK` among the builtins.

    Raises:
        SourceError: a statement parses but does not compile (``return`` outside a function).
    """
    body: list[ast.stmt] = []
    whole = False
    for statement in statements:
        nodes = statement.parse()
        whole = whole or statement.fragment.kind in {"doc", "future"}
        body += nodes
    if merge_hook:
        insert_merge_hook(body)
    imports = source.imports()
    if not whole and body:
        hidden: ast.stmt | None = None
        if imports:
            hidden = ast.If(test=ast.Constant(0), body=list(imports), orelse=[])
        elif is_text(body[0]):
            hidden = ast.Pass()  # or it would be the docstring
        if hidden is not None:
            body.insert(0, _at_line(hidden, body[0].lineno))
    tree = ast.Module(body=body, type_ignores=[])
    tree.text = source.text  # type: ignore[attr-defined]  # for loaders, see Text
    return compile_tree(source.loader or loader, tree, source.path, source.flags)


def _at_line(node: ast.stmt, lineno: int) -> ast.stmt:
    """A statement that no source holds, and its test, where they have no width."""
    for new in (node, getattr(node, "test", node)):
        new.lineno = new.end_lineno = lineno
        new.col_offset = new.end_col_offset = 0
    return node


def compile_tree(loader: Any, tree: ast.Module, path: str, flags: int) -> types.CodeType:
    """Compile through the loader where it has a say in the code, as import hooks do.

    Raises:
        SourceError: the tree does not compile.
    """
    to_code = getattr(loader, "source_to_code", None)
    code: types.CodeType
    try:
        if to_code is None or _is_usual(loader):
            code = compile(tree, path, "exec", flags=flags, dont_inherit=True)
            return code
        if flags and not _has_future(tree):
            names = [
                name
                for name in __future__.all_feature_names
                if getattr(__future__, name).compiler_flag & flags
            ]
            future = ast.ImportFrom(
                module="__future__", names=[ast.alias(name) for name in names], level=0
            )
            ast.fix_missing_locations(ast.Module(body=[future], type_ignores=[]))
            tree.body.insert(0, future)
        code = to_code(tree, path)
        return code
    except SyntaxError as error:
        raise SourceError(
            f"{type(error).__name__}: {error.msg}",
            path=place_of_error(error, path),
            lineno=error.lineno or 0,
            colno=error.offset or 0,
            line=(error.text or "").rstrip("\n"),
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"{type(error).__name__}: {error}", path=path) from error


def _is_usual(loader: Any) -> bool:
    """Does the loader compile as importlib does?"""
    method = getattr(type(loader), "source_to_code", None)
    return method is importlib.machinery.SourceFileLoader.source_to_code


def _has_future(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body
    )


def insert_merge_hook(body: Iterable[ast.stmt]) -> None:
    """Give each decorated function of the module's own scope one more decorator, the innermost."""
    for node in scope_nodes(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            last = node.decorator_list[-1]
            hook = ast.copy_location(ast.Name(id=MERGE_HOOK, ctx=ast.Load()), last)
            node.decorator_list.append(hook)
