"""The tools that are compared, and the cell that turns each of them on."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HMR", "OURS", "PEERS", "THEIRS", "TOOLS", "Tool"]

# Calls `apply` before a cell with the paths that the benchmark has just edited: for tools that are
# told what to reload, by hand or by a watcher. Finding out costs them nothing here.
TOLD = """\
def _setup():
    import sys
    shell = get_ipython()
{setup}
    def before(info):
        for path in shell.edited:
            apply(path)
        shell.edited.clear()
    shell.events.register("pre_run_cell", before)
_setup()
"""


def _told(setup: str) -> str:
    return TOLD.format(setup="\n".join("    " + line for line in setup.splitlines()))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        name: in tables.
        distribution: whose version tables show, ``""`` for the standard library.
        first_cell: turns it on.
        packages: what that imports of the tool's own code.
        idles: it looks for changes before each cell, so that an idle cell costs something.
        does: how it is driven, for readers of the table.
    """

    name: str
    distribution: str
    first_cell: str
    packages: tuple[str, ...] = ()
    idles: bool = True
    does: str = ""


OURS = Tool(
    "reloadmagic",
    "reloadmagic",
    "%load_ext reloadmagic",
    (
        "reloadmagic.ipython.magics",
        "reloadmagic.explain",
        "reloadmagic.unload",
    ),
    does="`%load_ext reloadmagic`",
)
THEIRS = Tool(
    "autoreload 2",
    "ipython",
    "%load_ext autoreload\n%autoreload 2",
    ("IPython.extensions.autoreload",),
    does="`%load_ext autoreload`, `%autoreload 2`",
)
PEERS = (
    Tool(
        "autoreload 3",
        "ipython",
        "%load_ext autoreload\n%autoreload 3",
        ("IPython.extensions.autoreload",),
        does="`%load_ext autoreload`, `%autoreload 3`",
    ),
    Tool(
        "jurigged",
        "jurigged",
        _told(
            "import jurigged\n"
            "watcher = jurigged.watch(shell.project + '/*.py', logger=lambda event: None,"
            " autostart=False)\n"
            "apply = watcher.refresh"
        ),
        idles=False,
        does="`jurigged.watch()`; what its thread does about an edited file, without the 50 ms for "
        "which it first waits",
    ),
    Tool(
        "liveimport",
        "liveimport",
        "def _setup():\n"
        "    import ast, liveimport\n"
        "    shell = get_ipython()\n"
        "    liveimport.auto_sync(grace=0)\n"
        "    def after(result):\n"
        "        if 'import' in result.info.raw_cell:\n"
        "            for node in ast.parse(shell.transform_cell(result.info.raw_cell)).body:\n"
        "                if isinstance(node, (ast.Import, ast.ImportFrom)):\n"
        "                    liveimport.register(shell.user_ns, ast.unparse(node))\n"
        "    shell.events.register('post_run_cell', after)\n"
        "_setup()\n",
        does="`auto_sync(grace=0)`; the imports of each cell are registered as `%%liveimport` does",
    ),
    Tool(
        "importlib.reload",
        "",
        _told(
            "from importlib import reload\n"
            "def apply(path):\n"
            "    for module in list(sys.modules.values()):\n"
            "        if getattr(module, '__file__', None) == path:\n"
            "            reload(module)\n"
        ),
        idles=False,
        does="`importlib.reload` of the edited module, by hand",
    ),
)
# It re-runs a script whose modules have changed, which then asks them for what it imports. In a
# notebook, where there is none, all modules are asked after each edit; only its own code may do so.
HMR = Tool(
    "hmr",
    "hmr",
    _told(
        "from pathlib import Path\n"
        "from reactivity.hmr.core import BaseReloader, get_path_module_map\n"
        "reloader = BaseReloader('none.py', includes=[shell.project])\n"
        "script = {'__package__': 'reactivity.hmr'}\n"
        "exec('def ask(module): module.load()', script)\n"
        "def apply(path):\n"
        "    reloader.on_changes({Path(path).resolve()})\n"
        "    for module in get_path_module_map().values():\n"
        "        with reloader.error_filter:\n"
        "            script['ask'](module)"
    ),
    idles=False,
    does="`BaseReloader.on_changes` of the edited file, as its watcher calls it, and all modules "
    "asked for their names, as its script would",
)
NONE = Tool("no tool", "", "", idles=False)
# What looking at the files cannot be done without. The session knows the user's paths.
BARE = Tool(
    "os.stat alone",
    "",
    "def _setup():\n"
    "    import os\n"
    "    shell = get_ipython()\n"
    "    paths = shell.users_paths()\n"
    "    def before(info):\n"
    "        for path in paths:\n"
    "            os.stat(path)\n"
    "    shell.events.register('pre_run_cell', before)\n"
    "_setup()\n",
)
TOOLS = (OURS, THEIRS, *PEERS)
