"""Any callable that gets a function called on workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .attachment import Answer, Receive

__all__ = ["Plain"]


class Plain:
    """Workers behind ``broadcast(function, payload) -> {worker: reply}``.

    Exceptions may stand for replies; a `TimeoutError` is a worker that has not answered in time,
    for which the callable sees itself.
    """

    kind = "workers"

    def __init__(self, broadcast: Callable[[Receive, Any], Mapping[Any, Answer]]) -> None:
        self._broadcast = broadcast

    def has_newcomers(self) -> bool:
        """Nobody knows."""
        return False

    def broadcast(
        self,
        function: Receive,
        payload: Mapping[str, Any],
        timeout: float,  # noqa: ARG002
    ) -> Mapping[str, Answer]:
        """See `Transport`."""
        return {str(k): answer for k, answer in self._broadcast(function, payload).items()}

    def welcome(self, payload: Mapping[str, Any], timeout: float) -> None:
        """Those that join later get what they lack at the next reload."""

    def close(self, timeout: float) -> None:
        """Nothing is kept."""
