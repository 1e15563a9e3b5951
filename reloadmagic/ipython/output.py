"""Where output goes: rich where the front end shows HTML, plain text elsewhere.

stdout is the cell's own output; stderr, which front ends paint red, is never written to.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.displaypub import DisplayPublisher

if TYPE_CHECKING:
    from reloadmagic.engine import Slow
    from reloadmagic.report import Report

__all__ = ["RunningLine", "show", "show_text"]


def show(shell: Any, report: Report, *, details: bool = False) -> None:
    """Show *report* above the cell's own output; with *details*, all of it."""
    if _is_rich(shell):
        # Not display(): that speaks to the process's one shell, which need not be this one.
        shell.display_pub.publish(report.mimebundle(details=details))
    else:
        show_text(report.details() if details else str(report))


class RunningLine:
    """The line that says which statement a reload waits for, updated in place.

    Called from another thread than the cell's. A stream that is no terminal gets none.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._display = ""
        self._width = 0

    def __call__(self, slow: Slow) -> None:
        """Show *slow*, in place of what was shown of it before."""
        from reloadmagic.report.words import running_line

        line = running_line(slow)
        if _is_rich(self._shell):
            self._publish(line)
        elif sys.stdout.isatty():
            self._write(line, is_done=slow.is_done)
        if slow.is_done:
            self._display, self._width = "", 0

    def _publish(self, line: str) -> None:
        is_new = not self._display
        if is_new:
            self._display = os.urandom(16).hex()
        transient = {"display_id": self._display}
        bundle = {"text/plain": line}
        self._shell.display_pub.publish(bundle, transient=transient, update=not is_new)

    def _write(self, line: str, *, is_done: bool) -> None:
        # Cut, as a line that wraps cannot be written over.
        line = line[: shutil.get_terminal_size().columns - 1]
        rest = self._width - len(line)
        self._width = len(line)
        show_text(f"\r{line}{' ' * rest}", end="\n" if is_done else "")
        sys.stdout.flush()


def _is_rich(shell: Any) -> bool:
    """Terminals ask for plain text alone, and IPython's own publisher prints no more than that."""
    is_heard = type(shell.display_pub) is not DisplayPublisher
    return is_heard and "text/html" in shell.display_formatter.active_types


def show_text(text: str, *, end: str = "\n") -> None:
    """Print *text*, in ASCII where the stream cannot do better."""
    try:
        print(text, end=end)  # noqa: T201
    except UnicodeEncodeError:
        plain = text.replace("→", "->").replace("·", "-").replace("…", "...")
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        print(plain.encode(encoding, "replace").decode(encoding), end=end)  # noqa: T201
