"""The commands, and what attaches them to a shell and detaches them again.

In come lines that people type, out go values that show themselves; all work is the `Reloader`'s.
"""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from traitlets import observe

from reloadmagic.reloader import Reloader

from .cells import transform_header
from .config import Settings, usable_config
from .hook import CellHook, CellRefused
from .output import show, show_text
from .views import DryRun, status

if TYPE_CHECKING:
    from reloadmagic.changes import Change
    from reloadmagic.report import Report

    from .views import Status

__all__ = ["ReloadMagic"]

# Settings which are keyword arguments of Reloader under the same name.
MIRRORED = ("include", "exclude", "keep")


@magics_class
class ReloadMagic(Settings, Magics):
    """Reload edited modules before cells and on request."""

    @classmethod
    def attach(cls, shell: Any) -> ReloadMagic:
        """A new instance, its commands, hook and transformer in *shell*."""
        config, refused = usable_config(shell.config)
        magics = cls(shell=shell, config=config)
        for sentence in refused:
            show_text(sentence)
        try:
            magics.reloader.install()
            magics.hook.register()
            shell.magics_manager.register(magics)
            shell.input_transformers_cleanup.append(transform_header)
        except BaseException:
            magics.detach()
            raise
        return magics

    def __init__(self, shell: Any, config: Any = None) -> None:
        super().__init__(shell=shell, config=config)
        self.reloader = Reloader(
            namespaces=[shell.user_ns], include=self.include, exclude=self.exclude, keep=self.keep
        )
        self.hook = CellHook(shell, self.reloader, self)

    def detach(self) -> None:
        """Take out all that `attach` put in, and whatever else of ours is there."""
        shell: Any = self.shell
        self.reloader.close()
        self.hook.unregister()
        _remove(shell.input_transformers_cleanup, transform_header)
        manager = shell.magics_manager
        for table in manager.magics.values():
            for name in [name for name, magic in table.items() if _owner(magic) is self]:
                del table[name]
        manager.registry.pop("ReloadMagic", None)
        _remove(shell.configurables, self)

    @observe(*MIRRORED)
    def _pass_on(self, change: Any) -> None:
        reloader = getattr(self, "reloader", None)  # absent while the first values are set
        if reloader is not None:
            reloader.configure(**{change["name"]: tuple(change["new"])})

    @magic_arguments()
    @argument("names", nargs="*", metavar="NAME", help="modules or patterns, such as pkg.*")
    @argument("-n", "--dry-run", action="store_true", help="show the plan and touch nothing")
    @argument("-v", "--verbose", action="store_true", help="tell all that was done, and why")
    @line_cell_magic
    def reload_changed(self, line: str, cell: str | None = None) -> Report | DryRun | None:
        """Reload what was edited, now, and say what was done.

        ``%reload_changed`` returns the report; ``%%reload_changed`` on the first line of a cell
        reloads and then runs the cell. Without names, everything that was edited is reloaded,
        with names only those modules and what depends on them.
        """
        arguments = parse_argstring(self.reload_changed, line)
        changes = self._changes(arguments.names)
        plan = self.reloader.plan(changes)
        if arguments.dry_run:
            done: Report | DryRun = DryRun(plan)
        else:
            done = self.reloader.reload(plan)
        if cell is not None:
            self._then_run(done, cell, verbose=arguments.verbose)
            return None
        if arguments.verbose and not isinstance(done, DryRun):
            show(self.shell, done, details=True)
            return None
        return done

    def _changes(self, names: list[str]) -> tuple[Change, ...]:
        """Changes of the modules that *names* mean, of all if there are none.

        Raises:
            UsageError: a name means nothing that is tracked.
        """
        if not names:
            return self.reloader.changes()
        for name in names:
            if not any(fnmatchcase(tracked, name) for tracked in self.reloader.tracked):
                raise UsageError(
                    f"No tracked module is called {name!r}. %reload_status lists them."
                )
        return self.reloader.changes(names)

    def _then_run(self, done: Report | DryRun, cell: str, *, verbose: bool = False) -> None:
        """Say what was *done*, then run *cell*, which is blank where only the header was a magic."""
        if isinstance(done, DryRun):
            show_text(str(done))
        elif done:
            show(self.shell, done, details=verbose)
            if done.failed and self.on_error == "stop":
                raise CellRefused.because_of(outcome.error for outcome in done.failed)
        if cell.strip():
            shell: Any = self.shell
            shell.run_cell(cell)

    @cell_magic
    def no_reload(self, line: str, cell: str) -> None:  # noqa: ARG002
        """Run this cell on what is loaded; nothing is reloaded before it."""
        # The header is usually taken off before IPython looks for cell magics, see cells.py.
        shell: Any = self.shell
        shell.run_cell(cell)

    @magic_arguments()
    @line_magic
    def reload_status(self, line: str) -> Status:
        """What is tracked, what is stale or failed, what is left alone and why."""
        parse_argstring(self.reload_status, line)
        return status(self.reloader, self.mode)


def _owner(magic: Any) -> Any:
    return getattr(magic, "__self__", None)


def _remove(items: list[Any], item: Any) -> None:
    # By identity: other entries may compare in any way they like.
    items[:] = [other for other in items if other is not item]
