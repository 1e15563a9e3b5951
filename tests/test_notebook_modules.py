"""Notebooks as modules: real files, imported, edited and reloaded."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import inspect
import json
import linecache
import os
import pdb  # noqa: T100
import subprocess
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import reloadmagic.notebooks
from reloadmagic import Reloader
from support import Project

Write = Callable[..., Path]


def code(source: str, *tags: str, **metadata: Any) -> dict[str, Any]:
    """A code cell of format 4, as it is after a run."""
    text = textwrap.dedent(source).strip("\n")
    return {
        "cell_type": "code",
        "id": f"cell-{abs(hash(text))}",
        "metadata": {**({"tags": list(tags)} if tags else {}), **metadata},
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["shown\n"]}],
        "source": text.splitlines(keepends=True),
    }


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "text", "metadata": {}, "source": source}


def notebook(*cells: str | dict[str, Any], **metadata: Any) -> str:
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})


@pytest.fixture(autouse=True)
def _uninstalled() -> Iterator[None]:
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


@pytest.fixture
def write(project: Project) -> Write:
    """Writes notebooks, the first time or again, their mtime moved on."""
    reloadmagic.notebooks.install()

    def write(name: str, *cells: str | dict[str, Any], **metadata: Any) -> Path:
        known = (project.path / name).exists()
        return (project.edit if known else project.write)(name, notebook(*cells, **metadata))

    return write


@pytest.fixture
def reloader() -> Iterator[Reloader]:
    with Reloader() as reloader:
        yield reloader


def load(name: str) -> Any:
    return importlib.import_module(name)


# Finding -----------------------------------------------------------------------------------------


def test_notebook_is_found_with_a_real_spec(write: Write) -> None:
    path = write("helpers.ipynb", "K = 1")
    spec = importlib.util.find_spec("helpers")
    assert spec is not None
    assert (spec.origin, spec.has_location, spec.cached) == (str(path), True, None)
    module = load("helpers")
    assert (module.__file__, module.__name__, module.K) == (str(path), "helpers", 1)
    assert module.__spec__.loader.is_package("helpers") is False


def test_python_file_of_the_same_name_goes_first(project: Project, write: Write) -> None:
    write("helpers.ipynb", "K = 'notebook'")
    project.write("helpers.py", "K = 'file'")
    assert load("helpers").K == "file"


def test_notebook_never_stands_before_an_installed_module(write: Write) -> None:
    write("colorsys.ipynb", "K = 1")
    assert load("colorsys").__file__.endswith("colorsys.py")


@pytest.mark.parametrize("watched", [False, True])
def test_packages_do_not_find_notebooks_for_what_they_can_do_without(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    monkeypatch.syspath_prepend(str(project.path / "site-packages"))
    text = """
        import importlib
        try:
            import polars_like
        except ImportError:
            polars_like = None
        has_it = importlib.util.find_spec("polars_like") is not None
        def load(name):
            return importlib.import_module(name)
    """
    project.write("site-packages/plots.py", text)
    write("polars_like.ipynb", "K = 1")
    with Reloader() if watched else contextlib.nullcontext():
        plots = load("plots")
        assert (plots.polars_like, plots.has_it) == (None, False)
        assert plots.load("polars_like").K == 1


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("analysis_v2.ipynb", "analysis_v2"),
        ("my analysis-v2.ipynb", "my_analysis_v2"),
        ("analysis.v3 (copy).ipynb", "analysis_v3__copy_"),
        ("01 intro.ipynb", "_01_intro"),
        ("01 intro.ipynb", "01_intro"),
        ("größe.ipynb", "größe"),
    ],
)
def test_name_is_the_file_s_with_underscores(write: Write, file: str, module: str) -> None:
    write(file, "K = 1")
    assert load(module).K == 1


def test_name_that_two_files_have_is_refused_with_both(write: Write) -> None:
    write("a-b.ipynb", "K = 1")
    write("a b.ipynb", "K = 2")
    with pytest.raises(ImportError, match=r"a_b could be 'a b\.ipynb' or 'a-b\.ipynb'"):
        load("a_b")


def test_name_that_two_files_come_to_have_stays_the_first_one_s(
    write: Write, reloader: Reloader
) -> None:
    write("a-b.ipynb", "K = 1", "L = [K]")
    module = load("a_b")
    write("a b.ipynb", "K = 2", "L = [K]")
    write("a-b.ipynb", "K = 3", "L = [K]")
    reloader.reload()
    assert module.L == [3]


def test_file_spelled_like_the_module_goes_first(write: Write) -> None:
    write("a-b.ipynb", "K = 1")
    write("a_b.ipynb", "K = 2")
    assert load("a_b").K == 2


def test_folder_with_an_init_notebook_is_a_package(write: Write) -> None:
    write("lab/__init__.ipynb", "from .parts import N")
    write("lab/parts.ipynb", "N = 3")
    lab = load("lab")
    assert lab.N == 3
    assert lab.__spec__.loader.is_package("lab") is True
    assert lab.__path__ == [str(Path(lab.__file__).parent)]


def test_folder_without_init_is_a_package_by_its_name(write: Write) -> None:
    write("plain/one.ipynb", "N = 1")
    write("my lab/two.ipynb", "N = 2")
    assert (load("plain.one").N, load("my_lab.two").N) == (1, 2)


def test_notebook_beside_a_folder_of_data_is_found(project: Project, write: Write) -> None:
    project.write("sales/2024.csv", "1\n")
    write("sales.ipynb", "N = 1")
    assert load("sales").N == 1


@pytest.mark.parametrize("module", ["tools.part", "tools.cloud.storage"])
def test_folder_of_modules_goes_before_a_notebook(
    project: Project, write: Write, module: str
) -> None:
    project.write(f"{module.replace('.', '/')}.py", "N = 1\n")
    write("tools.ipynb", "N = 2")
    assert load(module).N == 1


def test_notebook_in_a_python_package_is_a_submodule(project: Project, write: Write) -> None:
    project.write("pkg/__init__.py", "from .book import N\n")
    write("pkg/book.ipynb", "from . import other\nN = other.N")
    project.write("pkg/other.py", "N = 4\n")
    assert load("pkg").N == 4


def test_missing_module_is_missing_as_ever(write: Write) -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'"):
        load("nowhere")


def test_uninstalling_ends_it(write: Write) -> None:
    write("helpers.ipynb", "K = 1")
    reloadmagic.notebooks.uninstall()
    assert importlib.util.find_spec("helpers") is None


def test_installing_again_changes_the_settings_of_the_one_finder() -> None:
    first = reloadmagic.notebooks.install()
    second = reloadmagic.notebooks.install(skip_tags=["draft"])
    assert first is second
    assert first.settings.skip_tags == {"draft"}


def test_notebooks_are_imported_without_ipython(project: Project) -> None:
    project.write("helpers.ipynb", notebook("%matplotlib inline\n!ls\nK = 1"))
    script = "import sys, reloadmagic.notebooks as n; n.install(); import helpers; "
    script += "print(helpers.K, 'IPython' in sys.modules, 'nbformat' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "False", "False"], done.stderr


# Reading -----------------------------------------------------------------------------------------


def test_format_3_is_read(project: Project, write: Write) -> None:
    cells = [{"cell_type": "code", "language": "python", "outputs": [], "metadata": {}}]
    cells[0]["input"] = ["K = 1\n", "L = 2"]
    cells[0]["collapsed"] = False
    book = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    book["worksheets"] = [{"metadata": {}, "cells": cells}]
    project.write("old.ipynb", json.dumps(book))
    assert (load("old").K, load("old").L) == (1, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a notebook"),
        ("{}", "no nbformat version"),
        ('{"nbformat": 9}', "nbformat 9, newer than can be read"),
        ("{\n<<<<<<< HEAD\n}", "conflict markers"),
        (
            notebook("1", {"cell_type": "code", "metadata": {}}),
            "cell 2: not valid: it has no 'source'",
        ),
        (notebook("1", {**code(""), "source": 5}), "cell 2: .* text or a list of lines"),
        (notebook("1", {"metadata": {}}), "after cell 1 is not valid: .*'cell_type'"),
        (notebook("1", kernelspec={"language": "R"}), "a notebook of r, not of Python"),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_cell_and_the_reason(
    project: Project, write: Write, text: str, message: str
) -> None:
    project.write("broken.ipynb", text)
    with pytest.raises(reloadmagic.notebooks.NotebookError, match=message):
        load("broken")


def test_broken_cell_of_format_3_is_named(project: Project, write: Write) -> None:
    good = {"cell_type": "code", "language": "python", "outputs": [], "metadata": {}}
    good |= {"input": "K = 1", "collapsed": False}
    cells = [good, {**good, "input": 5}]
    book = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    book["worksheets"] = [{"metadata": {}, "cells": cells}]
    project.write("old.ipynb", json.dumps(book))
    with pytest.raises(reloadmagic.notebooks.NotebookError, match="cell 2: "):
        load("old")


def test_broken_outputs_do_not_matter(project: Project, write: Write) -> None:
    project.write("book.ipynb", notebook({**code("K = 1"), "outputs": "none"}))
    assert load("book").K == 1


def test_cells_are_counted_like_prompts(write: Write) -> None:
    write("book.ipynb", markdown("# Title"), "", "K = 1", markdown("text"), "def f(): ...")
    assert load("book").f.__code__.co_filename.endswith("book.ipynb, cell 2")


# What runs ---------------------------------------------------------------------------------------


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


# Magics ------------------------------------------------------------------------------------------


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


# What readers see --------------------------------------------------------------------------------


def places(error: BaseException) -> list[tuple[str, int | None]]:
    """File and line of the frames in notebooks."""
    frames = traceback.extract_tb(error.__traceback__)
    return [(f.filename.rpartition(os.sep)[2], f.lineno) for f in frames if ".ipynb" in f.filename]


SHAPES = (
    "import math",
    "def area(r):\n    x = r / 0\n    return math.pi * r ** 2",
    '''
    K = 1

    class Circle:
        """Round."""

        def grow(self):
            return [area(n) for n in [0]]
    ''',
)


def test_traceback_names_the_cell_and_its_lines(write: Write) -> None:
    write("shapes.ipynb", *SHAPES)
    with pytest.raises(ZeroDivisionError) as info:
        load("shapes").Circle().grow()
    found = places(info.value)
    assert (found[0], found[-1]) == (("shapes.ipynb, cell 3", 7), ("shapes.ipynb, cell 2", 2))
    shown = "".join(traceback.format_exception(info.value))
    assert 'shapes.ipynb, cell 2", line 2, in area\n    x = r / 0\n' in shown


def test_failing_import_shows_the_cell_and_nothing_of_ours(write: Write) -> None:
    write("failing_figures.ipynb", "K = 1", "L = 2\nM = K / 0")
    with pytest.raises(ZeroDivisionError) as info:
        import failing_figures  # noqa: F401
    frames = traceback.extract_tb(info.value.__traceback__)
    assert [frame.lineno for frame in frames[1:]] == [2]
    assert frames[1].line == "M = K / 0"


def test_failing_import_under_watch_shows_the_cell_alone(write: Write, reloader: Reloader) -> None:
    write("failing_plots.ipynb", "K = 1", "L = 2\nM = K / 0")
    with pytest.raises(ZeroDivisionError) as info:
        import failing_plots  # noqa: F401
    frames = traceback.extract_tb(info.value.__traceback__)
    assert [frame.line for frame in frames[1:]] == ["M = K / 0"]


def test_failing_await_under_watch_shows_the_cell_alone(write: Write, reloader: Reloader) -> None:
    write("failing_tables.ipynb", "import asyncio", "await asyncio.sleep(0)\n1 / 0")
    with pytest.raises(ZeroDivisionError) as info:
        import failing_tables  # noqa: F401
    assert len(traceback.extract_tb(info.value.__traceback__)) == 2


def test_next_mistake_in_a_notebook_is_shown_with_its_own_line(
    write: Write, shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write("failing_sums.ipynb", "K = 1\nassert False")
    shell.run_cell("%load_ext reloadmagic\nimport failing_sums", store_history=True)
    write("failing_sums.ipynb", "K = 1\nL = (K")
    capsys.readouterr()
    shell.run_cell("import failing_sums", store_history=True)
    shown = capsys.readouterr().out
    assert "failing_sums.ipynb, cell 1" in shown
    assert "L = (K" in shown


def test_syntax_error_names_the_cell(write: Write) -> None:
    write("shapes.ipynb", "K = 1", "L = 2\nM = = 3")
    with pytest.raises(SyntaxError) as info:
        load("shapes")
    assert info.value.filename is not None
    assert (info.value.filename.rpartition(", ")[2], info.value.lineno) == ("cell 2", 2)


def test_statement_cannot_go_on_in_the_next_cell(write: Write) -> None:
    write("shapes.ipynb", "K = (1,", "2)")
    with pytest.raises(SyntaxError) as info:
        load("shapes")
    assert str(info.value.filename).endswith("cell 1")


def test_error_of_a_transform_names_the_cell(write: Write) -> None:
    def transform(cell: str) -> str:
        raise KeyError(cell)

    reloadmagic.notebooks.install(transform=transform)
    write("shapes.ipynb", "K = 1", "!ls")
    with pytest.raises(reloadmagic.notebooks.NotebookError, match="ipynb, cell 2: KeyError: '!ls'"):
        load("shapes")


def test_warnings_of_the_parser_are_shown_once_with_their_cell(
    write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "K = 1", r"L = '\d'")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        load("book")
        write("book.ipynb", "K = 2", r"L = [K, '\d']")
        reloader.reload()
    assert [(w.filename[-20:], w.lineno) for w in shown] == [("t/book.ipynb, cell 2", 1)]


def test_error_of_the_compiler_names_the_cell(write: Write) -> None:
    write("shapes.ipynb", "K = 1", "L = 2\nreturn 3")
    with pytest.raises(SyntaxError, match="'return' outside function") as info:
        load("shapes")
    assert (str(info.value.filename)[-6:], info.value.lineno) == ("cell 2", 2)


def test_inspect_shows_the_cell_s_source(write: Write) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith('class Circle:\n    """Round."""')
    assert inspect.getsource(shapes.Circle.grow).startswith("    def grow(self):")
    assert inspect.getsource(shapes) == shapes.__spec__.loader.get_source("shapes")


def test_source_is_shown_after_linecache_was_checked(write: Write) -> None:
    path = write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    linecache.checkcache()
    os.utime(path)
    linecache.checkcache(str(path))
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_question_marks_show_the_source_and_the_cell(write: Write, shell: Any) -> None:
    write("shapes.ipynb", *SHAPES)
    shell.run_cell("import shapes")
    info = shell.object_inspect("shapes.area", detail_level=1)
    assert info["source"].startswith("def area(r):")
    assert info["file"].endswith("shapes.ipynb, cell 2")


def test_pdb_stops_and_lists_in_the_cell(write: Write) -> None:
    write("shapes.ipynb", "def half(n):\n    m = n / 2\n    return m")
    out = StringIO()
    debugger = pdb.Pdb(stdin=StringIO("b shapes.half\nc\nlist\nc\n"), stdout=out, nosigint=True)
    debugger.runcall(eval, "shapes.half(4)", {"shapes": load("shapes")})
    assert "shapes.ipynb, cell 1(2)half()" in out.getvalue()
    assert "->\t    m = n / 2" in out.getvalue()


# Reloading ---------------------------------------------------------------------------------------


def test_outputs_metadata_and_counts_are_no_change(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "def f(): ...")
    book = load("book")
    before = vars(book).copy()
    cell = {**code("K = 1"), "outputs": [], "execution_count": 77}
    write("book.ipynb", markdown("new"), cell, "", code("def f(): ...", "tag"), author="me")
    report = reloader.reload()
    assert not report
    assert vars(book) == before
    assert not reloader.history


def test_held_function_and_instance_follow_an_edit(write: Write, reloader: Reloader) -> None:
    write(
        "book.ipynb", "K = 2", "def f(n):\n    return n * K", "class C:\n    def m(self): return 1"
    )
    book = load("book")
    f, c = book.f, book.C()
    write(
        "book.ipynb", "K = 3", "def f(n):\n    return n * K", "class C:\n    def m(self): return 2"
    )
    assert reloader.reload()
    assert (f(1), c.m(), f is book.f) == (3, 2, True)


def test_state_of_a_cell_that_the_edit_does_not_reach_stays(
    write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "model = object()", "def f(): return 1")
    book = load("book")
    model = book.model
    write("book.ipynb", "model = object()", "def f(): return 2")
    reloader.reload()
    assert (book.model is model, book.f()) == (True, 2)


def test_modules_and_notebooks_follow_each_other(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("config.py", "K = 1\n")
    write("book.ipynb", "from config import K", "L = K * 10")
    project.write("use.py", "import book\nM = book.L + 1\n")
    use = load("use")
    project.edit("config.py", "K = 2\n")
    reloader.reload()
    assert use.M == 21
    write("book.ipynb", "from config import K", "L = K * 100")
    reloader.reload()
    assert use.M == 201


def test_error_rolls_back_and_the_report_names_the_cell(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "L = K + 1")
    book = load("book")
    write("book.ipynb", "K = 2", "L = K + 1\nM = 1 / 0")
    report = reloader.reload()
    assert (book.K, book.L, hasattr(book, "M")) == (1, 2, False)
    assert "book.ipynb, cell 2, line 2: ZeroDivisionError" in str(report)
    assert "M = 1 / 0" in str(report)


def test_cell_that_does_not_parse_is_named(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "L = 2")
    book = load("book")
    write("book.ipynb", "K = 2", "L = 2\nM = =")
    report = reloader.reload()
    assert book.K == 1
    assert "book.ipynb, cell 2, line 2: SyntaxError" in str(report)


def test_file_that_is_half_written_is_said_and_then_mended(
    project: Project, write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "K = 1")
    book = load("book")
    project.edit("book.ipynb", notebook("K = 2")[:40])
    assert "not valid JSON" in str(reloader.reload())
    write("book.ipynb", "K = 2")
    reloader.reload()
    assert book.K == 2


def test_details_name_the_cells_that_ran(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "x = 0\nL = K + 1")
    load("book")
    write("book.ipynb", "K = 2", "x = 0\nL = K + 1")
    assert "cell 2, line 2: L" in reloader.reload().details()


def test_functions_move_with_their_cell(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    area, grow = shapes.area, shapes.Circle().grow
    write("shapes.ipynb", "NEW = 1", *SHAPES)
    reloader.reload()
    with pytest.raises(ZeroDivisionError) as info:
        grow()
    assert places(info.value)[-1] == ("shapes.ipynb, cell 3", 2)
    assert inspect.getsource(area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_splitting_a_cell_runs_nothing(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "seen = []\ndef f(): ...")
    book = load("book")
    seen, f = book.seen, book.f
    write("book.ipynb", "seen = []", "def f(): ...")
    report = reloader.reload()
    assert [outcome.ran for outcome in report.outcomes] == [()]
    assert (book.seen is seen, f.__code__.co_filename[-6:]) == (True, "cell 2")


def test_body_edit_patches_without_running_the_cell(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "def f(): return 1")
    f = load("book").f
    write("book.ipynb", "K = 1", "def f(): return 2")
    report = reloader.reload()
    assert [outcome.status for outcome in report.outcomes] == ["patched"]
    assert f() == 2


def test_awaiting_statement_runs_again(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "import asyncio\nK = 1", "L = await asyncio.sleep(0, K)")
    book = load("book")
    write("book.ipynb", "import asyncio\nK = 2", "L = await asyncio.sleep(0, K)")
    reloader.reload()
    assert book.L == 2


def test_notebook_imported_before_the_reloader_is_taken_over(write: Write) -> None:
    write("book.ipynb", "K = 1")
    book = load("book")
    with Reloader() as reloader:
        write("book.ipynb", "K = 2")
        reloader.reload()
    assert book.K == 2


def test_notebook_follows_its_edits_before_a_cell(write: Write, shell: Any) -> None:
    write("book.ipynb", "K = 1", "def f(): return K")
    shell.run_cell("%load_ext reloadmagic\nfrom book import f")
    write("book.ipynb", "K = 2", "def f(): return K")
    assert shell.run_cell("f()", store_history=True).result == 2


def test_notebook_stays_the_module_s_file_though_a_file_that_goes_first_appears(
    project: Project, write: Write, reloader: Reloader
) -> None:
    path = write("book.ipynb", "K = 1", "L = [K]")
    book = load("book")
    project.write("book.py", "K = 'other'\n")
    for number in (2, 3):
        write("book.ipynb", f"K = {number}", "L = [K]")
        reloader.reload()
    assert (book.L, book.__file__) == ([3], str(path))


def test_module_that_becomes_a_notebook_stays_the_same_module(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("book.py", "K = 1\ndef f(): return K\n")
    book = load("book")
    f = book.f
    project.delete("book.py")
    write("book.ipynb", "K = 2", "def f(): return K")
    reloader.reload()
    assert (f(), f.__code__.co_filename[-20:]) == (2, "t/book.ipynb, cell 2")


def test_command_runs_again_before_a_cell(write: Write, shell: Any) -> None:
    shell.run_cell("%load_ext reloadmagic")
    write("book.ipynb", "word = 'one'", "lines = list(x for x in [word])\nout = !echo {word}")
    shell.run_cell("import book")
    write("book.ipynb", "word = 'two'", "lines = list(x for x in [word])\nout = !echo {word}")
    assert shell.run_cell("list(book.out)", store_history=True).result == ["two"]


def test_source_is_shown_as_it_is_after_comments_moved_it(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    cells = [textwrap.dedent(cell).strip() for cell in SHAPES]
    write("shapes.ipynb", cells[0], f"# How much?\n{cells[1]}", f"# What?\n\n{cells[2]}")
    reloader.reload()
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle.grow).startswith("    def grow(self):")
    with pytest.raises(ZeroDivisionError) as info:
        shapes.area(1)
    assert places(info.value) == [("shapes.ipynb, cell 2", 3)]


def test_cells_cut_anew_on_the_same_lines_are_known(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "class A:\n    def f(self): return 1\n\ndef g(): return 2")
    book = load("book")
    write("book.ipynb", "class A:\n    def f(self): return 3", "def g(): return 2")
    assert reloader.reload().outcomes[0].ran == ()
    codes = [book.A.f.__code__, book.g.__code__]
    assert [(c.co_filename[-6:], c.co_firstlineno) for c in codes] == [("cell 1", 2), ("cell 2", 1)]


def test_dependent_notebook_that_cannot_follow_names_its_cell(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("config.py", "K = 1\n")
    write("book.ipynb", "from config import K", "# One each\nL = 1 / K")
    book = load("book")
    project.edit("config.py", "K = 0\n")
    report = str(reloader.reload())
    assert "book.ipynb could not follow the edit: book.ipynb, cell 2, line 2: Zero" in report
    assert book.L == 1


def test_error_in_a_function_of_another_notebook_names_both(
    write: Write, reloader: Reloader
) -> None:
    write("low.ipynb", "K = 1", "def check(n):\n    if not n:\n        raise ValueError('none')")
    write("high.ipynb", "import low", "L = 1\nlow.check(1)")
    load("high")
    write("high.ipynb", "import low", "L = 1\nlow.check(0)")
    report = reloader.reload()
    assert "not reloaded: high.ipynb, cell 2, line 2: ValueError: none" in str(report)
    assert 'low.ipynb, cell 2", line 3, in check' in report.details()


def test_notebook_that_is_renamed_within_its_name_stays_the_same_module(
    project: Project, write: Write, reloader: Reloader
) -> None:
    write("my book.ipynb", "model = object()", "def f(): return 1")
    book = load("my_book")
    model, f = book.model, book.f
    project.delete("my book.ipynb")
    path = write("my-book.ipynb", "model = object()", "def f(): return 2")
    reloader.reload()
    assert (book.model is model, f(), book.__file__) == (True, 2, str(path))
    assert f.__code__.co_filename == f"{path}, cell 2"


def test_notebook_that_becomes_a_module_stays_the_same_module(
    project: Project, write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "K = 1", "def f(): return K")
    f = load("book").f
    project.delete("book.ipynb")
    path = project.write("book.py", "K = 1\ndef f(): return K\n")
    reloader.reload()
    assert (f(), f.__code__.co_filename, f.__code__.co_firstlineno) == (1, str(path), 2)
    assert inspect.getsource(f) == "def f(): return K\n"


def test_what_only_others_hold_moves_with_the_file(
    project: Project, write: Write, reloader: Reloader
) -> None:
    text = "class A:\n    def f(self): return 1\nclass B(A): pass\nA = 5"
    write("book.ipynb", "# Two classes", text)
    b = load("book").B()
    project.delete("book.ipynb")
    path = project.write("book.py", text)
    reloader.reload()
    assert (b.f.__code__.co_filename, b.f.__code__.co_firstlineno) == (str(path), 2)


def test_notebook_whose_file_is_gone_still_follows_what_it_imports(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("config.py", "K = 1\n")
    write("book.ipynb", "import asyncio\nfrom config import K", "L = await asyncio.sleep(0, K)")
    book = load("book")
    project.delete("book.ipynb")
    project.edit("config.py", "K = 2\n")
    reloader.reload()
    assert book.L == 2


def test_source_that_runs_is_shown_after_a_failure(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    write("shapes.ipynb", "NEW = 1 / 0", *SHAPES)
    report = reloader.reload()
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")
    assert "NEW = 1 / 0" in report.details()


def test_looking_at_a_plan_leaves_what_is_shown(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    write("shapes.ipynb", "NEW = 1", SHAPES[0], SHAPES[1].replace("r / 0", "r / 1"), SHAPES[2])
    assert reloader.plan()
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_undone_edit_of_a_notebook_shows_the_source_that_runs(
    write: Write, reloader: Reloader
) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    write("shapes.ipynb", "NEW = 1", SHAPES[0], SHAPES[1].replace("def", "# How much?\ndef"))
    reloader.reload()
    reloader.undo()
    assert shapes.area.__code__.co_filename.endswith("shapes.ipynb, cell 2")
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_values_that_were_imported_from_a_notebook_follow(write: Write, shell: Any) -> None:
    write("book.ipynb", "K = 1", "L = K + 1")
    shell.run_cell("%load_ext reloadmagic\nfrom book import L", store_history=True)
    write("book.ipynb", "K = 5", "L = K + 1")
    assert shell.run_cell("L", store_history=True).result == 6


def test_packages_of_notebooks_follow(write: Write, reloader: Reloader) -> None:
    write("lab/__init__.ipynb", "from .parts import N\nM = N + 1")
    write("lab/parts.ipynb", "N = 3")
    lab = load("lab")
    write("lab/parts.ipynb", "N = 4")
    reloader.reload()
    assert (lab.N, lab.M) == (4, 5)


def test_notebooks_that_import_each_other_follow(write: Write, reloader: Reloader) -> None:
    write("one.ipynb", "K = 1", "import two", "def f(): return two.L")
    write("two.ipynb", "import one", "L = one.K * 10")
    one = load("one")
    write("one.ipynb", "K = 2", "import two", "def f(): return two.L + 1")
    reloader.reload()
    assert one.f() == 21


def test_new_notebook_that_an_edit_imports_is_imported(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1")
    book = load("book")
    write("more.ipynb", "N = 7")
    write("book.ipynb", "K = 1", "from more import N")
    reloader.reload()
    assert book.N == 7


def test_skipping_a_cell_by_a_tag_drops_what_it_bound(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "L = 2")
    book = load("book")
    write("book.ipynb", "K = 1", code("L = 2", "skip-import"))
    reloader.reload()
    assert not hasattr(book, "L")


def test_definitions_alone_are_reloaded_when_asked(write: Write, reloader: Reloader) -> None:
    reloadmagic.notebooks.install(notebook_import="definitions")
    write("book.ipynb", "seen = []", "seen.append(1)\ndef f(): return 1")
    book = load("book")
    write("book.ipynb", "seen = []", "seen.append(2)\ndef f(): return 2")
    reloader.reload()
    assert (book.seen, book.f()) == ([], 2)


# In a shell --------------------------------------------------------------------------------------


def test_loading_the_extension_is_all_it_takes(project: Project, shell: Any) -> None:
    project.write("book.ipynb", notebook("%matplotlib inline", "words = !echo seen", "K = 1"))
    shell.run_cell("%load_ext reloadmagic")
    assert shell.run_cell("import book; [*book.words, book.K]").result == ["seen", 1]


def test_commands_in_functions_work_between_cells(
    project: Project, shell: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write(
        "book.ipynb", notebook("def f():\n    words = !echo seen\n    return list(words)")
    )
    shell.run_cell("%load_ext reloadmagic\nimport book")
    assert sys.modules["book"].f() == ["seen"]


def test_settings_say_what_runs(project: Project, shell: Any) -> None:
    cells = ["K = 1", code("K = 2", "draft"), "seen = []\nseen.append(1)", "%cd -q ."]
    project.write("book.ipynb", notebook(*cells))
    shell.config.ReloadMagic.skip_tags = ["draft"]
    shell.config.ReloadMagic.allow = ["%cd"]
    shell.run_cell("%load_ext reloadmagic\n%config ReloadMagic.notebook_import = 'definitions'")
    assert shell.run_cell("import book; book.K, book.seen").result == (1, [])
    finder = reloadmagic.notebooks.installed()
    assert finder is not None
    assert finder.settings.allow == ("%cd",)


def test_notebooks_can_be_left_out(project: Project, shell: Any) -> None:
    project.write("book.ipynb", notebook("K = 1"))
    shell.config.ReloadMagic.notebooks = False
    shell.run_cell("%load_ext reloadmagic")
    assert isinstance(shell.run_cell("import book").error_in_exec, ModuleNotFoundError)
    shell.run_cell("%config ReloadMagic.notebooks = True")
    assert shell.run_cell("import book; book.K").result == 1


def test_notebooks_that_are_loaded_follow_though_no_more_are_found(
    project: Project, write: Write, shell: Any
) -> None:
    write("book.ipynb", "K = 1")
    shell.run_cell("%load_ext reloadmagic\nimport book", store_history=True)
    shell.run_cell("%config ReloadMagic.notebooks = False", store_history=True)
    write("book.ipynb", "K = 2")
    assert shell.run_cell("book.K", store_history=True).result == 2


def test_unloading_brings_back_what_was_installed_before(shell: Any) -> None:
    before = reloadmagic.notebooks.install(skip_tags=["mine"]).settings
    shell.run_cell("%load_ext reloadmagic")
    shell.run_cell("%unload_ext reloadmagic")
    finder = reloadmagic.notebooks.installed()
    assert finder is not None
    assert finder.settings == before


@pytest.fixture
def session(write: Write, shell: Any) -> Any:
    """A shell in which a notebook was imported, which imports another, and that one was edited."""
    write("low.ipynb", "K = 1", "def f():\n    return K")
    write("high.ipynb", "import math", "# What counts\nfrom low import K\nL = K + 1")
    shell.run_cell("%load_ext reloadmagic\nimport high", store_history=True)
    shell.run_cell("%reload_mode off", store_history=True)
    write("low.ipynb", "K = 2", "def f():\n    return K\n")
    return shell


def shown(shell: Any, command: str) -> str:
    return str(shell.run_cell(command, store_history=True).result)


def test_diff_is_that_of_the_cells(session: Any) -> None:
    diff = shown(session, "%reload_diff")
    assert diff.startswith("low · low.ipynb\n")
    assert "cell 1\n # %%\n-K = 1\n+K = 2\n" in diff
    assert "nbformat" not in diff


def test_explanation_names_cells(session: Any) -> None:
    assert "high.ipynb, cell 2, line 3" in shown(session, "%reload_explain high.L")
    assert "run cell 1, line 1 again" in shown(session, "%reload_explain low.K")
    assert "reruns high.ipynb, cell 2, line 2" in shown(session, "%reload_explain low.K")


def test_status_and_graph_know_notebooks(session: Any) -> None:
    status = shown(session, "%reload_status")
    assert "low" in status
    assert "stale" in status
    assert "low" in shown(session, "%reload_graph high")


def test_dry_run_and_history_know_notebooks(session: Any) -> None:
    assert "low" in shown(session, "%reload_changed -n")
    assert "reloaded low.ipynb (K) → high.ipynb (K, L)" in shown(session, "%reload_changed")
    assert "low.ipynb" in shown(session, "%reload_history")


def test_diff_of_a_cell_that_does_not_parse_says_where(write: Write, session: Any) -> None:
    write("low.ipynb", "K = 1", "def f():\n    return (")
    diff = shown(session, "%reload_diff")
    assert "low.ipynb, cell 2, line 2: SyntaxError: '(' was never closed" in diff
    assert "nbformat" not in diff
