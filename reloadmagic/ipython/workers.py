"""The command for workers: attach a client by its name, look at its workers, let go of them."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from reloadmagic.errors import describe

from .commands import Commands, argument, parsed, said, with_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .views import Said
    from .workers_view import WorkersView

__all__ = ["Workers"]


@magics_class
class Workers(Commands):
    """Workers that follow the session's reloads."""

    @with_arguments
    @argument(
        "client", nargs="?", metavar="CLIENT", help="what holds the workers, by its name here"
    )
    @argument("-d", "--detach", action="store_true", help="let go of CLIENT, or of all")
    @line_magic
    def reload_workers(self, line: str) -> Said | WorkersView:
        """Have workers run the edited code too: after each reload, before the cell runs.

        CLIENT is the notebook's name for a dask or an ipyparallel client, a ProcessPoolExecutor,
        an executor of loky's, joblib, or a function broadcast(function, payload) that returns
        replies by worker. Their objects stay, as here. Without an argument, show which worker has
        which version.
        """
        from .workers_view import workers_view

        arguments = parsed(self.reload_workers, line)
        if arguments.detach:
            return self._detach(arguments.client)
        if arguments.client is None:
            return workers_view(self.main.reloader.attachments)
        from reloadmagic.workers import WorkersError

        client = self._named(arguments.client)
        try:
            attachment = self.main.reloader.attach(client, name=arguments.client)
        except WorkersError as error:
            raise UsageError(str(error)) from None
        lines = [*attachment.first.notes, *attachment.first.troubles]
        return said("\n".join(lines) or f"{attachment.name}: no workers yet; those to come follow")

    def _detach(self, name: str | None) -> Said:
        from .workers_view import NOTHING

        reloader = self.main.reloader
        gone = [a for a in reloader.attachments if name in {None, a.name}]
        if name is not None and not gone:
            names = ", ".join(a.name for a in reloader.attachments) or "nothing"
            raise UsageError(f"{name!r} is not attached. Attached: {names}.")
        for attachment in gone:
            reloader.detach(attachment)
        return said("\n".join(f"{a.name}: goes on with what it has" for a in gone) or NOTHING)

    def _named(self, text: str) -> Any:
        """The object that an expression in the notebook gives, usually a name."""
        shell: Any = self.shell
        try:
            return shell.ev(text)
        except Exception as error:  # noqa: BLE001  # whatever the expression raises
            raise UsageError(f"There is no client {text!r}: {describe(error)}") from None

    def names(self) -> Iterable[str]:
        """Names of the notebook's that stand for workers."""
        from reloadmagic.workers import kind_of

        shell: Any = self.shell
        return sorted(
            name
            for name, value in list(shell.user_ns.items())
            if not name.startswith("_") and kind_of(value)
        )
