"""Which notebook an import finds, and what stands before it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import reloadmagic.notebooks
from notebook_files import Write, notebook
from reloadmagic import Reloader
from session import load
from support import Project


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
