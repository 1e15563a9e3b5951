"""Modules looked at, however hostile, and files from outside."""

from __future__ import annotations

import types

import pytest

from reloadmagic.modules import module_namespace, module_spec
from reloadmagic.stamps import stamp_of


def test_namespaces_are_read_past_whatever_a_module_overrides():
    class Lazy(types.ModuleType):
        def __getattr__(self, name):
            raise RuntimeError(name)

    module = Lazy("lazy")
    assert module_namespace(module) is vars(module)
    assert module_spec(module) is None


@pytest.mark.parametrize("value", [None, 1, object(), types.SimpleNamespace(__spec__=1)])
def test_what_only_poses_as_a_module_has_no_namespace(value):
    assert module_namespace(value) is None


def test_a_file_that_is_not_there_has_no_stamp(tmp_path):
    (tmp_path / "a").write_text("x")
    assert stamp_of(str(tmp_path / "a"))[1] == 1
    assert stamp_of(str(tmp_path / "b")) is None
    assert stamp_of("\x00") is None
