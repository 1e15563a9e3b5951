"""Real packages, copied into a project of the user's under another name and edited there.

Three styles: nbformat (functions, dict subclasses, configurables), attrs (slotted classes made by
its own decorators, generated methods, validator objects) and traitlets (a metaclass and
descriptors). The edits find definitions by name, so that they hold for any version.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from support import Project

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Copied packages warn about their own past when they are imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

COPIES = {
    "nbformat": {"nbformat": "nbcopy"},
    "attrs": {"attr": "attrcopy", "attrs": "attrscopy"},
    "traitlets": {"traitlets": "traitcopy"},
}
# What only imports with something else installed, or that starts working when imported.
LEFT_OUT = {"tests", "__main__.py", "sphinxdoc.py", "argcomplete_config.py"}


def copy_package(project: Project, distribution: str) -> list[str]:
    """The names of all modules of *distribution*, copied and renamed into the project."""
    names = []
    for original, copy in COPIES[distribution].items():
        spec = importlib.util.find_spec(original)
        assert spec is not None
        assert spec.origin is not None
        root = Path(spec.origin).parent
        shutil.copytree(root, project.path / copy, ignore=_left_out)
        for path in (project.path / copy).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for old, new in COPIES[distribution].items():
                text = re.sub(rf"(?m)^(\s*(?:from|import)\s+){old}(?=[.\s])", rf"\1{new}", text)
            path.write_text(text, encoding="utf-8")
            names.append(_module_name(path.relative_to(project.path)))
    importlib.invalidate_caches()
    return sorted(names)


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in LEFT_OUT or name == "__pycache__"}


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def insert(text: str, statement: str, qualname: str | None = None) -> str:
    """*text* with *statement* first in the body of *qualname*, or of every function."""
    lines = text.splitlines(keepends=True)
    places = []
    for name, node in _functions(ast.parse(text).body, ""):
        first = node.body[0]
        starts_its_line = not lines[first.lineno - 1][: first.col_offset].strip()
        if not starts_its_line or qualname not in (None, name):
            continue
        is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        line = first.end_lineno if is_docstring else min(first.lineno, *_decorators(first))
        places.append((line if is_docstring else line - 1, " " * first.col_offset))
    assert places, f"no function {qualname}"
    for line, indent in sorted(places, reverse=True):
        lines.insert(line, f"{indent}{statement}\n")
    return "".join(lines)


def _functions(body: list[ast.stmt], prefix: str) -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.append((prefix + node.name, node))
            found += _functions(node.body, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            found += _functions(node.body, f"{prefix}{node.name}.")
        else:
            for part in ("body", "orelse", "handlers", "finalbody"):
                found += _functions(getattr(node, part, []), prefix)
    return found


def _decorators(node: ast.stmt) -> list[int]:
    return [node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))]


def run(shell: InteractiveShell, cell: str) -> Any:
    return shell.run_cell(cell, store_history=True).raise_error()


def evaluate(shell: InteractiveShell, expression: str) -> Any:
    result = shell.run_cell(expression, store_history=True)
    result.raise_error()
    return result.result


def edit(project: Project, path: str, statement: str, qualname: str | None = None) -> None:
    text = (project.path / path).read_text(encoding="utf-8")
    project.edit(path, insert(text, statement, qualname))


def import_copy(project: Project, shell: InteractiveShell, distribution: str) -> list[str]:
    """The names of all modules of *distribution*, copied and imported in *shell*."""
    names = copy_package(project, distribution)
    run(shell, "\n".join(f"import {name}" for name in names))
    return names


@pytest.fixture
def notebook(project: Project, shell: InteractiveShell) -> InteractiveShell:
    run(shell, "%load_ext reloadmagic")
    return shell


# --- single edits ---------------------------------------------------------------------------------

# By package and case: what the notebook holds; the file, the function and its new first statement;
# what holds then.
EDITS = {
    "nbformat": {
        "function-imported-by-name": (
            "from nbcopy import reads",
            ("nbcopy/__init__.py", "reads", "return 'edited'"),
            "reads('{}', 4) == 'edited'",
        ),
        "function-re-exported-and-held-in-a-list": (
            "from nbcopy.v4 import new_notebook; make = [new_notebook]",
            ("nbcopy/v4/nbbase.py", "new_notebook", "return 'edited'"),
            "new_notebook() == make[0]() == 'edited'",
        ),
        "instance-of-a-dict-subclass": (
            "from nbcopy.notebooknode import NotebookNode; node = NotebookNode(a=1)",
            ("nbcopy/notebooknode.py", "NotebookNode.update", "return 'edited'"),
            "node.update({}) == 'edited' and type(node) is NotebookNode and node == {'a': 1}",
        ),
        "subclass-in-the-notebook-and-bound-method": (
            (
                "from nbcopy.v4 import new_code_cell\n"
                "cell = new_code_cell('x')\n"
                "class Mine(type(cell)): pass\n"
                "mine = Mine(a=1); bound = mine.update"
            ),
            (
                "nbcopy/notebooknode.py",
                "NotebookNode.update",
                "return ('edited', type(self).__name__)",
            ),
            (
                "mine.update({}) == bound({}) == ('edited', 'Mine')"
                " and cell.update({})[1] == 'NotebookNode' and isinstance(mine, type(cell))"
            ),
        ),
        "configurable-and-its-store": (
            (
                "from nbcopy.sign import MemorySignatureStore, NotebookNotary\n"
                "class Store(MemorySignatureStore): pass\n"
                "store, notary = Store(), NotebookNotary(store_factory=Store)"
            ),
            ("nbcopy/sign.py", "MemorySignatureStore.check_signature", "return 'edited'"),
            "store.check_signature('d', 'a') == 'edited' and isinstance(notary.store, Store)",
        ),
        "inherited-method": (
            (
                "from nbcopy.json_compat import ValidationError, JsonSchemaValidator\n"
                "class Mine(JsonSchemaValidator): pass\n"
                "mine = Mine({'type': 'object'})"
            ),
            ("nbcopy/json_compat.py", "JsonSchemaValidator.validate", "return 'edited'"),
            "mine.validate({}) == 'edited'",
        ),
    },
    "attrs": {
        "function-re-exported-twice": (
            "from attrscopy import define, asdict\n@define\nclass Point: x: int\npoint = Point(1)",
            ("attrcopy/_funcs.py", "asdict", "return 'edited'"),
            "asdict(point) == 'edited'",
        ),
        "instance-of-a-slotted-class": (
            (
                "from attrscopy import define, fields\n"
                "@define\n"
                "class Point: x: int\n"
                "held = fields(Point).x"
            ),
            ("attrcopy/_make.py", "Attribute.evolve", "return 'edited'"),
            "held.evolve() == 'edited' and type(held) is type(fields(Point).x)",
        ),
        "instance-of-a-class-that-a-decorator-made": (
            "from attrscopy.validators import instance_of\nis_int = instance_of(int)",
            ("attrcopy/validators.py", "_InstanceOfValidator.__call__", "return 'edited'"),
            "is_int(None, None, 'no int') == 'edited' and type(instance_of(str)) is type(is_int)",
        ),
        "exception-caught-by-its-old-name": (
            (
                "from attrcopy.exceptions import FrozenError, FrozenInstanceError\n"
                "import attrscopy\n"
                "@attrscopy.frozen\n"
                "class Fixed: x: int\n"
                "fixed = Fixed(1)\n"
                "def catches():\n"
                "    try: fixed.x = 2\n"
                "    except FrozenError: return True"
            ),
            ("attrcopy/_make.py", "_frozen_setattrs", "_edited = True"),
            "catches() and issubclass(FrozenInstanceError, FrozenError)",
        ),
    },
    "traitlets": {
        "instance-of-a-class-with-a-metaclass": (
            "from traitcopy import HasTraits, Int\nclass Mine(HasTraits): n = Int()\nmine = Mine(n=1)",
            ("traitcopy/traitlets.py", "HasTraits.trait_names", "return 'edited'"),
            "mine.trait_names() == 'edited' and isinstance(mine, HasTraits) and mine.n == 1",
        ),
        "descriptor-that-a-class-holds": (
            "from traitcopy import HasTraits, Int\nclass Mine(HasTraits): n = Int()\nmine = Mine(n=1)",
            ("traitcopy/traitlets.py", "Int.validate", "return 42"),
            "(setattr(mine, 'n', 3), mine.n) == (None, 42)",
        ),
        "instance-of-a-dict-subclass": (
            "from traitcopy.config import Config\nconfig = Config(); config.A.b = 1",
            ("traitcopy/config/loader.py", "Config.collisions", "return 'edited'"),
            "config.collisions(config) == 'edited' and config.A.b == 1",
        ),
    },
}


@pytest.mark.parametrize(
    ("distribution", "case"), [(name, case) for name, cases in EDITS.items() for case in cases]
)
def test_what_the_notebook_holds_follows_an_edit_of_one_function(
    project: Project, notebook: InteractiveShell, distribution: str, case: str
) -> None:
    before, (path, qualname, statement), holds = EDITS[distribution][case]
    import_copy(project, notebook, distribution)
    run(notebook, before)
    edit(project, path, statement, qualname)
    assert evaluate(notebook, holds) is True


# --- every function of a package at once ----------------------------------------------------------


def definitions(names: list[str], root: Path) -> dict[str, Any]:
    """Functions and classes written in the modules *names*, by module and qualname."""
    found: dict[str, Any] = {}
    for name in names:
        for value in list(vars(sys.modules[name]).values()):
            _collect(value, name, root, found)
    return found


def _collect(value: object, module: str, root: Path, found: dict[str, Any]) -> None:
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if isinstance(value, property):
        value = value.fget
    key = f"{module}:{getattr(value, '__qualname__', '')}"
    if key in found or getattr(value, "__module__", None) != module:
        return
    if isinstance(value, FunctionType):
        if value.__code__.co_filename.startswith(str(root)):
            found[key] = value
    elif isinstance(value, type):
        found[key] = value
        for attribute in list(vars(value).values()):
            _collect(attribute, module, root, found)


def has_marked_code(function: FunctionType) -> bool:
    return "_edited" in function.__code__.co_varnames


@pytest.mark.parametrize("distribution", COPIES)
def test_every_held_function_runs_the_edited_code(
    project: Project, notebook: InteractiveShell, distribution: str
) -> None:
    names = import_copy(project, notebook, distribution)
    held = definitions(names, project.path)
    modules = {name: sys.modules[name] for name in names}
    subclasses = _subclass_names(held)
    _mark_all_functions(project)

    run(notebook, "pass")

    assert _unlike(modules, {name: sys.modules[name] for name in names}) == []
    assert _unlike(held, definitions(names, project.path)) == []
    functions = {key: value for key, value in held.items() if is_markable(value)}
    assert len(functions) > 200
    assert [key for key, value in functions.items() if not has_marked_code(value)] == []
    assert _subclass_names(held) == subclasses


def is_markable(value: object) -> bool:
    return isinstance(value, FunctionType) and value.__name__ != "<lambda>"


def _mark_all_functions(project: Project) -> None:
    """Every function of the project's files now begins by binding ``_edited``."""
    for path in sorted(project.path.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "def " in text:
            project.edit(str(path.relative_to(project.path)), insert(text, "_edited = True"))


def _unlike(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [key for key in before if after.get(key) is not before[key]]


def _subclass_names(held: dict[str, Any]) -> dict[str, list[str]]:
    """For each class its subclasses' names: a twin that a reload left behind is listed twice."""
    gc.collect()
    classes = {k: v for k, v in held.items() if isinstance(v, type) and v is not type}
    return {
        key: sorted(one.__qualname__ for one in type.__subclasses__(cls))
        for key, cls in classes.items()
    }


def test_whole_package_reads_and_writes_after_the_edit(
    project: Project, notebook: InteractiveShell
) -> None:
    import_copy(project, notebook, "nbformat")
    run(
        notebook,
        "from nbcopy.v4 import new_notebook, new_code_cell\n"
        "book = new_notebook(cells=[new_code_cell('1 + 1')])\n"
        "text = nbcopy.writes(book)",
    )
    _mark_all_functions(project)
    assert evaluate(notebook, "nbcopy.reads(text, 4) == book") is True
    assert evaluate(notebook, "type(nbcopy.reads(text, 4)) is type(book)") is True


def test_copies_are_not_the_installed_packages(project: Project) -> None:
    names = copy_package(project, "nbformat")
    module = importlib.import_module("nbcopy.notebooknode")
    assert isinstance(module, ModuleType)
    assert "nbcopy.notebooknode" in names
    assert module.NotebookNode is not __import__("nbformat").NotebookNode
