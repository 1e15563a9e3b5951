"""A real ipykernel, spoken to through jupyter_client as a notebook front end does."""

from __future__ import annotations

import queue
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from support import Project

SECONDS = 60


@dataclass
class Reply:
    """What one cell led to: the shell reply and everything published for it."""

    status: str
    content: dict[str, Any]
    stdout: str = ""
    stderr: str = ""
    displayed: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """Everything a reader sees as text, the result last."""
        shown = [self.stdout, self.stderr, *(bundle["text/plain"] for bundle in self.displayed)]
        return "\n".join([*shown, (self.result or {}).get("text/plain", "")])


class Kernel:
    """A kernel with a blocking client; ``run`` sends a cell and waits for all of its messages."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(startup_timeout=SECONDS)

    def run(self, code: str, **options: Any) -> Reply:
        return self.wait(self.client.execute(code, **options))

    def wait(self, message_id: str) -> Reply:
        published: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            published.append(message)
        while True:
            answer = self.client.get_shell_msg(timeout=SECONDS)
            if answer["parent_header"].get("msg_id") == message_id:
                break
        reply = Reply(answer["content"]["status"], answer["content"])
        for message in published:
            _note(reply, message["msg_type"], message["content"])
        return reply

    def wait_for_display(self, message_id: str, text: str) -> list[dict[str, Any]]:
        """The displays and updates of the running cell, once one of them holds *text*."""
        found: list[dict[str, Any]] = []
        while not found or text not in found[-1]["content"]["data"]["text/plain"]:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") == message_id:
                if message["msg_type"] in {"display_data", "update_display_data"}:
                    found.append(message)
        return found

    def wait_for_output(self, message_id: str, text: str) -> None:
        """Return once the running cell has printed *text*."""
        seen, deadline = "", time.monotonic() + SECONDS
        while text not in seen:
            if time.monotonic() > deadline:
                raise queue.Empty
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") == message_id:
                seen += message["content"].get("text", "")

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


def _note(reply: Reply, kind: str, content: dict[str, Any]) -> None:
    if kind == "stream" and content["name"] == "stdout":
        reply.stdout += content["text"]
    elif kind == "stream":
        reply.stderr += content["text"]
    elif kind == "display_data":
        reply.displayed.append(content["data"])
    elif kind == "execute_result":
        reply.result = content["data"]


@pytest.fixture
def kernel(project: Project) -> Iterator[Kernel]:
    """A kernel started in the project's folder, the extension loaded."""
    kernel = Kernel()
    try:
        reply = kernel.run("%load_ext reloadmagic")
        assert reply.status == "ok", reply.text
        assert "reloadmagic" not in reply.stderr, reply.stderr
        yield kernel
    finally:
        kernel.close()


MODEL = """
WIDTH = 3


class Model:
    def predict(self):
        return "first"


def size():
    return WIDTH
"""


def test_cell_after_an_edit_runs_the_new_code(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    kernel.run("from model import Model, size; model = Model(); bound = model.predict")
    project.replace("model.py", "first", "second")
    reply = kernel.run("model.predict(), bound(), type(model) is Model")
    assert reply.result is not None
    assert reply.result["text/plain"] == "('second', 'second', True)"


def test_automatic_reload_shows_one_line_and_its_html(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    assert kernel.run("import model").text.strip() == ""
    project.replace("model.py", "first", "second")
    reply = kernel.run("pass")
    shown = [line for line in reply.text.splitlines() if line.strip()]
    assert len(shown) == 1, reply.text
    assert "model.py" in shown[0]


def test_reload_changed_gives_a_report_as_text_and_html(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    kernel.run("import model")
    project.replace("model.py", "first", "second")
    reply = kernel.run("%reload_changed")
    bundles = [*reply.displayed, *([reply.result] if reply.result else [])]
    assert any("model.py" in b.get("text/plain", "") and "text/html" in b for b in bundles), reply


def test_variable_inspector_does_not_reload(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    kernel.run("from model import Model")
    project.replace("model.py", "first", "second")
    assert "first" in kernel.run("Model().predict()", store_history=False).text
    assert "second" in kernel.run("Model().predict()").text


def test_silent_request_does_not_reload(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    kernel.run("from model import Model")
    project.replace("model.py", "first", "second")
    asked = kernel.run("", silent=True, user_expressions={"said": "Model().predict()"})
    assert asked.content["user_expressions"]["said"]["data"]["text/plain"] == "'first'"


def test_cell_magic_awaits_and_displays(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    kernel.run("import asyncio, model")
    project.replace("model.py", "first", "second")
    reply = kernel.run(
        "%%reload_changed\nawait asyncio.sleep(0)\nsaid = model.Model().predict()\nsaid"
    )
    assert reply.status == "ok"
    assert reply.result is not None
    assert reply.result["text/plain"] == "'second'"


def test_cell_magic_keeps_line_numbers(project: Project, kernel: Kernel) -> None:
    reply = kernel.run("%%reload_changed\nx = 1\n1 / 0")
    assert reply.content["ename"] == "ZeroDivisionError"
    traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(reply.content["traceback"]))
    assert "----> 3 1 / 0" in traceback


def test_module_that_raises_leaves_the_old_version_and_the_cell_runs(
    project: Project, kernel: Kernel
) -> None:
    project.write("model.py", MODEL)
    kernel.run("from model import Model, size; model = Model()")
    project.replace("model.py", "WIDTH = 3", "WIDTH = 3 // 0")
    reply = kernel.run("model.predict(), size()")
    assert reply.status == "ok"
    assert "('first', 3)" in reply.text
    assert "model.py" in reply.text
    assert "ZeroDivisionError" in reply.text


def test_module_that_exits_neither_stops_the_cell_nor_the_kernel(
    project: Project, kernel: Kernel
) -> None:
    project.write("model.py", MODEL)
    kernel.run("import asyncio; from model import size")
    project.edit("model.py", MODEL + "\nimport sys\nsys.exit(3)\n")
    reply = kernel.run("await asyncio.sleep(0)\nsize()")
    assert reply.status == "ok"
    assert "SystemExit" in reply.text
    assert reply.result is not None
    assert reply.result["text/plain"] == "3"


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are another mechanism there")
def test_interrupted_reload_rolls_back(project: Project, kernel: Kernel) -> None:
    project.write("model.py", MODEL)
    kernel.run("from model import size")
    project.edit(
        "model.py",
        MODEL.replace("WIDTH = 3", "WIDTH = 4")
        + "\nimport time\nprint('running', flush=True)\ntime.sleep(60)\n",
    )
    message_id = kernel.client.execute("size()", stop_on_error=False)
    kernel.wait_for_output(message_id, "running")
    kernel.manager.signal_kernel(signal.SIGINT)
    reply = kernel.wait(message_id)
    assert reply.status == "error"
    assert "interrupted" in "".join(reply.content["traceback"]).lower()
    project.edit("model.py", MODEL)
    assert kernel.run("size()").text.strip().endswith("3")


SLOW = """
import pathlib, time
PATIENT = False
def wait():
    while PATIENT and not pathlib.Path("go").exists():
        time.sleep(0.001)
    return PATIENT
MODEL = wait()
"""


def edit_to_wait(project: Project, kernel: Kernel) -> str:
    """The id of a cell that reloads a module whose last statement waits for a file."""
    project.write("train.py", SLOW)
    kernel.run("import train; from reloadmagic.engine import progress; progress.AFTER = 0.01")
    project.replace("train.py", "PATIENT = False", "PATIENT = True")
    # What follows a cell that is interrupted would be refused by older kernels otherwise.
    message_id: str = kernel.client.execute("train.MODEL", stop_on_error=False)
    return message_id


def test_a_slow_statement_is_named_on_a_line_that_is_updated(
    project: Project, kernel: Kernel
) -> None:
    message_id = edit_to_wait(project, kernel)
    shown = kernel.wait_for_display(message_id, "train.py:7 MODEL = wait()  0.")
    shown += kernel.wait_for_display(message_id, "train.py:7 MODEL = wait()")
    project.write("go", "")
    assert kernel.wait(message_id).text.strip().endswith("True")
    ids = {message["content"]["transient"]["display_id"] for message in shown}
    kinds = [message["msg_type"] for message in shown]
    assert (len(ids), kinds) == (1, ["display_data", "update_display_data"])


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are another mechanism there")
def test_a_slow_statement_is_interrupted_cleanly(project: Project, kernel: Kernel) -> None:
    message_id = edit_to_wait(project, kernel)
    kernel.wait_for_display(message_id, "train.py:7 MODEL = wait()")
    kernel.manager.signal_kernel(signal.SIGINT)
    reply = kernel.wait(message_id)
    assert (reply.status, "interrupted" in str(reply.content["traceback"])) == ("error", True)
    project.replace("train.py", "PATIENT = True", "PATIENT = False")
    code = "import threading; train.MODEL, [t.name for t in threading.enumerate() if 'reloadmagic' in t.name]"
    assert kernel.run(code).text.strip().endswith("(False, [])")
