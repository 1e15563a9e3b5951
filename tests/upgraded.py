"""Run by `test_upgrades`: one version of a package is loaded, another written over it, and reloaded.

``upgraded.py PACKAGE BEFORE AFTER``, the last two being folders that hold the package. Prints, as
JSON, what differs from a fresh process that imports the second version.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

LEFT_OUT = ("test", "__main__", "_win32", "_winconsole")  # need other things, or start to work


def load(package: str) -> None:
    """Import the package and all of its modules that can be."""
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{package}."):
        if not any(word in found.name for word in LEFT_OUT):
            try:
                importlib.import_module(found.name)
            except ImportError:
                continue


def write(source: Path, target: Path) -> None:
    """Make *target* the version that is in *source*, touching only what differs."""
    texts = {path.relative_to(source): path.read_bytes() for path in source.rglob("*.py")}
    for path in list(target.rglob("*.py")):
        if path.relative_to(target) not in texts:
            path.unlink()
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != text:
            path.write_bytes(text)


def facts(package: str, folder: Path) -> dict[str, Any]:
    """What the names of all modules stand for, in plain values."""
    return {
        f"{module}:{name}": describe(value, package, folder)
        for module in sorted(sys.modules)
        if module == package or module.startswith(f"{package}.")
        for name, value in vars(sys.modules[module]).items()
        if not name.startswith("__") or name in ("__all__", "__version__")
    }


def describe(value: Any, package: str, folder: Path) -> Any:
    """*value* in plain values: code and place of functions, members of the package's classes."""
    if isinstance(value, types.FunctionType):
        code = value.__code__
        return [value.__module__, value.__qualname__, code.co_code.hex(), code.co_firstlineno]
    if isinstance(value, type):
        found: list[Any] = [value.__module__, value.__qualname__]
        found += [base.__qualname__ for base in value.__mro__]
        if value.__module__.partition(".")[0] == package:
            members = {n: v for n, v in vars(value).items() if n not in ("__dict__", "__weakref__")}
            functions = {n: v for n, v in members.items() if isinstance(v, types.FunctionType)}
            found += [sorted(members)]
            found += [[n, describe(v, package, folder)] for n, v in sorted(functions.items())]
        return found
    if isinstance(value, int | str | float | bytes | None):
        return repr(value).replace(str(folder), "FOLDER")
    if isinstance(value, list | tuple | dict | set | frozenset):
        return [type(value).__name__, len(value)]
    return type(value).__name__


def main(package: str, before: str, after: str) -> None:
    """Compare a session that saw both versions with a fresh one."""
    from reloadmagic import Reloader

    folder = Path(tempfile.mkdtemp())
    sys.path.insert(0, str(folder))
    write(Path(before, package), folder / package)
    with Reloader(include=[package]) as reloader:
        load(package)
        functions = {
            name: (value, value.__qualname__)
            for name, value in vars(sys.modules[package]).items()
            if isinstance(value, types.FunctionType | type)
        }
        write(Path(after, package), folder / package)
        report = reloader.reload()
        load(package)  # what only the new version has
        reloader.reload()
    live = json.loads(json.dumps(facts(package, folder)))
    command = [sys.executable, __file__, package, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    fresh = json.loads(done.stdout)
    now = vars(sys.modules[package])
    result = {
        "failed": str(report) if report.failed else "",
        "changed": len(report.outcomes),
        "names": len(fresh),
        "different": sorted(k for k in {*live, *fresh} if live.get(k) != fresh.get(k)),
        "replaced": sorted(
            name
            for name, (value, qualname) in functions.items()
            # Under another qualname it is another definition, to which the name was given.
            if getattr(now.get(name), "__qualname__", "") == qualname and now[name] is not value
        ),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    if len(sys.argv) == 3:  # the fresh process: PACKAGE FOLDER
        sys.path.insert(0, sys.argv[2])
        load(sys.argv[1])
        print(json.dumps(facts(sys.argv[1], Path(sys.argv[2]))))
    else:
        main(*sys.argv[1:])
