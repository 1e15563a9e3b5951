"""Cached bytecode, which lags an edit that leaves whole-second mtime and size as they were.

In come a module's spec and the stamp of its file; out goes whether the bytecode was made of what
the file holds. Nothing is imported; the only file that is ever touched is the cache's own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec

from .modules import TrackedModule, module_spec
from .stamps import Stamp

__all__ = ["drop_stale_bytecode", "was_edited_since_import"]

HEADER = 16


def was_edited_since_import(spec: ModuleSpec, stamp: Stamp | None) -> bool | None:
    """Does cached bytecode show that the file, which looks like *stamp*, is not what was imported?

    None if it does not tell. False means too that the file's bytes have been compiled before.
    """
    cached = _cached(spec)
    if stamp is None or cached is None:
        return None
    recorded, written = cached
    is_within_the_second = written // 10**9 == stamp[0] // 10**9 and written < stamp[0]
    if recorded == _recorded(stamp) and not is_within_the_second:
        return False
    return None if sys.dont_write_bytecode else True


def drop_stale_bytecode(modules: Iterable[TrackedModule]) -> None:
    """Remove what a new process would take for the sources of *modules*, which were edited."""
    for module in modules:
        spec, stamp = module_spec(module.reference()), module.stamp
        cached = _cached(spec) if spec is not None and stamp is not None else None
        if spec is None or stamp is None or cached is None:
            continue
        if cached[0] == _recorded(stamp) and spec.cached:
            with contextlib.suppress(OSError):
                os.unlink(spec.cached)


def _recorded(stamp: Stamp) -> tuple[int, int]:
    """What bytecode records of a file that looks like *stamp* (PEP 552)."""
    return stamp[0] // 10**9 & 0xFFFFFFFF, stamp[1] & 0xFFFFFFFF


def _cached(spec: ModuleSpec) -> tuple[tuple[int, int], int] | None:
    """What cached bytecode records of its source, and its own mtime in nanoseconds."""
    try:
        path = spec.cached
        if not path:
            return None
        with open(path, "rb") as file:
            header = file.read(HEADER)
            written = os.fstat(file.fileno()).st_mtime_ns
    except (OSError, ValueError):
        return None
    if len(header) < HEADER or header[:4] != importlib.util.MAGIC_NUMBER:
        return None
    if int.from_bytes(header[4:8], "little"):
        return None  # validated by hash
    recorded = int.from_bytes(header[8:12], "little"), int.from_bytes(header[12:16], "little")
    return recorded, written
