"""The commands that choose: when to reload, which modules, and which to take out altogether."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from reloadmagic.errors import NotTracked, ReloadMagicError

from .commands import Commands, argument, parsed, said, with_arguments

if TYPE_CHECKING:
    from .views import Said, Unloading

__all__ = ["MODES", "Choosing"]

MODES = {
    "auto": "edited modules are reloaded before each cell",
    "notify": "what was edited is said before each cell; %reload_changed reloads",
    "off": "nothing happens by itself; %reload_changed reloads",
}


@magics_class
class Choosing(Commands):
    """Modes, patterns of modules, and unloading."""

    @with_arguments
    @argument("mode", nargs="?", choices=list(MODES), help="the mode from now on")
    @line_magic
    def reload_mode(self, line: str) -> Said:
        """When to reload: ``auto`` before each cell, ``notify`` only says so, ``off`` never.

        Without an argument, say which it is.
        """
        arguments = parsed(self.reload_mode, line)
        if arguments.mode is not None:
            self.main.mode = arguments.mode
            self.main.hook.only = None
        only = self.main.hook.only
        limit = "" if only is None else f", but only {', '.join(only) or 'none'} (%aimport)"
        return said(f"{self.main.mode}: {MODES[self.main.mode]}{limit}")

    @with_arguments
    @argument("patterns", nargs="*", metavar="PATTERN", help="module names, such as pkg or pkg.*")
    @argument("-r", "--remove", action="store_true", help="take the patterns off the list again")
    @line_magic
    def reload_include(self, line: str) -> Said:
        """Reload modules that are left alone otherwise, such as installed packages.

        A package's name means its submodules too. Without patterns, list them.
        """
        arguments = parsed(self.reload_include, line)
        return self._choose("include", "exclude", arguments.patterns, remove=arguments.remove)

    @with_arguments
    @argument("patterns", nargs="*", metavar="PATTERN", help="module names, such as pkg or pkg.*")
    @argument("-r", "--remove", action="store_true", help="take the patterns off the list again")
    @line_magic
    def reload_exclude(self, line: str) -> Said:
        """Leave modules alone, whatever is edited in them.

        A package's name means its submodules too. Without patterns, list them.
        """
        arguments = parsed(self.reload_exclude, line)
        return self._choose("exclude", "include", arguments.patterns, remove=arguments.remove)

    def _choose(self, trait: str, opposite: str, patterns: list[str], *, remove: bool) -> Said:
        """Put *patterns* on the list *trait*, off the *opposite* one, and say what that changed."""
        main = self.main
        before = set(main.reloader.tracked)
        known = list(getattr(main, trait))
        if not patterns:
            return said(f"{trait}: {', '.join(known) or 'nothing'}")
        if remove:
            absent = [pattern for pattern in patterns if pattern not in known]
            if absent:
                raise UsageError(f"Not on the list: {', '.join(absent)}.")
            setattr(main, trait, [pattern for pattern in known if pattern not in patterns])
        else:
            others = [p for p in getattr(main, opposite) if p not in patterns]
            setattr(main, opposite, others)
            setattr(main, trait, list(dict.fromkeys([*known, *patterns])))
        now = set(main.reloader.tracked)
        lines = [f"{trait}: {', '.join(getattr(main, trait)) or 'nothing'}"]
        lines += [f"tracked now: {', '.join(sorted(now - before))}"] if now - before else []
        lines += [f"left alone now: {', '.join(sorted(before - now))}"] if before - now else []
        return said("\n".join(lines))

    @with_arguments
    @argument("name", metavar="NAME", help="a module; its submodules go with it")
    @line_magic
    def unload(self, line: str) -> Unloading:
        """Take a module out of the session, so that the next import runs its file anew.

        It goes from ``sys.modules`` with its submodules, and the notebook's names that were
        imported from it go too. Says who still holds something of it.
        """
        from reloadmagic.unload import unload

        from .views import Unloading

        arguments = parsed(self.unload, line)
        shell: Any = self.shell
        try:
            return Unloading(unload(self.main.reloader, arguments.name, [shell.user_ns]))
        except NotTracked:
            raise UsageError(f"No module called {arguments.name!r} is loaded.") from None
        except ReloadMagicError as error:
            raise UsageError(str(error)) from None
