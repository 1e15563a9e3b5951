"""The hooks by which modules and classes take part in their own reload."""

from __future__ import annotations

import pytest

from session import load, statuses


def test_new_code_is_handed_what_old_code_returned(project, reloader):
    text = "N = {n}\ndef __before_reload__(): return N\ndef __after_reload__(s): GOT.append(s)\nGOT = []\n"
    project.write("one.py", text.format(n=1))
    one = load("one")
    for number in (2, 3):
        project.edit("one.py", text.format(n=number))
        reloader.reload()
    assert one.GOT == [1, 2]


def test_instances_are_told_that_their_class_has_changed(project, reloader):
    text = "class A:\n    def __after_reload_instance__(self): self.n = {n}\n"
    project.write("one.py", text.format(n=1))
    one = load("one")
    made, inherited = one.A(), type("B", (one.A,), {})()
    project.edit("one.py", text.format(n=2))
    reloader.reload()
    assert (made.n, inherited.n) == (2, 2)


HOOKS = {
    "module": "class A: seen = []\ndef __after_reload__(state): {body}\nself = A()\n",
    "instance": "class A:\n    def __after_reload_instance__(self): {body}\n",
}


@pytest.mark.parametrize("kind", HOOKS)
def test_what_a_hook_has_written_before_it_fails_is_taken_back(project, reloader, kind):
    project.write("one.py", HOOKS[kind].format(body="pass"))
    one = load("one")
    made = getattr(one, "self", None) or one.A()
    made.seen = [1]
    project.edit("one.py", HOOKS[kind].format(body="self.n = self.seen.append(2); self.m"))
    (failed,) = reloader.reload().failed
    assert (failed.error.lineno, vars(made)) == (2, {"seen": [1]})


BEFORE = "A = {a}\ndef __before_reload__():\n    {body}\n"


def test_a_hook_that_cannot_hand_on_its_state_fails_the_edit_with_its_place(project, reloader):
    path = project.write("one.py", BEFORE.format(a=1, body="return 1 / 0"))
    one = load("one")
    project.edit("one.py", BEFORE.format(a=2, body="return 1 / 0"))
    (failed,) = reloader.reload().failed
    assert (failed.error.path, failed.error.lineno, failed.error.line) == (
        str(path),
        3,
        "    return 1 / 0",
    )
    assert one.A == 1


@pytest.mark.parametrize("text", [BEFORE.format(a=2, body="return 1"), "A = 2\n"])
def test_such_a_hook_is_mended_by_an_edit_of_it(project, reloader, text):
    project.write("one.py", BEFORE.format(a=1, body="return 1 / 0"))
    one = load("one")
    project.edit("one.py", text)
    report = reloader.reload()
    assert (statuses(report), one.A) == ({"one": "reloaded"}, 2)
    assert report.outcomes[0].leftovers == (
        "one.py:3: __before_reload__ handed on no state: ZeroDivisionError: division by zero",
    )
