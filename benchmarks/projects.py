"""Synthetic projects: texts of modules of any size, with one function and one constant to edit."""

from __future__ import annotations

from pathlib import Path

__all__ = ["big_module", "dependent", "library", "package", "small_module"]

FUNCTION = '''\
def step_{n}(value, factor={n}):
    """Step {n}: what *value* comes to."""
    total = CONSTANT_{n}
    for item in range(factor):
        if item % 3:
            total += value * item
    return total


'''
CLASS = '''\
class Part_{n}:
    """Part {n} of something larger."""

    unit = "mm"

    def __init__(self, length, width={n}):
        self.length = length
        self.width = width

    def area(self):
        return self.length * self.width

    def grow(self, by=1):
        self.length += by
        self.width += by
        return self

    def __repr__(self):
        return f"<Part_{n} {{self.length}} x {{self.width}}>"


'''
TARGET = '''\
def target():
    """The function that is edited."""
    answer = {answer}
    return answer


class Thing:
    """Its instances call the function that is edited."""

    def __init__(self):
        self.calls = 0

    def ask(self):
        self.calls += 1
        return target()


'''


def filler(lines: int, first: int = 0) -> str:
    """About *lines* lines of functions, classes and constants; whole definitions only."""
    texts: list[str] = []
    count, n = 0, first
    while count < lines:
        constant = f"CONSTANT_{n} = {n}\n\n\n"
        text = constant + FUNCTION.format(n=n)
        if n % 4 == 3:
            text += CLASS.format(n=n)
        texts.append(text)
        count += text.count("\n")
        n += 1
    return "".join(texts)


def big_module(lines: int, answer: int = 0, extra: int = 0) -> str:
    """A module of *lines* lines, ``target`` in the middle; *extra* adds lines to its body."""
    target = TARGET.format(answer=answer).replace(
        "    return answer\n", "    answer += 0\n" * extra + "    return answer\n", 1
    )
    half = (lines - target.count("\n") - 4) // 2
    head = '"""A module to edit."""\n\nimport math\n\n\n'
    return head + filler(half) + target + filler(half, first=10_000)


def small_module(lines: int, n: int = 0) -> str:
    """A module of the user's in which nothing is edited."""
    return f'"""Module {n}."""\n\n' + filler(lines)


def dependent(n: int, module: str = "big") -> str:
    """A module that uses another's function, constant-free."""
    return (
        f'"""Dependent {n}."""\n\nimport {module}\nfrom {module} import Thing, target\n\n\n'
        "def call():\n    return target()\n\n\n"
        f"def call_by_module():\n    return {module}.target()\n"
    )


def package(count: int, lines: int, answer: int = 0, constant: int = 5) -> dict[str, str]:
    """A package ``pkg`` of *count* modules: a root with a constant that each of the others uses."""
    files = {"pkg/root.py": root(constant)}
    names = [f"part_{n:03}" for n in range(count - 2)]
    each = lines // (count - 2)
    for n, name in enumerate(names):
        files[f"pkg/{name}.py"] = part(n, each, answer if n == 0 else 0)
    files["pkg/__init__.py"] = "".join(f"from . import {name}\n" for name in ["root", *names])
    return files


def root(constant: int) -> str:
    """The module at the root of the package."""
    return f'"""The root."""\n\nSIZE = {constant}\nNAME = "root"\n'


def part(n: int, lines: int, answer: int = 0) -> str:
    """Module *n* of the package: it computes with the root's constant and calls other parts."""
    text = f'"""Part {n}."""\n\nfrom .root import SIZE\n'
    if n > 1:
        text += f"from .part_{n // 2:03} import target as upper\n"
    text += f"\nWIDTH = SIZE * {n + 1}\n\n\n"
    text += TARGET.format(answer=answer)
    return text + filler(lines - text.count("\n"), first=n)


def library(folder: Path, count: int) -> list[str]:
    """The names of *count* modules of others, written under *folder* as ``site-packages``."""
    names: list[str] = []
    for number in range(count):
        inside = number % 100
        name = f"lib_{number // 100:02}"
        file = folder / name / "__init__.py"
        if inside:
            name, file = f"{name}.mod_{inside:02}", folder / name / f"mod_{inside:02}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(filler(20, first=number), encoding="utf-8")
        names.append(name)
    return names
