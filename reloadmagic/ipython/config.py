"""Settings as traits: from `ipython_config.py`, the command line, `%config` and `pyproject.toml`.

A value that does not fit is left out with a word about it: `%config` keeps what it was given, so a
slip there would otherwise make the next `%load_ext` fail.
"""

from __future__ import annotations

import copy
import os
from typing import Any

from traitlets import Bool, CaselessStrEnum, Float, HasTraits, List, TraitError, Unicode
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig, LazyConfigValue

__all__ = ["SECTION", "Settings", "project_settings", "usable_config"]

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
    notebooks = Bool(
        True,
        help="""Whether an import finds notebooks, too: 'import helpers' finds helpers.ipynb where
        there is no other module of that name.""",
    ).tag(config=True)
    notebook_import = CaselessStrEnum(
        ["all", "definitions"],
        default_value="all",
        help="""What an import of a notebook runs: 'all' of it, or only its 'definitions', imports
        and assignments.""",
    ).tag(config=True)
    allow = List(
        Unicode(),
        help="""Magics and commands in imported notebooks that are to run although they act on the
        session or the machine, as patterns: '%matplotlib', '!pip', '%%bash', '*'.""",
    ).tag(config=True)
    skip_tags = List(
        Unicode(),
        default_value=["skip-import"],
        help="Cells with one of these tags do not run when their notebook is imported.",
    ).tag(config=True)
    verbosity = CaselessStrEnum(
        ["quiet", "line", "details"],
        default_value="line",
        help="""What to say after reloading before a cell: 'quiet' only what went wrong, 'line' one
        line, 'details' everything.""",
    ).tag(config=True)
    workers_timeout = Float(
        5.0,
        min=0.0,
        help="""How many seconds a cell waits for workers to follow a reload. One that has not
        answered by then is named, and follows once it is free.""",
    ).tag(config=True)


def usable_config(config: Any, folder: str | None = None) -> tuple[Config, list[str]]:
    """The settings in *config* and in the project that *folder* lies in, without those that do not
    fit, and a sentence for each of these.

    What IPython's own configuration says goes before what the project says; lists are joined.
    """
    usable, refused = Config(), []
    project, source = project_settings(folder) if folder is not None else ({}, "")
    for name, value in project.items():
        reason = _misfit(name, value)
        if reason:
            refused.append(f"{source}: {name} = {value!r} is ignored: {reason}")
        else:
            usable[SECTION][name] = value
    for name, value in config.get(SECTION, {}).items():
        reason = _misfit(name, value)
        if reason:
            refused.append(f"{SECTION}.{name} = {value!r} is ignored: {reason}")
        else:
            usable[SECTION][name] = _joined(name, usable[SECTION].get(name), value)
    return usable, refused


def project_settings(folder: str) -> tuple[dict[str, Any], str]:
    """``[tool.reloadmagic]`` of the nearest `pyproject.toml` in *folder* or above it, and its path.

    A file that cannot be read or parsed has no settings: its tools will say so. Dashes in names are
    taken for underscores.
    """
    path = _nearest(folder, "pyproject.toml")
    if path is None:
        return {}, ""
    import tomllib

    try:
        with open(path, "rb") as file:
            section = tomllib.load(file).get("tool", {}).get("reloadmagic", {})
    except (OSError, ValueError, AttributeError):
        return {}, path
    if not isinstance(section, dict):
        return {}, path
    return {name.replace("-", "_"): value for name, value in section.items()}, path


def _nearest(folder: str, name: str) -> str | None:
    while True:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _joined(name: str, project: Any, value: Any) -> Any:
    """The project's list with *value*'s entries after its own; *value* for any other setting."""
    if not isinstance(project, list):
        return value
    trait = Settings.class_traits(config=True)[name]
    if isinstance(value, DeferredConfig):
        value = value.get_value(trait)
    elif isinstance(value, LazyConfigValue):
        return value.get_value(project)
    return list(dict.fromkeys([*project, *value]))


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
            # A copy, as it gives its first answer for good.
            value = copy.deepcopy(value).get_value(getattr(probe, name))
        setattr(probe, name, value)
    except (TraitError, ValueError, TypeError):
        return f"it has to be {trait.info()}"
    return ""
