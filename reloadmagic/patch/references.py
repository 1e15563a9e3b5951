"""References: who holds an object that another one has replaced is given the other.

First the containers the caller knows, then, at the end of a reload and only if somebody still
holds one, the whole heap, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reloadmagic.patch.patcher import Patcher


def redirect_in(patcher: Patcher, containers: Iterable[object]) -> None:
    pass


def redirect_everywhere(patcher: Patcher) -> None:
    pass
