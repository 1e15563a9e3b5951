"""The settings, the commands that reload, and what attaches all to a shell and detaches it again.

In come lines that people type, out go values that show themselves; all work is the `Reloader`'s.
The other commands are in rooms of their own: `looking`, `choosing`, `autoreload`.
"""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

import dataclasses
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class
from traitlets import observe

from reloadmagic.reloader import Reloader

from .autoreload import Autoreload, is_theirs_loaded, is_theirs_on
from .cells import transform_header
from .choosing import MODES, Choosing
from .commands import argument, parsed, with_arguments
from .completion import Completion
from .config import Settings, usable_config
from .hook import CellHook
from .looking import Looking
from .notebooks import NOTEBOOK_SETTINGS, NotebookImports
from .output import RunningLine, show, show_text
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadmagic.changes import Change
    from reloadmagic.report import Report

    from .views import DryRun

__all__ = ["ReloadMagic"]

# Settings which are keyword arguments of Reloader under the same name.
MIRRORED = ("include", "exclude", "keep")


@magics_class
class ReloadMagic(Settings, Magics):
    """Reload edited modules before cells and on request."""

    @classmethod
    def attach(cls, shell: Any) -> ReloadMagic:
        """A new instance, its commands, hook, transformer and completers in *shell*."""
        config, refused = usable_config(shell.config, _working_directory())
        magics = cls(shell=shell, config=config)
        for sentence in refused:
            show_text(sentence)
        if is_theirs_on(shell):
            show_text(
                "IPython's own autoreload is on, too: %autoreload 0 leaves it to reloadmagic."
            )
        try:
            magics.notebook_imports.apply()
            magics.reloader.install()
            magics.hook.register()
            for group in magics.groups:
                shell.magics_manager.register(group)
            shell.input_transformers_cleanup.append(transform_header)
            magics.completion.register()
        except BaseException:
            magics.detach()
            raise
        return magics

    def __init__(self, shell: Any, config: Any = None) -> None:
        super().__init__(shell=shell, config=config)
        self.notebook_imports = NotebookImports(shell, self)
        self.reloader = Reloader(
            namespaces=[shell.user_ns],
            include=self.include,
            exclude=self.exclude,
            keep=self.keep,
            workers_timeout=self.workers_timeout,
            progress=RunningLine(shell),
        )
        self.hook = CellHook(shell, self.reloader, self)
        self.workers = Workers(self)
        self.groups: list[Magics] = [self, Looking(self), Choosing(self), self.workers]
        if not is_theirs_loaded(shell):
            self.groups.append(Autoreload(self))
        self.completion = Completion(
            shell, self._words(), self._options, self.reloader.tracked.__contains__
        )

    def detach(self) -> None:
        """Take out all that `attach` put in, and whatever else of ours is there."""
        shell: Any = self.shell
        self.reloader.close()
        self.notebook_imports.undo()
        self.hook.unregister()
        self.completion.unregister()
        _remove(shell.input_transformers_cleanup, transform_header)
        manager = shell.magics_manager
        for group in self.groups:
            for table in manager.magics.values():
                for name in [name for name, magic in table.items() if _owner(magic) is group]:
                    del table[name]
            manager.registry.pop(type(group).__name__, None)
            _remove(shell.configurables, group)

    def _words(self) -> dict[str, Any]:
        """What may follow each command."""
        modules = self._modules
        definitions = self._definitions
        words = {
            "reload_changed": modules,
            "reload_explain": definitions,
            "reload_diff": definitions,
            "reload_graph": modules,
            "reload_history": list,
            "reload_undo": list,
            "reload_status": list,
            "reload_cells": list,
            "reload_mode": lambda: MODES,
            "reload_include": lambda: self.exclude,
            "reload_exclude": modules,
            "reload_workers": self.workers.names,
            "unload": modules,
        }
        if isinstance(self.groups[-1], Autoreload):
            words["autoreload"] = lambda: ["now", "off", "explicit", "all", "complete"]
        return words

    def _modules(self) -> Iterable[str]:
        return sorted(self.reloader.tracked)

    def _definitions(self) -> Iterable[str]:
        from reloadmagic.explain.finding import known_names

        return sorted({*self.reloader.tracked, *known_names(self.reloader)})

    def _options(self, name: str) -> Iterable[str]:
        """The options of a command, read off its parser."""
        shell: Any = self.shell
        parser = getattr(shell.find_line_magic(name), "parser", None)
        actions = getattr(parser, "_actions", ())
        return sorted(option for action in actions for option in action.option_strings)

    @observe(*MIRRORED)
    def _pass_on(self, change: Any) -> None:
        reloader = getattr(self, "reloader", None)  # absent while the first values are set
        if reloader is not None:
            reloader.configure(**{change["name"]: tuple(change["new"])})

    @observe("workers_timeout")
    def _wait(self, change: Any) -> None:
        reloader = getattr(self, "reloader", None)  # absent while the first values are set
        if reloader is not None:
            reloader.workers_timeout = change["new"]

    @observe(*NOTEBOOK_SETTINGS)
    def _import_otherwise(self, change: Any) -> None:  # noqa: ARG002
        imports = getattr(self, "notebook_imports", None)  # absent while the first values are set
        if imports is not None:
            imports.apply()

    @with_arguments
    @argument("names", nargs="*", metavar="NAME", help="modules or patterns, such as pkg.*")
    @argument("-n", "--dry-run", action="store_true", help="show the plan and touch nothing")
    @argument("-v", "--verbose", action="store_true", help="tell all that was done, and why")
    @line_cell_magic
    def reload_changed(self, line: str, cell: str | None = None) -> Report | DryRun | None:
        """Reload what was edited, now, and say what was done.

        ``%reload_changed`` returns the report; ``%%reload_changed`` on the first line of a cell
        reloads and then runs the cell. Without names, everything that was edited is reloaded, but
        for what ``%reload_undo`` took back; with names only those modules and what depends on them.
        """
        from .views import DryRun

        arguments = parsed(self.reload_changed, line)
        changes, undone = self._changes(arguments.names)
        plan = self.reloader.plan(changes)
        asked = cell is None or arguments.verbose
        done: Report | DryRun = (
            DryRun(plan) if arguments.dry_run else self.hook.run(plan, asked=asked)
        )
        if undone and asked and not isinstance(done, DryRun):
            done = dataclasses.replace(done, notes=(*done.notes, _stay_undone(undone)))
        if cell is not None:
            self._then_run(done, cell, verbose=arguments.verbose)
            return None
        if arguments.verbose and not isinstance(done, DryRun):
            show(self.shell, done, details=True)
            return None
        return done

    def _changes(self, names: list[str]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """Changes of the modules that *names* mean, and modules that are left as they were undone.

        Without names, that is all that is not undone.

        Raises:
            UsageError: a name means nothing that is tracked.
        """
        if not names:
            changes = self.reloader.changes()
            undone = tuple(sorted(self.reloader.undone))
            return tuple(c for c in changes if c.module not in undone), undone
        for name in names:
            if not any(fnmatchcase(tracked, name) for tracked in self.reloader.tracked):
                raise UsageError(
                    f"No tracked module is called {name!r}. %reload_status lists them."
                )
        return self.reloader.changes(names), ()

    def _then_run(self, done: Report | DryRun, cell: str, *, verbose: bool) -> None:
        """Say what was *done*, then run *cell*, which is blank where only the header was a magic."""
        from .views import DryRun

        if isinstance(done, DryRun):
            show_text(str(done))
        elif done:
            show(self.shell, done, details=verbose)
            if done.failed and self.on_error == "stop":
                from .refusal import CellRefused

                raise CellRefused.because_of(outcome.error for outcome in done.failed)
        if cell.strip():
            shell: Any = self.shell
            shell.run_cell(cell)

    @with_arguments
    @argument("-v", "--verbose", action="store_true", help="tell all that was done, and why")
    @line_magic
    def reload_undo(self, line: str) -> Report | None:
        """Go back to the code before the last reload; the files stay as you edited them.

        What they hold is not loaded until you edit them again, or name the module to
        ``%reload_changed``. Undoing again goes back one reload more.
        """
        arguments = parsed(self.reload_undo, line)
        report = self.hook.undo()
        if arguments.verbose:
            show(self.shell, report, details=True)
            return None
        return report

    @cell_magic
    def no_reload(self, line: str, cell: str) -> None:  # noqa: ARG002
        """Run this cell on what is loaded; nothing is reloaded before it."""
        # The header is usually taken off before IPython looks for cell magics, see cells.py.
        shell: Any = self.shell
        shell.run_cell(cell)


def _stay_undone(names: Iterable[str]) -> str:
    names = list(names)
    verb = "stays" if len(names) == 1 else "stay"
    them = "its file" if len(names) == 1 else "their files"
    return f"{', '.join(names)} {verb} undone; %reload_changed {' '.join(names)} loads {them}"


def _owner(magic: Any) -> Any:
    return getattr(magic, "__self__", None)


def _remove(items: list[Any], item: Any) -> None:
    # By identity: other entries may compare in any way they like.
    items[:] = [other for other in items if other is not item]


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None
