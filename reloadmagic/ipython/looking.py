"""The commands that look on: they answer, and reload and change nothing."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from .commands import Commands, argument, parsed, with_arguments

if TYPE_CHECKING:
    from .status import Status
    from .views import DiffsView, ExplanationView, GraphView, History, StaleCells

__all__ = ["Looking"]


@magics_class
class Looking(Commands):
    """Status, explanations, diffs, the graph, the history and stale cells."""

    @with_arguments
    @line_magic
    def reload_status(self, line: str) -> Status:
        """What is tracked, what is stale or failed, what is left alone and why."""
        from .status import status

        parsed(self.reload_status, line)
        return status(self.main.reloader, self.main.mode)

    @with_arguments
    @argument("name", metavar="NAME", help="a module, such as pkg.mod, or a definition in one")
    @line_magic
    def reload_explain(self, line: str) -> ExplanationView:
        """Why a module or definition was, was not or would be reloaded, and what it reaches.

        ``%reload_explain pkg.mod`` tells of a module, ``%reload_explain pkg.mod.Circle.grow`` of a
        definition. A name that a cell imported, an instance, or the end of a full name will do.
        """
        from reloadmagic.explain import UnknownName, explain

        from .views import ExplanationView

        arguments = parsed(self.reload_explain, line)
        try:
            return ExplanationView(explain(self.main.reloader, arguments.name))
        except UnknownName as error:
            raise UsageError(str(error)) from None

    @with_arguments
    @argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a module or a definition; all that is stale by default",
    )
    @line_magic
    def reload_diff(self, line: str) -> DiffsView:
        """The source that last ran against the file, for all that is stale or for NAME."""
        from reloadmagic.explain import source_diffs

        from .views import DiffsView

        arguments = parsed(self.reload_diff, line)
        module, definition = self._find(arguments.name) if arguments.name else (None, "")
        return DiffsView(source_diffs(self.main.reloader, module, definition))

    @with_arguments
    @argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="only this module, what it imports and what imports it",
    )
    @line_magic
    def reload_graph(self, line: str) -> GraphView:
        """Your modules and who imports whom; what is stale, reached or failed is marked."""
        from reloadmagic.explain import module_graph

        from .views import GraphView

        arguments = parsed(self.reload_graph, line)
        module = self._find(arguments.name)[0] if arguments.name else None
        return GraphView(module_graph(self.main.reloader, module))

    @with_arguments
    @argument("-v", "--verbose", action="store_true", help="tell all that each reload did")
    @argument("number", nargs="?", type=int, metavar="N", help="only reload N, with all it did")
    @line_magic
    def reload_history(self, line: str) -> History:
        """What the reloads of this session did, the newest last."""
        from .views import History

        arguments = parsed(self.reload_history, line)
        reports = list(enumerate(self.main.reloader.history, 1))
        if arguments.number is not None:
            reports = [(n, report) for n, report in reports if n == arguments.number]
            if not reports:
                raise UsageError(
                    f"There is no reload {arguments.number}. %reload_history lists them."
                )
        return History(tuple(reports), verbose=arguments.verbose or arguments.number is not None)

    @with_arguments
    @line_magic
    def reload_cells(self, line: str) -> StaleCells:
        """The cells that used what has changed since they ran. Nothing runs them but you."""
        from .views import StaleCells

        parsed(self.reload_cells, line)
        return StaleCells(self.main.hook.cells().stale())

    def _find(self, name: str) -> tuple[str, str]:
        """The module and the definition that *name* means.

        Raises:
            UsageError: it means nothing that is tracked.
        """
        from reloadmagic.explain.finding import UnknownName, find_name

        reloader: Any = self.main.reloader
        reloader.changes()
        try:
            return find_name(reloader, name)
        except UnknownName as error:
            raise UsageError(str(error)) from None
