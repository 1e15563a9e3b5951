"""The garbage collector, paused while much is made and little is thrown away."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["collector_paused"]


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Within it, no garbage is collected.

    There is little to find in what imports, syntax trees and summaries are made of, and going
    through all that a session holds, again and again, takes longer than making them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
