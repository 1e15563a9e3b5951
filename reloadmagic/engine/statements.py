"""One statement: run it, settle what stays for each name that it binds, note what changed."""

from __future__ import annotations

import types
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..compiling import compile_statements
from ..errors import SourceError
from ..interrupts import interrupts_pass
from ..notes import is_container
from ..plain import is_plain, same_value
from ..plan import ModulePlan
from ..returned import gives_back
from ..source.scopes import bound_by_text
from ..transaction import ABSENT
from .bound import olds, raw_before
from .cycles import give_back_later_names
from .dropping import drop_foreign, drop_own_names, drop_star, forget_unbound
from .exits import unregister
from .loggers import replacing
from .methods import changed_methods, compile_methods, put_methods
from .noting import (
    definition_fingerprints,
    fillable,
    note_binding,
    note_definition,
    note_fills,
    note_sets,
)
from .outcome import Ran
from .quiet import take_names
from .recorder import Recorder, hooked
from .settling import settle
from .snapshots import is_instance_of_users
from .subscribed import take_place
from .traits import note_traits, put_on_again, take_off, traits

if TYPE_CHECKING:
    from .state import State, Work

__all__ = ["compile_statement", "run_quietly", "run_statement"]


def compile_statement(plan: ModulePlan, loader: Any, number: int) -> types.CodeType:
    """The code of one statement of the new source.

    Raises:
        SourceError: it cannot be compiled.
    """
    statement = plan.after.statements[number]
    hook = "@" in statement.fragment.text
    try:
        return compile_statements(loader, plan.after, [statement], merge_hook=hook)
    except SourceError as error:
        error.module = plan.name
        raise


def _code_of(work: Work, number: int, loader: Any) -> types.CodeType:
    """The code of a statement: compiled before, where there was time, or by an earlier run."""
    codes = work.plan.after.codes if work.plan.diff is None else work.codes
    if number not in codes:
        codes[number] = compile_statement(work.plan, loader, number)
    return codes[number]


def run_statement(state: State, work: Work, number: int, loader: Any) -> None:
    """Run a statement of the new source in its module's namespace, and see to what it leaves."""
    plan = work.plan
    statement = plan.after.statements[number]
    namespace = plan.tracked.namespace
    code = _code_of(work, number, loader)
    filled = fillable(state, plan.name, number)
    outside = traits(state, plan, number)
    before = {name: namespace.get(name, ABSENT) for name in statement.binds}
    formerly = olds(state, work, number)
    fingerprints = definition_fingerprints(state, plan, number, formerly)
    drop_own_names(state, plan, number)
    unregister(state, plan, number, formerly)
    recorder = Recorder(namespace, work.hidden)
    methods = changed_methods(state, plan, number)
    if methods is not None:
        code = compile_methods(plan, loader, number)
    past = dict(namespace) if state.index.whole(plan.name) else None
    place, told = len(work.ran), _told(work, number)
    work.ran.append(told)
    result = _execute(state, work, number, code, recorder)
    if methods is not None:
        name = statement.binds[0]
        put_methods(state, before[name], namespace[name], methods)
        namespace[name] = before[name]
    _see_all(state, plan, number, recorder, before, past)
    _note_last(state, work, recorder)
    if statement.fragment.kind == "import":
        again = _leave_to_later(state, plan, number, recorder)
        _keep_unchanged(state, work, number, recorder, again)
    if "*" in statement.binds:
        _note_star(state, work, number, recorder)
    _settle_all(state, work, number, recorder, formerly, result, fingerprints)
    if statement.fragment.kind == "import":
        same, new = _names_told(before, result)
        work.ran[place] = told._replace(same=same, new=new)
    if work.taken_off:
        put_on_again(state, work, number)
    forget_unbound(state, work, number, recorder, before)
    work.bound[number] = result
    note_definition(state, plan, number, fingerprints)
    note_fills(state, filled)
    note_traits(state, plan, outside)
    note_sets(state, plan.name, number)
    if statement.fragment.kind != "import":
        for name in statement.binds:
            take_off(state, work, number, result.get(name))
    if statement.fragment.kind == "class":
        state.made.collect()  # or __subclasses__() would list twins


def _told(work: Work, number: int, same: tuple[str, ...] = (), new: tuple[str, ...] = ()) -> Ran:
    """What is told of a statement that runs; of an import, the names which are the *same* or *new*."""
    statement = work.plan.after.statements[number]
    place = work.plan.after.line_text(statement.lineno)
    label, because = statement.fragment.label, work.plan.why(number)
    return Ran(statement.lineno, label, because, place, same, new)


def _names_told(
    was: Mapping[str, Any], result: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of the names that an import has bound hold what they held, and which are new.

    *was* is what they held before the import system set submodules on their package.
    """
    same = tuple([name for name, value in result.items() if was.get(name, ABSENT) is value])
    new = tuple([name for name in result if was.get(name, ABSENT) is ABSENT])
    return same, new


def _execute(
    state: State, work: Work, number: int, code: types.CodeType, recorder: Recorder
) -> dict[str, Any]:
    """Run the code of a statement; the functions that its ``def`` made, as ``"@"`` and qualname.

    Their decorators have seen the functions of before, with the new code.
    """
    plan, namespace = work.plan, recorder.namespace
    raw: dict[str, Any] = {}

    def made(function: Any) -> Any:
        stays = _merge_early(state, work, number, function)
        raw["@" + stays.__qualname__] = stays
        take_off(state, work, number, stays, decorated=True)
        return stays

    with hooked(namespace, made), replacing(state, plan, number), interrupts_pass():
        exec(code, namespace, recorder)
    return raw


def _see_all(
    state: State,
    plan: ModulePlan,
    number: int,
    recorder: Recorder,
    before: Mapping[str, Any],
    past: Mapping[str, Any] | None,
) -> None:
    """Note down what a statement has bound past its locals.

    *before* is what its names held, *past* all of the namespace where it cannot be told what is
    bound there.
    """
    fragment, binds = plan.after.statements[number].fragment, plan.after.statements[number].binds
    names: Iterable[str] = ()
    if past is not None:
        recorder.note_unseen(past)
        names = bound_by_text(fragment.parse(), fragment.text)  # equal values are not seen
    if "global " in fragment.text:
        # Where a function inside declares a name global, CPython stores it past the locals.
        names = binds
    for name in names:
        if name in recorder.namespace:
            recorder.bound.setdefault(name, before[name])
    if past is not None and recorder.bound.keys() - binds:
        state.effects.add(("content", plan.name, "__all__"))  # a star-import gives those too


def run_quietly(state: State, work: Work, number: int, loader: Any) -> None:
    """`run_statement` for a quiet one (see `quiet`) of a source that stayed as it was.

    There is nothing to merge, to fill or to forget: its names hold what they held, or are bound,
    and no other statement binds them.
    """
    plan = work.plan
    statement = plan.after.statements[number]
    namespace = plan.tracked.namespace
    recorder = Recorder(namespace)
    is_import = statement.fragment.kind == "import"
    if not (is_import and take_names(state, plan, number, recorder)):
        exec(_code_of(work, number, loader), namespace, recorder)
    if is_import:
        _keep_unchanged(state, work, number, recorder)
    result = work.bound[number] = {}
    for name, was in recorder.bound.items():
        value = namespace[name]
        stays = state.patcher.stand_in(value)
        if not is_import and same_value(was, stays):
            stays = was
        if stays is not value:
            namespace[name] = stays
        result[name] = stays
        note_binding(state, plan, name, was, value, stays, None)
    work.ran.append(_told(work, number, *_names_told(recorder.bound, result) if is_import else ()))


def _settle_all(
    state: State,
    work: Work,
    number: int,
    recorder: Recorder,
    formerly: dict[str, Any],
    result: dict[str, Any],
    fingerprints: Mapping[str, Any],
) -> None:
    """Give each name that the statement bound the object that stays, which goes to *result*."""
    plan, namespace = work.plan, recorder.namespace
    containers: dict[int, tuple[Any, Any]] = {}
    for name, was in recorder.bound.items():
        value = namespace[name]
        known = name in plan.after.statements[number].binds or plan.partner(number) is None
        old = formerly.get(name, ABSENT) if known else was
        if id(value) in containers:  # ``a = b = []``
            stays = containers[id(value)][1]
        else:
            stays = settle(state, work, number, name, old, value)
        if is_container(value):
            containers[id(value)] = value, stays
        if stays is not value:
            namespace[name] = stays
        result[name] = stays
        if stays is not old and is_instance_of_users(state, stays):
            if type(stays) is state.patcher.stand_in(type(old)):
                take_place(state, old, stays)
        note_binding(state, plan, name, was, value, stays, fingerprints.get(name))
        _note_on_the_way(state, work, number, name, was)
        del value  # a twin must not outlive its merge


def _note_last(state: State, work: Work, recorder: Recorder) -> None:
    """Remember what names held before this run that others may bind as well, star-imports too."""
    bindings = state.index.modules[work.plan.name].bindings
    for name, was in recorder.bound.items():
        if len(bindings.get(name, ())) != 1 or "*" in bindings:
            work.last.setdefault(name, was)


def _note_on_the_way(state: State, work: Work, number: int, name: str, was: Any) -> None:
    """Whether what a plain name holds on the way differs from then is not told by what it *was* last.

    Those that read it on the way have had their turn when the last that binds it gives it what it
    held before this run.
    """
    plan, value = work.plan, work.plan.tracked.namespace[name]
    if not is_plain(value):
        return
    tokens = [("bind", plan.name, name), ("content", plan.name, name)]
    bindings = state.index.modules[plan.name].bindings
    stars = state.index.names.stars_with(plan.name, name)
    last = max((*bindings.get(name, ()), *stars), default=number)
    if last > number or (plan.name, name) in state.index.filling.rebound():
        if same_value(was, value) and not state.effects.is_replayed(plan, number):
            for token in tokens:
                state.effects.add(token)
        return
    first = work.last.get(name, ABSENT)
    if first is not ABSENT and same_value(first, value):
        for token in tokens:
            state.effects.discard(token)


def _leave_to_later(state: State, plan: ModulePlan, number: int, recorder: Recorder) -> set[str]:
    """An import that runs again leaves names alone which one binds last that does not run again.

    Returns those that one binds last which does.
    """
    again: set[str] = set()
    entry = state.index.modules[plan.name]
    stars = {
        n: plan.tracked.stars.get(partner, frozenset())
        for n in entry.bindings.get("*", ())
        if n > number and (partner := plan.partner(n)) is not None
    }
    for name, was in list(recorder.bound.items()):
        binders = entry.bindings.get(name, (number,))
        last = max([*binders, *(n for n, names in stars.items() if name in names)])
        if last > number and state.effects.is_due(plan, last):
            again.add(name)
        elif was is not ABSENT and last > number:
            recorder.give_back(name)
    return again


def _keep_unchanged(
    state: State, work: Work, number: int, recorder: Recorder, again: Container[str] = ()
) -> None:
    """An import that runs again for some names, forced or edited ones, leaves others as they were.

    They may have been bound again since in the module that they come from, by a counter say, and
    a restart would import them as they are at this point. Those that are yet to be bound *again* are
    no longer what was imported.
    """
    plan = work.plan
    forced = state.effects.forced_names(plan, number)
    if "" in forced:
        return
    is_star = "*" in plan.after.statements[number].fragment.binds
    given = _given_before(plan, number) if is_star else ()
    for name, was in recorder.bound.items():
        was = work.last.get(name, was)
        if was is ABSENT or was is recorder.namespace[name] or name in forced or name in again:
            continue
        if is_star and name not in given:
            continue  # what hid it is gone
        origins = state.index.origins((plan.name, name))
        if origins and not any(state.effects.is_actual(("bind", *origin)) for origin in origins):
            recorder.namespace[name] = was


def _note_star(state: State, work: Work, number: int, recorder: Recorder) -> None:
    """Keep what a star-import is to bind, and drop what it binds no longer."""
    plan = work.plan
    drop_foreign(state, plan, recorder)
    give_back_later_names(state, plan.name, number, recorder)
    before = _given_before(plan, number)
    is_last = number == state.index.modules[plan.name].bindings["*"][-1]
    gone = before | plan.left if is_last else before
    drop_star(state, work, [name for name in gone if name not in recorder.bound])
    work.stars[number] = frozenset(
        name for name in recorder.bound if not _is_returned(state, plan, number, name)
    )
    if work.stars[number] != before:
        state.effects.add(("content", plan.name, "__all__"))


def _is_returned(state: State, plan: ModulePlan, number: int, name: str) -> bool:
    """Does a star-import give the module back what one of its other statements has bound?"""
    if state.index.modules[plan.name].is_import(name):
        return False
    return gives_back(state.index.names.source_of, plan.name, plan.after, number, name)


def _given_before(plan: ModulePlan, number: int) -> frozenset[str]:
    """The names that a star-import has bound so far."""
    partner = plan.partner(number)
    return plan.tracked.stars.get(partner, frozenset()) if partner is not None else frozenset()


def _merge_early(state: State, work: Work, number: int, function: Any) -> Any:
    """The old function, carrying the new code, for decorators to see."""
    if type(function) is not types.FunctionType:
        return function
    old = raw_before(state, work, number, function.__qualname__)
    return function if old is None else state.patcher.merge_early(old, function)
