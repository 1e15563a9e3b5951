"""What files look like from outside, and what tells their bytes apart.

In come paths and bytes; out go stamps, which one ``stat`` gives, and digests. Nothing is opened
here.
"""

from __future__ import annotations

import os

try:
    from _blake2 import blake2b  # without OpenSSL, which hashlib loads
except ImportError:
    from hashlib import blake2b

__all__ = ["Stamp", "content_digest", "stamp_of"]

Stamp = tuple[int, int, int, int]
"""What a file looks like from outside: ``(mtime_ns, size, inode, ctime_ns)``.

Compared with ``!=``, as clocks run backwards too. Whoever restores a file's mtime cannot restore its
ctime; on Windows that is the time of its creation and tells nothing new.
"""


def stamp_of(path: str) -> Stamp | None:
    """The stamp of the file at *path* (links followed), None if it is not there."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino, stat.st_ctime_ns


def content_digest(data: bytes) -> bytes:
    """16 bytes that are the same for the same *data* and, to all intents, for no other."""
    return blake2b(data, digest_size=16).digest()
