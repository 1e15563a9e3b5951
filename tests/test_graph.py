"""Who imports whom: ancestors, cycles, and the order in which imports end."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reloadmagic.graph import ImportGraph, RunOrder
from session import load, watch


def numbered(imports):
    """Each import as a statement of its own."""
    return {name: list(enumerate(targets)) for name, targets in imports.items()}


CHAIN = {"a": ["b"], "b": ["c"], "c": [], "other": ["c"]}
CYCLE = {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["b"]}


def test_what_nothing_imports_or_nobody_knows_has_no_ancestors():
    graph = ImportGraph(CHAIN)
    assert (graph.ancestors("a"), graph.ancestors("missing")) == (set(), set())


def test_a_module_in_a_cycle_is_among_its_own_descendants():
    graph = ImportGraph(CYCLE)
    assert graph.descendants("a") == graph.ancestors("a") - {"d"} == {"a", "b", "c"}
    assert "d" not in graph.descendants("d")


def test_ancestors_and_descendants_are_transitive():
    graph = ImportGraph(CHAIN)
    assert (graph.descendants("a"), graph.ancestors("c")) == ({"b", "c"}, {"a", "b", "other"})


@pytest.mark.parametrize(
    ("imports", "started", "expected"),
    [
        (CHAIN, {"a": 0, "b": 1, "c": 2, "other": 3}, ["c", "b", "a", "other"]),
        (CYCLE, {"a": 0, "b": 1, "c": 2, "d": 3}, ["c", "b", "a", "d"]),
        (CYCLE, {"c": 0, "a": 1, "b": 2, "d": 3}, ["b", "a", "c", "d"]),  # where it was entered
        (CHAIN, {"a": 0, "c": 1}, ["c", "a"]),  # what is not asked for still leads through
    ],
)
def test_imports_end_in_the_order_that_python_ends_them(imports, started, expected):
    assert RunOrder(numbered(imports), started).finished == expected


GRAPHS = st.integers(1, 7).flatmap(
    lambda n: st.fixed_dictionaries(
        {str(k): st.lists(st.integers(0, n - 1).map(str), max_size=3) for k in range(n)}
    )
)


@given(GRAPHS)
def test_dependents_and_descendants_are_two_sides_of_one_relation(imports):
    graph = ImportGraph(imports)
    for name in imports:
        for other in imports:
            assert (other in graph.descendants(name)) == (name in graph.ancestors(other))


@given(GRAPHS)
def test_every_started_module_ends_once_and_after_what_it_imports_outside_cycles(imports):
    graph = ImportGraph(imports)
    order = RunOrder(numbered(imports), {name: int(name) for name in imports}).finished
    assert sorted(order) == sorted(imports)
    for name in imports:
        for target in {*imports[name]} - graph.ancestors(name) - {name}:
            assert order.index(target) < order.index(name)


def imported(project, files):
    """What the module *log* of *files* holds once *a* was imported, and the order that is told."""
    for name, text in files.items():
        project.write(f"{name}.py", text)
    with watch() as reloader:
        log = load("log", "a")[0]
        started = {name: module.order for name, module in reloader.tracked.items()}
        return log, RunOrder(reloader.index.imports.at_once(), started)


def test_the_order_is_that_of_real_imports(project):
    files = {
        "a": "import b\nimport log; log.names.append('a')\n",
        "b": "import c\nfrom d import x\nimport log; log.names.append('b')\n",
        "c": "import d\nimport log; log.names.append('c')\n",
        "d": "x = 1\nimport log; log.names.append('d')\n",
        "log": "names = []\n",
    }
    log, order = imported(project, files)
    assert [n for n in order.finished if n in files and n != "log"] == log.names


def test_statements_run_before_and_after_what_is_imported_between_them(project):
    files = {
        "a": "import log\nlog.put('a', 1)\nimport b\nlog.put('a', 3)\nimport c\nlog.put('a', 5)\n",
        "b": "import log\nlog.put('b', 1)\nimport c\nlog.put('b', 3)\n",
        "c": "import log, a\nlog.put('c', 1)\n",
        "log": "put = lambda *place: places.append(place)\nplaces = []\n",
    }
    log, order = imported(project, files)
    assert log.places == sorted(log.places, key=lambda place: order.place(*place))
    assert len(log.places) == 6


IMPORTS = {
    "import pkg.mod": {"pkg", "pkg.mod"},
    "from pkg import mod": {"pkg", "pkg.mod"},
    "from pkg.mod import X": {"pkg", "pkg.mod"},
    "from pkg import *": {"pkg"},
    "import pkg.mod as m": {"pkg", "pkg.mod"},
    "def f():\n    import pkg.mod": {"pkg", "pkg.mod"},  # a call follows it
    "try:\n    import pkg\nexcept ImportError:\n    pass": {"pkg"},
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pkg.mod": set(),
    "import typing\nif typing.TYPE_CHECKING:\n    import pkg\nelse:\n    import other": {"other"},
    "import os": set(),
    "class A:\n    from pkg.mod import X": {"pkg", "pkg.mod"},
}


@pytest.mark.parametrize("text", IMPORTS)
def test_what_counts_as_a_dependency(project, text):
    project.write("pkg/__init__.py", "")
    project.write("pkg/mod.py", "X = 1\n")
    project.write("other.py", "")
    project.write("asks.py", text + "\n")
    with watch() as reloader:
        load("pkg", "pkg.mod", "other", "asks")
        assert set(reloader.index.imports.by_module()["asks"]) == IMPORTS[text]


def test_relative_imports_are_dependencies(project):
    project.write("pkg/__init__.py", "")
    project.write("pkg/a.py", "X = 1\n")
    project.write("pkg/sub/__init__.py", "from .. import a\n")
    project.write("pkg/sub/b.py", "from ..a import X\nfrom . import c\n")
    project.write("pkg/sub/c.py", "")
    with watch() as reloader:
        importlib.import_module("pkg.sub.b")
        imports = reloader.index.imports.by_module()
    assert set(imports["pkg.sub"]) >= {"pkg.a"}
    assert set(imports["pkg.sub.b"]) >= {"pkg.a", "pkg.sub.c"}
