"""Versions that cannot be imported, made from ones that can."""

from __future__ import annotations

from random import Random

from .world import PACKAGE

RAISES = (
    "raise RuntimeError('half way')",
    "1 / 0",
    "undefined_name_here",
    f"from {PACKAGE} import no_such_name",
    "import no_such_module_anywhere",
    "import sys; sys.exit(3)",
    "class Broken(undefined_base): pass",
    "def _f(n): return _f(n + 1)\n_f(0)",
    "assert False, 'not yet'",
    "raise BaseException('rare')",
)
TYPOS = (
    "def broken(:",
    "x = (1,",
    "    unexpected = indent",
    "return 5",
    "'unterminated",
    "\x00",
    "class : pass",
)


def break_file(rng: Random, text: str) -> str:
    """The text, with something in it that stops an import."""
    rows = text.split("\n")
    kind = rng.random()
    if kind < 0.35:
        rows.insert(rng.randint(0, len(rows)), rng.choice(TYPOS))
        broken = "\n".join(rows)
        # In a string or a body it may be none: then the file is sound, and others may fail by it.
        return f"{broken}\n{TYPOS[0]}" if _compiles(broken) else broken
    if kind < 0.5:
        cut = text[: rng.randint(0, len(text))]
        return cut + "\ndef half_written("
    # At a place where a statement of the top level may start, so that what stands above has run.
    spots = [
        at
        for at, row in enumerate(rows)
        if row and not row[0].isspace() and row[0] not in ")]}\"'#" and not _continues(row)
    ]
    spots = [at for at in spots if at == 0 or not rows[at - 1].startswith("@")]
    rows.insert(rng.choice([*spots, len(rows)]), rng.choice(RAISES))
    return "\n".join(rows)


def _compiles(text: str) -> bool:
    try:
        compile(text, "broken.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _continues(row: str) -> bool:
    return row.startswith(("else", "elif", "except", "finally", "case", "from __future__"))


def break_files(rng: Random, files: dict[str, str], edited: list[str]) -> dict[str, str]:
    """The files with one of the *edited* ones (or any, if there is none) broken."""
    path = rng.choice(edited or sorted(files))
    return {**files, path: break_file(rng, files[path])}
