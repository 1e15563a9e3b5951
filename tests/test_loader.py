"""The finder and loader: everything about an import stays as it was but for who runs the code."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import sysconfig
import traceback
import types
import warnings
from importlib.abc import SourceLoader
from pathlib import Path

import pytest

from reloadmagic.compiling import compile_statements, insert_merge_hook, read_source
from reloadmagic.errors import SourceError
from reloadmagic.loader import ReloadFinder, ReloadLoader
from reloadmagic.source import Source
from session import described, load, unlike, watch

FILES = [
    path
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    if 2_000 < path.stat().st_size < 30_000
]
USUAL = importlib.machinery.SourceFileLoader("m", "m.py")


# Compiling statements alone -------------------------------------------------------------------


def nested(code: types.CodeType) -> list[types.CodeType]:
    return [c for c in code.co_consts if isinstance(c, types.CodeType)]


@pytest.mark.parametrize("path", FILES[::16], ids=lambda path: path.stem)
def test_a_statement_compiled_alone_has_the_code_it_has_in_its_module(path):
    source = Source.read(path.read_bytes(), str(path))
    whole = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    wanted = {(c.co_name, c.co_firstlineno): c for c in nested(whole)}
    for statement in source.statements:
        if statement.fragment.kind in {"def", "class"}:
            for code in nested(compile_statements(USUAL, source, [statement])):
                assert code == wanted[code.co_name, code.co_firstlineno]


@pytest.mark.parametrize(
    "text",
    [
        "import os\ndef f(): return os.getcwd()\n",  # is_import_originated
        "from __future__ import annotations\ndef f(x: unknown): pass\n",
        "try:\n    import os\nexcept ImportError:\n    os = None\ndef f(): os.getcwd()\n",
        "from os import *\ndef f(): return getcwd()\n",
    ],
)
def test_code_that_depends_on_the_rest_of_the_module_is_the_same(text):
    source = Source.read(text.encode(), "m.py")
    whole = nested(compile(text, "m.py", "exec", dont_inherit=True))[-1]
    assert nested(compile_statements(USUAL, source, source.statements[-1:]))[-1] == whole


def test_imports_that_are_only_there_for_the_compiler_do_not_run():
    source = Source.read(b"import surely_not_there\nA = 1\n", "m.py")
    namespace: dict = {}
    exec(compile_statements(USUAL, source, source.statements[1:]), namespace)
    assert namespace["A"] == 1


@pytest.mark.parametrize("text", ["return 1", "yield", "await x", "break", "def f():\n nonlocal x"])
def test_what_parses_but_does_not_compile_is_an_error_with_its_line(text):
    source = Source.read(b"a = 1\n" + text.encode() + b"\n", "m.py")
    with pytest.raises(SourceError) as caught:
        compile_statements(USUAL, source, source.statements[1:])
    assert (caught.value.path, caught.value.lineno >= 2) == ("m.py", True)


def test_a_loader_with_a_say_in_the_code_is_asked():
    class Loader(importlib.machinery.SourceFileLoader):
        asked = []

        def source_to_code(self, data, path, **options):
            self.asked.append(path)
            return compile(data, path, "exec", dont_inherit=True, **options)

    source = Source.read(b"a = 1\n", "m.py")
    compile_statements(Loader("m", "m.py"), source, source.statements)
    assert Loader.asked == ["m.py"]


def test_the_merge_hook_is_the_innermost_decorator_of_functions_alone():
    import ast

    tree = ast.parse(
        "@a\n@b\ndef f(): pass\n@c\nclass A:\n @d\n def m(self): pass\ndef g(): pass\n"
    )
    insert_merge_hook(tree.body)
    assert [len(n.decorator_list) for n in tree.body] == [3, 1, 0]
    assert len(tree.body[1].body[0].decorator_list) == 1


def test_a_stamp_is_taken_before_the_bytes_are_read(tmp_path):
    path = tmp_path / "m.py"
    path.write_text("a = 1\n")

    class Slow:
        def get_data(self, name):
            data = path.read_bytes()
            path.write_text("a = 22\n")
            return data

    stamp, source = read_source(Slow(), str(path))
    assert (stamp[1], source.text) == (6, "a = 1\n")


# Imports ------------------------------------------------------------------------------------------


def test_an_import_under_watch_gives_what_an_import_gives(project):
    project.write("pkg/__init__.py", "from .mod import f\n")
    project.write(
        "pkg/mod.py",
        """
        '''Doc.'''
        import functools, enum
        x = 1
        x = x + 1
        def deco(f):
            @functools.wraps(f)
            def inner(*args): return f(*args)
            return inner
        @deco
        def f(a, b: int = 2): return a + b
        class E(enum.Enum):
            A = 1
        class C:
            @property
            def p(self): return self
            @staticmethod
            def s(): pass
        """,
    )
    load("pkg", "pkg.mod")
    plain = described("pkg", "pkg.mod")
    for name in project.modules():
        del sys.modules[name]
    with watch():
        load("pkg", "pkg.mod")
    assert unlike(described("pkg", "pkg.mod"), plain) == []


def test_the_loader_is_of_the_class_that_was_found(project, reloader):
    project.write("one.py", "A = 1\n")
    loader = load("one").__spec__.loader
    assert isinstance(loader, importlib.machinery.SourceFileLoader)
    assert isinstance(loader, ReloadLoader)
    assert type(loader).__name__ == "SourceFileLoader"


def test_resources_and_inspection_work_on(project, reloader):
    import inspect
    import pkgutil
    from importlib import resources

    project.write("pkg/__init__.py", "def f():\n    return 1\n")
    project.write("pkg/data.txt", "data")
    pkg = load("pkg")
    assert resources.files("pkg").joinpath("data.txt").read_text() == "data"
    assert pkgutil.get_data("pkg", "data.txt") == b"data"
    assert inspect.getsource(pkg.f) == "def f():\n    return 1\n"


def test_modules_of_others_keep_their_loaders(reloader, monkeypatch):
    monkeypatch.delitem(sys.modules, "this_is_not_there", raising=False)
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert type(importlib.import_module("colorsys").__spec__.loader) is type(USUAL)


def test_a_loader_with_a_way_of_its_own_is_left_alone(project, reloader):
    class Own(importlib.machinery.SourceFileLoader):
        def exec_module(self, module):
            module.own = True

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "special":
                place = str(project.path / "special.py")
                return importlib.util.spec_from_file_location(name, place, loader=Own(name, place))
            return None

    project.write("special.py", "A = 1\n")
    sys.meta_path.insert(1, Finder)
    try:
        special = load("special")
    finally:
        sys.meta_path.remove(Finder)
    assert (special.own, hasattr(special, "A")) == (True, False)


def test_a_source_loader_of_others_is_reloaded_through(project, reloader):
    class Upper(SourceLoader):
        def get_filename(self, fullname):
            return str(project.path / "upper.py")

        def get_data(self, path):
            return Path(path).read_bytes().replace(b"lower", b"UPPER")

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "upper":
                place = str(project.path / "upper.py")
                return importlib.util.spec_from_file_location(name, place, loader=Upper())
            return None

    project.write("upper.py", "A = 'lower'\n")
    sys.meta_path.insert(1, Finder)
    try:
        upper = load("upper")
        first = upper.A
        project.edit("upper.py", "A = 'lower2'\n")
        reloader.reload()
    finally:
        sys.meta_path.remove(Finder)
    assert (first, upper.A) == ("UPPER", "UPPER2")


def test_an_import_that_fails_fails_as_it_would(project, reloader):
    project.write("bad.py", "import os\nA = 1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        load("bad")
    assert "bad" not in sys.modules
    assert "bad" not in reloader.tracked
    project.edit("bad.py", "A = 1\n")
    assert load("bad").A == 1


def test_warnings_of_the_parser_are_shown_once(project, reloader):
    project.write("one.py", "K = 1\n\nL = '\\d'\n\ndef f():\n    return L\n")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        load("one")
        project.edit("one.py", "K = 2\n\nL = '\\dx'\n\ndef f():\n    return L + '\\w'\n")
        assert reloader.plan()
        reloader.reload()
    assert [(w.filename, w.lineno) for w in shown] == [(str(project.path / "one.py"), 3)]


def test_a_failing_import_shows_the_user_s_frames_alone(project, reloader):
    project.write("outer.py", "import inner\n")
    project.write("inner.py", "def f():\n    return 1 / 0\nf()\n")
    with pytest.raises(ZeroDivisionError) as caught:
        import outer  # noqa: F401
    frames = traceback.extract_tb(caught.value.__traceback__)
    found = [(Path(frame.filename).name, frame.lineno) for frame in frames[1:]]
    assert found == [("outer.py", 1), ("inner.py", 3), ("inner.py", 2)]


def test_an_import_of_no_source_shows_the_import_alone(project, reloader):
    project.write("bad.py", "A = (\n")
    with pytest.raises(SyntaxError) as caught:
        import bad  # noqa: F401
    assert len(traceback.extract_tb(caught.value.__traceback__)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A = (\n", SyntaxError), ("return\n", SyntaxError), ("if 1:\nx\n", IndentationError)],
)
def test_an_import_of_no_source_raises_what_python_raises(project, reloader, text, expected):
    project.write("bad.py", text)
    with pytest.raises(expected) as caught:
        load("bad")
    assert (type(caught.value), caught.value.filename) == (expected, str(project.path / "bad.py"))


def test_the_order_in_which_imports_start_is_noted(project, reloader):
    project.write("a.py", "import b\n")
    project.write("b.py", "import c\n")
    project.write("c.py", "")
    load("a")
    tracked = sorted((t for t in reloader.tracked.values()), key=lambda t: t.order)
    assert [t.name for t in tracked if t.name in {"a", "b", "c"}] == ["a", "b", "c"]


def test_an_installed_finder_is_first_and_leaves_without_a_trace(project):
    before = list(sys.meta_path)
    reloader = watch()
    first = sys.meta_path[0]
    reloader.close()
    reloader.close()
    assert isinstance(first, ReloadFinder)
    assert sys.meta_path == before


def test_a_module_imported_under_watch_works_on_when_the_watch_has_ended(project):
    project.write("one.py", "A = 1\n")
    with watch():
        one = load("one")
    project.edit("one.py", "A = 2\n")
    importlib.reload(one)
    assert one.A == 2


def test_a_plain_importlib_reload_runs_all_of_the_module(project, reloader):
    project.write("one.py", "A = 1\nB = []\n")
    one = load("one")
    kept = one.B
    project.edit("one.py", "A = 2\nB = []\n")
    importlib.reload(one)
    assert (one.A, one.B is kept) == (2, False)
    assert not reloader.reload()


def test_an_import_takes_no_more_frames_than_without_us(project, reloader):
    text = (
        "import sys\nDEPTH = 0\nframe = sys._getframe()\nwhile frame := frame.f_back: DEPTH += 1\n"
    )
    for number in range(5):
        project.write(f"deep{number}.py", f"from deep{number + 1} import DEPTH\n")
    project.write("deep5.py", text)
    nested = load("deep0").DEPTH
    reloader.close()
    for number in range(6):
        del sys.modules[f"deep{number}"]
    assert nested == load("deep0").DEPTH
