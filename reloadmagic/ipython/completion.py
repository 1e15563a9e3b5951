"""Tab after our commands: their options, and names of modules, definitions and patterns.

By a matcher of IPython's second completion API where there is one, from 8.6 on: what it finds is
not mixed with what others guess, and front ends are told what is a module. Before that by the
`complete_command` hook.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core import completer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Completion"]

_HOOK = "complete_command"
# A line that begins with a command: ``%reload_diff sha``, ``reload_diff sha``, ``d = %reload_diff s``
_LINE = r"\s*(?:%{0,2}|[\w, ]+=\s*%)(?P<command>\w+)\s"


class Completion:
    """Completes what comes after the commands *words*, each with what gives its words.

    *options* gives those of a command, *is_module* tells modules among the words.
    """

    def __init__(
        self,
        shell: Any,
        words: Mapping[str, Callable[[], Iterable[str]]],
        options: Callable[[str], Iterable[str]],
        is_module: Callable[[str], bool],
    ) -> None:
        self._shell = shell
        self._words = words
        self._options = options
        self._is_module = is_module
        self._matcher = self._as_matcher() if _has_matchers(shell) else None

    def register(self) -> None:
        """Ask us from now on."""
        if self._matcher is not None:
            self._shell.Completer.custom_matchers.append(self._matcher)
            return
        for name in self._words:
            for prefix in ("", "%", "%%"):
                self._shell.set_hook(_HOOK, self._as_hook(), str_key=prefix + name)

    def unregister(self) -> None:
        """Ask us no more; other completers of the same commands stay."""
        if self._matcher is not None:
            matchers = self._shell.Completer.custom_matchers
            matchers[:] = [matcher for matcher in matchers if matcher is not self._matcher]
            return
        table = self._shell.strdispatchers[_HOOK].strs
        for key in [prefix + name for name in self._words for prefix in ("", "%", "%%")]:
            chain = table.get(key)
            if chain is None:
                continue
            chain.chain[:] = [entry for entry in chain.chain if not self._is_ours(entry[1])]
            if not chain.chain:
                del table[key]

    def _as_matcher(self) -> Any:
        """A function of the second API."""

        @completer.context_matcher(identifier="reloadmagic")  # type: ignore[untyped-decorator]
        def complete(context: Any) -> dict[str, Any]:
            found = self._complete(context.text_until_cursor, context.token)
            typed = [completer.SimpleCompletion(word, type=self._kind(word)) for word in found]
            return {"completions": typed, "suppress": bool(typed)}

        return complete

    def _as_hook(self) -> Callable[..., list[str]]:
        """A plain function, as IPython makes a method of the shell's of it."""

        def complete(shell: Any, event: Any) -> list[str]:  # noqa: ARG001
            return self._complete(event.text_until_cursor, event.symbol)

        complete.__dict__["reloadmagic"] = self
        return complete

    def _is_ours(self, hook: Any) -> bool:
        function = getattr(hook, "__func__", hook)
        return vars(function).get("reloadmagic") is self if hasattr(function, "__dict__") else False

    def _complete(self, line: str, token: str) -> list[str]:
        """Options after a dash, else words; none that stand on the line already.

        *line* ends at the cursor, with *token*.
        """
        match = re.match(_LINE, line)
        if match is None or match["command"] not in self._words:
            return []
        name = match["command"]
        given = set(line[match.end() :].split()) - {token}
        words = self._options(name) if token.startswith("-") else self._words[name]()
        return [word for word in words if word.startswith(token) and word not in given]

    def _kind(self, word: str) -> str:
        if word.startswith("-"):
            return "param"
        return "module" if self._is_module(word) else "instance"


def _has_matchers(shell: Any) -> bool:
    return hasattr(completer, "context_matcher") and hasattr(shell.Completer, "custom_matchers")
