"""Tab after our commands: their options, and names of modules, definitions and patterns.

By IPython's `complete_command` hook, which all versions from 7.34 on ask, with and without the
percent sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Completion"]

_HOOK = "complete_command"


class Completion:
    """Completes what comes after the commands *words*, each with what gives its words."""

    def __init__(
        self,
        shell: Any,
        words: Mapping[str, Callable[[], Iterable[str]]],
        options: Callable[[str], Iterable[str]],
    ) -> None:
        self._shell = shell
        self._words = words
        self._options = options
        self._hook = self._complete  # bound once, to be found again by identity

    def register(self) -> None:
        """Ask us from now on."""
        for name in self._words:
            for prefix in ("", "%", "%%"):
                self._shell.set_hook(_HOOK, self._as_hook(), str_key=prefix + name)

    def unregister(self) -> None:
        """Ask us no more; other completers of the same commands stay."""
        table = self._shell.strdispatchers[_HOOK].strs
        for key in [prefix + name for name in self._words for prefix in ("", "%", "%%")]:
            chain = table.get(key)
            if chain is None:
                continue
            chain.chain[:] = [entry for entry in chain.chain if not self._is_ours(entry[1])]
            if not chain.chain:
                del table[key]

    def _as_hook(self) -> Callable[..., list[str]]:
        """A plain function, as IPython makes a method of the shell's of it."""

        def complete(shell: Any, event: Any) -> list[str]:  # noqa: ARG001
            return self._hook(event)

        complete.__dict__["reloadmagic"] = self
        return complete

    def _is_ours(self, hook: Any) -> bool:
        function = getattr(hook, "__func__", hook)
        return vars(function).get("reloadmagic") is self if hasattr(function, "__dict__") else False

    def _complete(self, event: Any) -> list[str]:
        """Options after a dash, else words; none that stand on the line already."""
        name = event.command.lstrip("%")
        given = set(event.line.split()[1:]) - {event.symbol}
        words = self._options(name) if event.symbol.startswith("-") else self._words[name]()
        return [word for word in words if word.startswith(event.symbol) and word not in given]
