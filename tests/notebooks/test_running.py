"""What runs of a notebook when it is imported."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

import reloadmagic.notebooks
from notebook_files import Write, code, places
from session import load
from support import Project


def test_tagged_cells_do_not_run(write: Write) -> None:
    write("book.ipynb", "K = 1", code("K = 2", "skip-import"), "L = K")
    assert load("book").L == 1


def test_tags_that_skip_can_be_chosen(write: Write) -> None:
    reloadmagic.notebooks.install(skip_tags=["draft"])
    write("book.ipynb", "K = 1", code("K = 2", "draft"), code("L = K", "skip-import"))
    assert load("book").L == 1


def test_guarded_cells_do_not_run(write: Write) -> None:
    write("book.ipynb", "K = 1", 'if __name__ == "__main__":\n    K = 2\n    %timeit K')
    assert load("book").K == 1


def test_only_definitions_run_when_asked(write: Write) -> None:
    reloadmagic.notebooks.install(notebook_import="definitions")
    write(
        "book.ipynb",
        '''
        """What it is."""
        import math
        seen = []
        seen.append(1); K = len(seen)
        for n in range(3):
            seen.append(n)
        ''',
        """
        def f(x):
            return math.floor(x) + K
        f(2.5)
        try:
            import nothing_there
        except ImportError:
            nothing_there = None
        if K:
            print("never")
        """,
    )
    book = load("book")
    assert (book.__doc__, book.seen, book.f(2.5), book.nothing_there) == (
        *("What it is.", [], 2, None),
    )
    assert inspect.getsource(book.f) == "def f(x):\n    return math.floor(x) + K\n"


def test_top_level_await_works(write: Write) -> None:
    write("book.ipynb", "import asyncio", "K = await asyncio.sleep(0, 5)", "L = K + 1")
    assert (load("book").K, load("book").L) == (5, 6)


def test_top_level_await_works_while_a_loop_is_running(write: Write) -> None:
    write("book.ipynb", "import asyncio", "K = await asyncio.sleep(0, 5)")

    async def cell() -> int:
        return int(load("book").K)

    assert asyncio.run(cell()) == 5


def test_error_in_an_awaiting_cell_is_raised_with_its_place(write: Write) -> None:
    write("book.ipynb", "import asyncio", "await asyncio.sleep(0)\n1 / 0")
    with pytest.raises(ZeroDivisionError) as info:
        load("book")
    assert places(info.value)[-1] == ("book.ipynb, cell 2", 2)


def test_future_imports_hold_for_the_cells_after_them(write: Write) -> None:
    write("book.ipynb", "K = 1", "from __future__ import annotations", "def f(x: Unknown): ...")
    assert load("book").f.__annotations__ == {"x": "Unknown"}


def test_only_the_first_string_is_the_docstring(write: Write) -> None:
    write("book.ipynb", "'first'", "'second'", "K = 1")
    assert load("book").__doc__ == "first"


# Magics --------------------------------------------------------------------------------------------


@pytest.fixture
def transform() -> Callable[[str], str]:
    from IPython.core.inputtransformer2 import TransformerManager

    transform: Callable[[str], str] = TransformerManager().transform_cell
    return transform


MAGICS = [
    # cell, Python where IPython transforms, Python without it
    ("%matplotlib inline", "# %matplotlib inline", None),
    ("%load_ext autoreload\n%autoreload 2", "# %load_ext autoreload\n# %autoreload 2", None),
    ("!pip install x", "# !pip install x", None),
    ("!{sys.executable} -m pip install x", "# !{sys.executable} -m pip install x", None),
    ("pip install x", "# pip install x", None),
    ("!ls", "get_ipython().system('ls')", "# !ls"),
    ("!ls {a.b} $c", "get_ipython().system('ls {a.b} $c') if True else (a, c)", "# !ls {a.b} $c"),
    ("%custom 1", "get_ipython().run_line_magic('custom', '1')", "# %custom 1"),
    ("x = !ls", "x = get_ipython().getoutput('ls')", ...),
    ("x = %custom", "x = get_ipython().run_line_magic('custom', '')", ...),
    ("x = !pip list", "x = None  # !pip list", ...),
    ("if x:\n    %cd ..", "if x:\n    pass  # %cd ..", None),
    ("if x:\n    !ls", "if x:\n    get_ipython().system('ls')", "if x:\n    pass  # !ls"),
    ("!ls \\\n  -a\nx = 1", "get_ipython().system('ls -a')\n\nx = 1", "# !ls \\\n#   -a\nx = 1"),
    ("%time x = f()", "x = f()", "x = f()"),
    ("y = %time f()", "y = f()", "y = f()"),
    ("%timeit f()", "# %timeit f()", None),
    ("len?", "# len?", None),
    ("?len", "# ?len", None),
    ("%%time\nx = 1\n%cd ..", "# %%time\nx = 1\n# %cd ..", None),
    ("%%capture --no-stderr\n\nx = 1", "# %%capture --no-stderr\n\nx = 1", None),
    ("%%bash\nls", "# %%bash\n# ls", None),
    # Python, however much it looks like something else
    ("x = '''\n%cd\n!ls\n'''", "x = '''\n%cd\n!ls\n'''", None),
    ("x = (5\n%3)", "x = (5\n%3)", None),
    ("x = 5 \\\n%3", "x = 5 \\\n%3", None),
    ("# !ls\nx != 1", "# !ls\nx != 1", None),
    ("x %= 3", "x %= 3", None),
    ("f'{x!r}' # what?", "f'{x!r}' # what?", None),
    ("f(a='= !', b=\"it's\")", "f(a='= !', b=\"it's\")", None),
]


@pytest.mark.parametrize(("cell", "python", "_"), MAGICS)
def test_magic_becomes_python_line_for_line(
    cell: str, python: str, _: object, transform: Callable[[str], str]
) -> None:
    from reloadmagic.notebooks.magics import Rules, to_python

    assert to_python(cell, Rules(transform)) == python


@pytest.mark.parametrize(("cell", "with_ipython", "without"), MAGICS)
def test_without_a_transform_magics_are_left_out(
    cell: str, with_ipython: str, without: object
) -> None:
    from reloadmagic.notebooks.magics import Rules, to_python

    python = to_python(cell, Rules())
    if without is ...:
        assert python.startswith("raise RuntimeError(")
    else:
        assert python == (with_ipython if without is None else without)


@pytest.mark.parametrize(
    ("allow", "cell", "python"),
    [
        ("%matplotlib", "%matplotlib agg", "get_ipython().run_line_magic('matplotlib', 'agg')"),
        ("!pip", "!pip list", "get_ipython().system('pip list')"),
        ("*", "%cd ..", "get_ipython().run_line_magic('cd', '..')"),
        ("%pip", "pip install x", "get_ipython().run_line_magic('pip', 'install x')"),
        ("%%bash", "%%bash\nls", "get_ipython().run_cell_magic('bash', '', 'ls\\n')\n"),
    ],
)
def test_allowed_magics_run(
    allow: str, cell: str, python: str, transform: Callable[[str], str]
) -> None:
    from reloadmagic.notebooks.magics import Rules, to_python

    assert to_python(cell, Rules(transform, (allow,))) == python


def test_value_of_a_command_reaches_the_module(project: Project, write: Write, shell: Any) -> None:
    reloadmagic.notebooks.install(transform=shell.transform_cell)
    write("book.ipynb", "word = 'seen'", "lines = !echo {word}", "def f():\n    !echo in f")
    project.write("use.py", "from book import lines\nK = list(lines)\n")
    shell.run_cell("import use")
    assert sys.modules["use"].K == ["seen"]


def test_name_that_a_cell_s_output_is_captured_by_is_bound(
    write: Write, shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        "book.ipynb", "%%capture --no-stderr out\nprint('shown')", "K = [out.stdout, out.outputs]"
    )
    shell.run_cell("%load_ext reloadmagic")
    assert shell.run_cell("import book; book.K").result == ["", []]
    assert "shown" in capsys.readouterr().out


def test_indented_and_prompted_cells_are_understood(write: Write, shell: Any) -> None:
    reloadmagic.notebooks.install(transform=shell.transform_cell)
    write("book.ipynb", {**code(""), "source": "    K = 1\n    L = 2"}, ">>> M = 3")
    assert (load("book").L, load("book").M) == (2, 3)
