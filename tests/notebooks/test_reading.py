"""Files that are notebooks, and files that are none."""

from __future__ import annotations

import json

import pytest

import reloadmagic.notebooks
from notebook_files import Write, code, markdown, notebook
from session import load
from support import Project


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
