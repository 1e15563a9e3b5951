"""A module in miniature: its source runs, is edited and runs again, and the patcher merges."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reloadmagic.patch import Made, Patcher, references
from reloadmagic.patch.kept import NOTHING_KEPT
from reloadmagic.transaction import Transaction


class Edited:
    """A module whose source can be edited; attributes are its names."""

    def __init__(self, source: str, name: str) -> None:
        self._module = types.ModuleType(name)
        sys.modules[name] = self._module
        for _ in self._run(source):
            pass
        self.leftovers: list[str] = []
        self.transaction = Transaction()

    def __getattr__(self, name: str) -> Any:
        return vars(self._module)[name]

    def _run(self, source: str) -> Iterator[set[str]]:
        """Run *source*; after each statement, the names that it bound anew."""
        namespace = vars(self._module)
        for statement in ast.parse(source).body:
            before = dict(namespace)
            block = ast.Module([statement], [])
            code = compile(block, f"{self._module.__name__}.py", "exec", dont_inherit=True)
            exec(code, namespace)
            yield {n for n, v in namespace.items() if v is not before.get(n)} - {"__builtins__"}

    def edit(self, source: str, *, commit: bool = True, within=(), kept=NOTHING_KEPT) -> Any:
        """Run *source* as the engine would, one merge for each name that was bound before."""
        namespace = vars(self._module)
        before = dict(namespace)
        with Made() as made:
            self.transaction = Transaction("test")
            self.transaction.snapshot(namespace)
            patcher = Patcher(
                self.transaction, tracked=lambda name: name == self._module.__name__, made=made
            )
            for bound in self._run(source):
                for name in bound & before.keys():
                    stays = patcher.merge(before[name], namespace[name], kept)
                    self.transaction.set_item(namespace, name, stays)
            patcher.redirect_in(within)
            self.leftovers = patcher.finish()
            if commit:
                self.transaction.commit()
                made.collect()
        return self

    def rollback(self) -> None:
        self.transaction.rollback()


@pytest.fixture
def module(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Edited]]:
    """Makes an `Edited` module of a source."""
    name = f"mod_{abs(hash(request.node.nodeid))}"

    def make(source: str) -> Edited:
        return Edited(source, name)

    yield make
    sys.modules.pop(name, None)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each pass over the heap."""
    seen: list[int] = []
    search = references.holders

    def counted(targets: list[object]) -> list[Any]:
        seen.append(len(targets))
        return search(targets)

    monkeypatch.setattr(references, "holders", counted)
    return seen
