"""What the callables of a package answer. To be run where nothing of it can be felt: in a forked child."""

from __future__ import annotations

import contextlib
import enum
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

from .describe import Describer, Tree, is_ours, without_addresses

ARGUMENTS: tuple[tuple[Any, ...], ...] = ((), (2,), (3, 4), ("red",))
METHOD_ARGUMENTS: tuple[tuple[Any, ...], ...] = ((), (2,))


STACK = 200


class Endless(Exception):
    """A call went on for ever: how far it got, and what it left, says nothing."""


@contextlib.contextmanager
def short_stack() -> Iterator[None]:
    """Few frames from here on, for functions that would call themselves for ever."""
    old, frame, depth = sys.getrecursionlimit(), sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1  # type: ignore[assignment]
    sys.setrecursionlimit(depth + STACK)
    try:
        yield
    finally:
        sys.setrecursionlimit(old)


def answer(
    describer: Describer, function: Any, arguments: tuple[Any, ...], place: str
) -> tuple[Tree, Any]:
    """What the call gives, described and as it is (None when it raised).

    Raises:
        Endless: it calls itself for ever.
    """
    try:
        with short_stack():
            result = _unfold(function(*arguments))
    except RecursionError as error:
        raise Endless from error
    except Exception as error:
        return [f"raises {type(error).__name__}", without_addresses(str(error))], None
    return describer.describe(result, place), result


def _unfold(result: Any) -> Any:
    if isinstance(result, types.GeneratorType):
        return ["generated", *(item for item, _ in zip(result, range(10), strict=False))]
    if isinstance(result, types.CoroutineType):
        return _run(result)
    if hasattr(type(result), "__enter__") and hasattr(type(result), "__exit__"):
        with result as entered:
            return ["entered", entered]
    return result


def _run(coroutine: types.CoroutineType[Any, Any, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as done:
        return ["awaited", done.value]
    coroutine.close()
    return "coroutine that waits"


def signature(function: Any) -> str:
    """The signature as text, or why there is none."""
    try:
        return without_addresses(str(inspect.signature(function)))
    except (ValueError, TypeError, NameError) as error:
        return f"none: {type(error).__name__}"


def source(thing: Any) -> str:
    """The source as ``inspect`` finds it, or why it does not."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError) as error:
        return f"none: {type(error).__name__}"


def describe_calls(
    describer: Describer, names: dict[str, Any], *, sources: bool
) -> dict[str, Tree]:
    """The answers of everything in *names* that can be called, once an object.

    Of nothing behind what calls itself for ever.
    """
    done: set[int] = set()
    described: dict[str, Tree] = {}
    for place in sorted(names):
        value = names[place]
        if id(value) in done or not callable(value) or not _is_own(value):
            continue
        done.add(id(value))
        try:
            described[f"{place}()"] = _answers(describer, value, f"{place}()")
        except Endless:
            described[f"{place}()"] = "goes on for ever"
            break
        described[f"signature of {place}"] = signature(value)
        if sources and isinstance(value, (type, types.FunctionType)):
            described[f"source of {place}"] = source(value)
    return described


def _is_own(value: Any) -> bool:
    return (
        is_ours(getattr(value, "__module__", None))
        or is_ours(getattr(type(value), "__module__", None))
        or hasattr(value, "func")
    )


def _answers(describer: Describer, value: Any, place: str) -> list[Tree]:
    found = []
    for arguments in ARGUMENTS:
        described, result = answer(describer, value, arguments, f"{place}{arguments}")
        found.append(described)
        if isinstance(value, type) and result is not None and len(arguments) < 2:
            found.append(_methods(describer, result, f"{place}{arguments}"))
    return found


def _methods(describer: Describer, instance: Any, place: str) -> dict[str, Tree]:
    described: dict[str, Tree] = {}
    for name in sorted(set(dir(type(instance)))):
        if name.startswith("__") or (isinstance(instance, enum.Enum) and name.startswith("_")):
            continue
        try:
            attribute = getattr(instance, name)
        except Exception as error:
            described[name] = f"raises {type(error).__name__} {without_addresses(str(error))}"
            continue
        described[name] = describer.describe(attribute, f"{place}.{name}")
        if callable(attribute) and _is_own(attribute) and not isinstance(attribute, type):
            described[f"{name}()"] = [
                answer(describer, attribute, a, f"{place}.{name}{a}")[0] for a in METHOD_ARGUMENTS
            ]
    described["len, repr"] = [
        answer(describer, each, (instance,), place)[0] for each in (len, _repr)
    ]
    return described


def _repr(instance: Any) -> str:
    return without_addresses(repr(instance))
