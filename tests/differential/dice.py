"""A session by chance: a world, edits of it, a user who does things, and broken versions in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from .breakage import break_files
from .case import Action, Case, Version
from .driver import Died, Folder, Outcome, Runner, Unsound
from .edits import draw_edit
from .generate import draw_cells, draw_world, public_exports
from .live import Description, Difference
from .provenance import module_name
from .world import World

TRIES = 25  # draws of a world or an edit before giving up


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a session is. Every number may be made smaller without touching the others' dice."""

    seed: int
    modules: int = 3
    blocks: int = 6
    edits: int = 8
    broken: float = 0.0  # share of versions that cannot be imported
    user: bool = True
    tool: str = "reloadmagic"
    sources: bool = False
    notebooks: bool = False  # some of the modules are notebooks


@dataclass(slots=True)
class Played:
    """A session that was played: the case to play it again, and what came of it."""

    case: Case
    outcome: Outcome
    kinds: Counter[str] = field(default_factory=Counter)
    rejected: int = 0


def plan_from_seed(
    seed: int, *, edits: int = 8, broken: float = 0.0, tool: str = "reloadmagic"
) -> Plan:
    """A plan whose sizes are drawn from the seed too."""
    rng = Random(f"plan {seed}")
    return Plan(
        seed,
        modules=rng.choice((1, 2, 2, 3, 3, 4, 5)),
        blocks=rng.choice((2, 4, 5, 6, 8, 10)),
        edits=edits,
        broken=broken,
        user=rng.random() < 0.6,
        tool=tool,
        sources=rng.random() < 0.1,
    )


@dataclass(slots=True)
class Player:
    """Plays a plan against a runner."""

    plan: Plan
    versions: list[Version] = field(default_factory=list)
    past: list[World] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    rejected: int = 0

    def play(self) -> Played:
        """The whole session, up to the first difference."""
        runner, world = self._open()
        try:
            for number in range(self.plan.edits):
                rng = Random(f"edit {self.plan.seed} {number}")
                if self.plan.broken and rng.random() < self.plan.broken:
                    self._break(runner, rng, world)
                else:
                    world = self._edit(runner, rng, world)
                if runner.outcome.differences:
                    break
        except Died as error:
            runner.outcome.differences.append(
                Difference("died", "session", "an answer", str(error))
            )
        finally:
            runner.close()
        return Played(
            Case(runner.cells, tuple(self.versions)), runner.outcome, self.kinds, self.rejected
        )

    def _open(self) -> tuple[Runner, World]:
        """A session on a world that can be imported."""
        for attempt in range(1000):
            rng = Random(f"world {self.plan.seed} {attempt}")
            world = draw_world(rng, self.plan.modules, self.plan.blocks)
            cells = tuple(draw_cells(rng, world))
            folder = Folder(notebooks=self.plan.notebooks)
            runner = Runner(self.plan.tool, cells, self.plan.sources, folder)
            version = Version(world.files(), self._actions(rng, world, runner.cells))
            try:
                runner.start(version)
            except Unsound:
                runner.close()
                self.rejected += 1
                continue
            except BaseException:
                runner.close()
                raise
            self.versions.append(version)
            self.past.append(world)
            return runner, world
        raise RuntimeError("no world can be imported")

    def _edit(self, runner: Runner, rng: Random, world: World) -> World:
        """The session after an edit that leaves the package importable."""
        for _ in range(TRIES):
            back = len(self.past) > 1 and rng.random() < 0.06
            name, after = ("revert", rng.choice(self.past)) if back else draw_edit(rng, world)
            if after.files() == world.files():
                continue
            files = self._with_leftovers(after)
            expected = self._sound(runner, files)
            if expected is None:
                self.rejected += 1
                continue
            self.kinds.update(name.split("+"))
            self.past.append(after)
            self._advance(runner, Version(files, self._actions(rng, after, runner.cells)), expected)
            return after
        runner.folder.write(self.versions[-1].files)
        return world

    def _with_leftovers(self, world: World) -> dict[str, str]:
        """The files of the world, and those of earlier ones, which nobody deletes."""
        names = {module.name for module in world.modules}
        # What a version that cannot be imported had in addition may have been imported by itself.
        versions = sorted(self.versions, key=lambda version: not version.broken)
        files = {
            path: text
            for version in versions
            for path, text in version.files.items()
            if module_name(path) not in names
        }
        return {**files, **world.files()}

    @staticmethod
    def _sound(runner: Runner, files: dict[str, str]) -> Description | None:
        try:
            return runner.judge(files)
        except Unsound:
            return None

    def _advance(
        self, runner: Runner, version: Version, expected: Description | None = None
    ) -> None:
        self.versions.append(version)
        runner.advance(version, expected)

    def _break(self, runner: Runner, rng: Random, world: World) -> None:
        """The session at a version that cannot be imported."""
        version = self._broken(rng, world)
        if not runner.is_sound(version.files):
            self.kinds[version.broken] += 1
            self._advance(runner, version)

    def _broken(self, rng: Random, world: World) -> Version:
        """A version that cannot be imported: the world as it is or edited, with a file broken."""
        before = self.versions[-1]
        sound = self._with_leftovers(world)
        files = sound
        if rng.random() < 0.6:
            files = self._with_leftovers(draw_edit(rng, world)[1])
        edited = [path for path, text in files.items() if before.files.get(path) != text]
        broken = break_files(rng, files, edited)
        changed = [path for path, text in broken.items() if sound.get(path) != text]
        # With more than one file edited, those that have nothing to do with the broken one may be taken.
        strictly = len(changed) == 1 and not before.broken
        return Version(broken, (), "broken strictly" if strictly else "broken")

    def _actions(self, rng: Random, world: World, cells: tuple[str, ...]) -> tuple[Action, ...]:
        """What the user does after this version was loaded."""
        if not self.plan.user:
            return ()
        possible = [
            *_possible_actions(rng, world),
            *(("rebind", name) for name in _imported(rng, cells)),
        ]
        return tuple(action for action in possible if rng.random() < 0.25)


def _imported(rng: Random, cells: tuple[str, ...]) -> list[str]:
    """A name that the notebook imported, now and then."""
    names = [
        cell.rpartition(" ")[2]
        for cell in cells
        if cell.startswith("from") and not cell.endswith("*")
    ]
    return [rng.choice(names)] if names and rng.random() < 0.15 else []


def _possible_actions(rng: Random, world: World) -> list[Action]:
    actions: list[Action] = []
    for module in world.modules:
        actions.append(("attribute", f"{module.name}:"))
        for export in public_exports(module):
            if export.name.startswith(("OPEN_TABLE", "OPEN_LIST", "OPEN_SET", "OPEN_CACHE")):
                actions.append(("entry", f"{module.name}:{export.name}"))
            elif export.kind == "func" and export.name.startswith("cached"):
                actions.append(("call", f"{module.name}:{export.name}"))
            elif export.kind == "factory":
                actions.append(("closure", f"{module.name}:{export.name}"))
            elif export.kind == "class" and rng.random() < 0.4:
                actions.append(
                    (rng.choice(("instance", "attribute")), f"{module.name}:{export.name}")
                )
        actions.extend(
            ("bump", f"{module.name}:{block.names[0]},{block.names[1]}")
            for block in module.blocks
            if block.shape == "open_counter" and len(block.names) == 2
        )
    return actions
