"""Run notebooks and print their cells with what they put out: ``python notebooks/run.py NOTEBOOK``.

Nothing is written: the notebook runs in a kernel of this interpreter, in a temporary folder. The
exit status is 1 if a cell raises.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def execute(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook at *path* with its outputs, run in *folder*. Raises CellExecutionError."""
    # Without bytecode the notebook would not show what a user's own session does.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    return client.execute(env=environment)


def as_text(notebook: nbformat.NotebookNode) -> str:
    """Cells and outputs as a terminal can show them."""
    return "\n\n".join(_cell_text(cell) for cell in notebook.cells) + "\n"


def outputs(cell: nbformat.NotebookNode) -> str:
    """What a cell put out, as text; empty if nothing."""
    return "\n".join(_output_text(output).rstrip("\n") for output in cell.get("outputs", ()))


def _cell_text(cell: nbformat.NotebookNode) -> str:
    if cell.cell_type != "code":
        return "\n".join(f"# {line}".rstrip() for line in cell.source.splitlines())
    number = cell.execution_count or " "
    first, *rest = cell.source.splitlines() or [""]
    lines = [f"In [{number}]: {first}", *(f"   ...: {line}" for line in rest), outputs(cell)]
    return "\n".join(lines).rstrip()


def _output_text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return str(output.data.get("text/plain", ""))


def main(paths: list[str]) -> int:
    """Run and print each notebook; the exit status."""
    status = 0
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(as_text(execute(Path(path), Path(folder))))
            except CellExecutionError as error:
                print(f"{path}: a cell raised\n{error}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
