"""Settings as traits: from `ipython_config.py`, the command line and `%config`.

A value that does not fit is left out with a word about it: `%config` keeps what it was given, so a
slip there would otherwise make the next `%load_ext` fail.
"""

from __future__ import annotations

from typing import Any

from traitlets import CaselessStrEnum, HasTraits, List, TraitError, Unicode
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig, LazyConfigValue

__all__ = ["SECTION", "Settings", "usable_config"]

SECTION = "ReloadMagic"


class Settings(HasTraits):
    """What can be set; the names are those of `Reloader`'s keyword arguments where it has them."""

    mode = CaselessStrEnum(
        ["auto", "notify", "off"],
        default_value="auto",
        help="""When to reload: 'auto' before each cell, 'notify' says what changed and leaves it to
        %reload_changed, 'off' does nothing by itself.""",
    ).tag(config=True)
    include = List(
        Unicode(),
        help="""Modules to reload besides those under the working directory and on your own paths:
        names or patterns, such as 'pkg' or 'pkg.*'.""",
    ).tag(config=True)
    exclude = List(
        Unicode(), help="Modules to leave alone, as names or patterns; stronger than include."
    ).tag(config=True)
    keep = List(
        Unicode(),
        help="""Values to keep as they are whatever is edited, such as 'pkg.mod:NAME'. The same is
        said in the source by a trailing comment: # reload: keep""",
    ).tag(config=True)
    on_error = CaselessStrEnum(
        ["warn", "stop"],
        default_value="warn",
        help="""When an edited module cannot be loaded: 'warn' says so and runs the cell on the
        version that last ran, 'stop' refuses the cell until the file is mended.""",
    ).tag(config=True)
    verbosity = CaselessStrEnum(
        ["quiet", "line", "details"],
        default_value="line",
        help="""What to say after reloading before a cell: 'quiet' only what went wrong, 'line' one
        line, 'details' everything.""",
    ).tag(config=True)


def usable_config(config: Any) -> tuple[Config, list[str]]:
    """Our section of *config* without the values that do not fit, and a sentence for each of those."""
    section = config.get(SECTION, {})
    usable, refused = Config(), []
    for name, value in section.items():
        reason = _misfit(name, value)
        if reason:
            refused.append(f"{SECTION}.{name} = {value!r} is ignored: {reason}")
        else:
            usable[SECTION][name] = value
    return usable, refused


def _misfit(name: str, value: Any) -> str:
    """Why *value* cannot be the setting *name*, empty if it can."""
    probe = Settings()
    trait = probe.traits(config=True).get(name)
    if trait is None:
        return f"there is no such setting. There are {', '.join(sorted(probe.traits(config=True)))}"
    try:
        # Values given on the command line, or as c.X.y.append(...), are known only to their trait.
        if isinstance(value, DeferredConfig):
            value = value.get_value(trait)
        elif isinstance(value, LazyConfigValue):
            value = value.get_value(getattr(probe, name))
        setattr(probe, name, value)
    except (TraitError, ValueError, TypeError):
        return f"it has to be {trait.info()}"
    return ""
