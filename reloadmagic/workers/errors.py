"""What can go wrong between a client and its workers."""

from __future__ import annotations

from reloadmagic.errors import ReloadMagicError

__all__ = ["WorkersError"]


class WorkersError(ReloadMagicError):
    """Workers that cannot be attached, or that do not understand; the message says what to do."""
