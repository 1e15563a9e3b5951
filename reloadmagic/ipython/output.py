"""Where output goes: rich where the front end shows HTML, plain text elsewhere.

stdout is the cell's own output; stderr, which front ends paint red, is never written to.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reloadmagic.report import Report

__all__ = ["show", "show_text"]


def show(shell: Any, report: Report, *, details: bool = False) -> None:
    """Show *report* above the cell's own output; with *details*, all of it."""
    if _is_rich(shell):
        # Not display(): that speaks to the process's one shell, which need not be this one.
        shell.display_pub.publish(report.mimebundle(details=details))
    else:
        show_text(report.details() if details else str(report))


def _is_rich(shell: Any) -> bool:
    """Terminals ask for plain text alone."""
    return "text/html" in shell.display_formatter.active_types


def show_text(text: str) -> None:
    """Print *text*, in ASCII where the stream cannot do better."""
    try:
        print(text)  # noqa: T201
    except UnicodeEncodeError:
        plain = text.replace("→", "->").replace("·", "-").replace("…", "...")
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        print(plain.encode(encoding, "replace").decode(encoding))  # noqa: T201
