"""ipyparallel: engines are called through their own queues, so a busy one follows when its task is
done, and before what is given to it after.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ipyparallel import Client, DirectView

from .attachment import Answer, Receive

__all__ = ["IPyParallel"]


class IPyParallel:
    """The engines of an `ipyparallel.Client`, or those of a `DirectView`.

    A view of all engines that there are means those that register later, too.
    """

    kind = "ipyparallel"

    def __init__(self, client: Client | DirectView) -> None:
        self._targets: list[int] | None = None
        if isinstance(client, DirectView):
            targets = client.targets
            if isinstance(targets, int):
                targets = [targets]
            if targets != "all" and list(targets) != client.client.ids:
                self._targets = list(targets)
            client = client.client
        self._client = client
        self._told: set[int] = set()

    def _ids(self) -> list[int]:
        ids: list[int] = self._client.ids
        return ids if self._targets is None else [i for i in ids if i in self._targets]

    def has_newcomers(self) -> bool:
        """See `Transport`."""
        return not self._told.issuperset(self._ids())

    def broadcast(
        self, function: Receive, payload: Mapping[str, Any], timeout: float
    ) -> Mapping[str, Answer]:
        """See `Transport`."""
        ids = self._ids()
        self._told.update(ids)
        asked = {i: self._client[i].apply_async(function, dict(payload)) for i in ids}
        deadline = time.monotonic() + timeout
        return {f"engine {i}": _answer(result, deadline) for i, result in asked.items()}

    def welcome(self, payload: Mapping[str, Any], timeout: float) -> None:
        """They are called when they are seen, before the next cell."""

    def close(self, timeout: float) -> None:
        """Nothing is kept."""


def _answer(result: Any, deadline: float) -> Answer:
    result.wait(max(deadline - time.monotonic(), 0))
    if not result.ready():
        return TimeoutError("it does not answer")
    try:
        answer: Answer = result.get(timeout=0)
    except Exception as error:  # noqa: BLE001  # whatever was raised there
        return error
    return answer
