"""The first run of a module: all of it, remembering what each statement bound."""

from __future__ import annotations

import linecache
import threading
import types
import weakref
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from ..compiling import compile_statements, compile_tree, insert_merge_hook, read_source, show_parts
from ..errors import SourceError
from ..live import OwnReference, hold
from ..loader import ReloadLoader
from ..modules import TrackedModule, module_namespace, module_spec
from ..notes import own_names, unexplained
from ..source import Source, Statement
from ..stamps import stamp_of
from .loggers import attaching
from .recorder import Recorder, hooked
from .stars import note_stars

if TYPE_CHECKING:
    from .arrivals import Arrival
    from .engine import Engine

__all__ = ["as_import_error", "importing"]


@contextmanager
def importing(
    engine: Engine, module: types.ModuleType, loader: ReloadLoader, order: int
) -> Iterator[Iterator[types.CodeType]]:
    """The code of all of *module*; remembers what ran and what it left behind.

    Raises:
        whatever reading, compiling or running the module raises, as an import would.
    """
    name, namespace = module.__name__, module_namespace(module)
    spec = module_spec(module)
    assert namespace is not None
    assert spec is not None
    path = str(spec.origin)
    if engine.running is not None:
        engine.imported.append((name, threading.get_ident(), path, stamp_of(path)))
    try:
        stamp, source = read_source(loader, path, warn=True)
    except SourceError as error:
        raise as_import_error(error) from None
    tracked = TrackedModule(name, path, weakref.ref(module), order, stamp, source)
    engine.watch.enter_import()
    was = engine.tracked.get(name)
    engine.tracked[name] = tracked
    try:
        arrival = None if engine.running is None else engine.running.meet(tracked)
        codes = run_first(tracked, source, loader, namespace, arrival)
        with attaching(tracked, engine.tracked), closing(codes):
            yield codes
        if engine.running is not None:
            engine.running.leave(name, source)
    except BaseException:
        if was is None:
            engine.tracked.forget(name)
        else:
            engine.tracked[name] = was
        raise
    finally:
        engine.watch.leave_import()
    if namespace.get("__reload__") is False:
        engine.tracked.forget(name)
        return
    note_stars(tracked, source, engine.tracked.source_of)
    tracked.unexplained = unexplained(namespace, source, tracked.stars.values())
    engine.marks.note(tracked, source, range(len(source.statements)), {})
    engine.watch.add(tracked, own_names(namespace, source, tracked.stars.values()))
    if arrival is not None:
        arrival.keep_notes()


def run_first(
    tracked: TrackedModule,
    source: Source,
    loader: ReloadLoader,
    namespace: dict[str, Any],
    arrival: Arrival | None,
) -> Generator[types.CodeType, None, None]:
    """The code of a whole source, in parts that end where a name is bound that will be again.

    *arrival* is told of the statements that are to be parts of their own.
    """
    alone = frozenset() if arrival is None else arrival.alone
    raw: dict[int, Any] = {}

    def made(function: Any) -> Any:
        raw[source.line_of(function.__code__)] = function
        return function

    bound: list[dict[str, weakref.ref[Any]]] = []
    linecache.cache.pop(source.path, None)  # what ran before may be shown for the file
    show_parts(source.text, source.path)
    try:
        for code, part in _parts(source, loader, alone):
            if arrival is not None:
                arrival.reach(len(bound))
            past = dict(namespace) if alone else {}
            late = nullcontext() if arrival is None else arrival.running(len(bound))
            with hooked(namespace, made), late:
                yield code
            if arrival is not None and len(bound) in alone:
                recorder = Recorder(namespace)
                recorder.note_unseen(past)
                arrival.see(len(bound), recorder)
            bound += [hold(statement.binds, namespace) for statement in part]
        if arrival is not None:
            arrival.reach(len(bound))
    except SourceError as error:
        raise as_import_error(error) from None
    for held, statement in zip(bound, source.statements, strict=True):
        if raw and "@" in statement.fragment.text:
            for line in range(statement.lineno, statement.end_lineno + 1):
                if line in raw:
                    held["@" + raw[line].__qualname__] = OwnReference(raw[line])
    tracked.bound = bound


def _parts(
    source: Source, loader: ReloadLoader, alone: Collection[int]
) -> Iterator[tuple[types.CodeType, Sequence[Statement]]]:
    """The code to run, with the statements that it is of: of all at once, if nothing stops it.

    Those at the positions *alone* are parts of their own.
    """
    stops = sorted({*_stops(source), *alone, *(number - 1 for number in alone)} - {-1})
    if not stops:
        yield _whole_code(loader, source), source.statements
        return
    start = 0
    for stop in [*stops, len(source.statements) - 1]:
        part = source.statements[start : stop + 1]
        if part:
            yield compile_statements(loader, source, part, merge_hook=True), part
        start = stop + 1


def _stops(source: Source) -> list[int]:
    """The statements after which to look at what a name holds, as another will bind it too."""
    counts = Counter(name for statement in source.statements for name in statement.binds)
    return [
        number
        for number, statement in enumerate(source.statements)
        if statement.fragment.kind != "import" and any(counts[name] > 1 for name in statement.binds)
    ]


def as_import_error(error: SourceError) -> BaseException:
    """What an import raises for a source that cannot be read or parsed."""
    # What was shown there before is not what the error is in; IPython would show it all the same.
    linecache.cache.pop(error.path, None)
    cause = error.__cause__ or error
    return cause.with_traceback(None)


def _whole_code(loader: ReloadLoader, source: Source) -> types.CodeType:
    tree = source.take_tree()
    if "@" in source.text:
        insert_merge_hook(tree.body)
    return compile_tree(loader, tree, source.path, 0)
