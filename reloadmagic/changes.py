"""Which files differ from what last ran.

In come tracked modules; out go `Change`s. First the stamps, then the bytes, then the text: only a
change of bytes is a change. Nothing is imported and nothing runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Literal, NamedTuple

from .compiling import decoder
from .errors import SourceError, describe
from .loader import reads_as_usual
from .modules import COMPILED, TrackedModule, module_spec
from .source import Source
from .stamps import Stamp, stamp_of

__all__ = ["Change", "change_to", "find_change", "read_if_alike"]

Kind = Literal["modified", "touched", "deleted", "moved", "unreadable", "opaque"]


class Change(NamedTuple):
    """A file that is not what it was.

    Attributes:
        module: absolute name.
        path: the file, where it is now.
        kind: ``modified``; ``touched`` (other stamp, same bytes); ``deleted`` (not there);
            ``moved`` (the module is found in another file now); ``unreadable`` (it cannot be
            read, decoded or parsed); ``opaque`` (changed, and only a restart can load it).
        before: the source that last ran, None if unknown.
        after: the source as it is now, None for deleted, unreadable and opaque ones.
        error: for unreadable ones, what is wrong.
        stamp: of the file as it was read.
        data: the bytes that were read, None if none were.
    """

    module: str
    path: str
    kind: Kind
    before: Source | None = None
    after: Source | None = None
    error: SourceError | None = None
    stamp: Stamp | None = None
    data: bytes | None = None

    def __str__(self) -> str:
        return f"{self.module} {self.kind} ({os.path.basename(self.path)})"


Stale = list[tuple[TrackedModule, "Stamp | None"]]
"""Modules whose file has another stamp than when it was last read, with that stamp.

It is None where the file is not there.
"""


def read_if_alike(tracked: TrackedModule, stamp: Stamp | None) -> tuple[Stamp, bytes] | None:
    """What the module's file looks like, *stamp*, and its bytes, if they may be those that last ran.

    None where the stamp shows that they are not, and where `find_change` has to look closer.
    """
    source = tracked.source
    if stamp is None or source is None or not source.data or stamp[1] != len(source.data):
        return None
    spec = module_spec(tracked.module)
    try:
        return None if spec is None else (stamp, _bytes(spec.loader, tracked.path, stamp))
    except OSError:
        return None


def find_change(
    tracked: TrackedModule,
    find_spec: Callable[[str], ModuleSpec | None],
    known: tuple[Stamp, bytes] | None = None,
) -> Change:
    """What became of a module's file; *find_spec* says where an import would find it now.

    *known* is what the file holds, if it was read just now, and what it looked like.
    """
    path = tracked.path
    if known is not None:
        spec = module_spec(tracked.reference())
        loader = spec.loader if spec is not None else None
        return _compare(tracked, path, "modified", known[0], loader, known[1])
    stamp = stamp_of(path)
    kind: Kind = "modified"
    if stamp is None:
        spec = find_spec(tracked.name)
        if spec is None or not spec.has_location or spec.origin in {None, path}:
            return Change(tracked.name, path, "deleted", tracked.source)
        assert spec.origin is not None
        path, kind = spec.origin, "moved"
        stamp = stamp_of(path)
        loader = spec.loader
    else:
        found = module_spec(tracked.reference())
        loader = found.loader if found is not None else None
    if tracked.opaque:
        return Change(tracked.name, path, "opaque", stamp=stamp)
    return _read(tracked, path, kind, stamp, loader)


def _read(
    tracked: TrackedModule, path: str, kind: Kind, stamp: Stamp | None, loader: object
) -> Change:
    try:
        data = _bytes(loader, path, stamp)
    except OSError as error:
        unreadable = SourceError(describe(error), path=path, module=tracked.name)
        return Change(
            tracked.name, path, "unreadable", tracked.source, error=unreadable, stamp=stamp
        )
    return _compare(tracked, path, kind, stamp, loader, data)


def change_to(
    tracked: TrackedModule, data: bytes, find_spec: Callable[[str], ModuleSpec | None]
) -> Change:
    """The change to the source *data*, whatever the module's file holds.

    *find_spec* is asked where the module is now, in case it has become a package or is none now,
    or came out of an archive.
    """
    if tracked.opaque == COMPILED:
        return Change(tracked.name, tracked.path, "opaque", stamp=tracked.stamp)
    path = tracked.path
    kind: Kind = "modified"
    spec, found = find_spec(tracked.name), module_spec(tracked.reference())
    if (
        spec is not None
        and spec.origin
        and (tracked.opaque or _is_package(spec) != _is_package(found))
    ):
        path, kind, found = spec.origin, "moved", spec
    # The stamp stays that of the file, of which nothing is said here.
    return _compare(tracked, path, kind, tracked.stamp, found.loader if found else None, data)


def _is_package(spec: ModuleSpec | None) -> bool:
    return spec is not None and spec.submodule_search_locations is not None


def _compare(
    tracked: TrackedModule,
    path: str,
    kind: Kind,
    stamp: Stamp | None,
    loader: object,
    data: bytes,
) -> Change:
    """What *data* is, held against the source that last ran."""
    was = tracked.source
    if was is not None and was.data == data and kind != "moved":
        return Change(tracked.name, path, "touched", was, was, None, stamp, data)
    try:
        source = Source.read(data, path, previous=was, decode=decoder(loader))
    except SourceError as error:
        error.module = tracked.name
        return Change(tracked.name, path, "unreadable", was, None, error, stamp, data)
    source.loader = loader
    return Change(tracked.name, path, kind, was, source, None, stamp, data)


def _bytes(loader: object, path: str, stamp: Stamp | None) -> bytes:
    get_data = getattr(loader, "get_data", None)
    if get_data is not None and not reads_as_usual(get_data):
        data: bytes = get_data(path)
        return data
    return _read_file(path, 0 if stamp is None else stamp[1])


_READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def _read_file(path: str, size: int) -> bytes:
    """As importlib reads it, in a third of the system calls where the file has *size* bytes."""
    file = os.open(path, _READING)
    try:
        data = os.read(file, size + 1)
        if len(data) != size:
            with open(file, "rb", closefd=False) as rest:
                data += rest.read()
    finally:
        os.close(file)
    return data
