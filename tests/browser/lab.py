"""JupyterLab in a real browser: a server, a notebook in it, and what is seen there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECONDS = 60
WIDTH, HEIGHT = 900, 4000  # so high that all cells are on the page at once
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

CONTRAST = Path(__file__).with_name("contrast.js")
TOO_WIDE = """(selector) => [...document.querySelectorAll(selector)]
    .filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.innerText)"""
RUN = """async (number) => {
    const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
    notebook.activeCellIndex = number;
    await app.commands.execute('notebook:run-cell');
}"""
IS_READY = """() => {
    const widget = window.jupyterapp?.shell.currentWidget;
    return widget?.content?.widgets?.length > 0
        && widget.sessionContext.session?.kernel?.status === 'idle';
}"""
# Only the notebook's own column is of interest.
TIDY = """async () => {
    const { commands, shell } = window.jupyterapp;
    if (!shell.leftCollapsed) await commands.execute('application:toggle-left-area');
    shell.currentWidget.content.node.style.scrollBehavior = 'auto';
}"""


def browser() -> str | None:
    """The path of a Chromium, None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def server(folder: Path, home: Path) -> Iterator[str]:
    """The address of a JupyterLab whose files are *folder*'s; *home* is for its own."""
    port = _free_port()
    settings = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.root_dir": folder,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in settings.items())]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {
        f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    for name, values in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    environment |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    environment |= {"IPYTHONDIR": str(home / "ipython")}
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api/status", process, log)
            yield address
        finally:
            process.terminate()
            process.wait(SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')}")


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook of *cells*; without a kernel's name JupyterLab would ask for one in a dialog."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)


class Lab:
    """A notebook open in JupyterLab."""

    def __init__(self, page: Page, address: str, notebook: str) -> None:
        self.page = page
        page.set_default_timeout(SECONDS * 1000)
        page.goto(f"{address}/doc/tree/{notebook}?reset")
        page.wait_for_function(IS_READY)
        page.evaluate(TIDY)

    def run(self, number: int) -> str:
        """Run the cell at index *number*; the text of its output, as it is seen."""
        self.page.evaluate(RUN, number)
        return self.output(number)

    def cell(self, number: int) -> Any:
        """The cell at index *number*, on the page."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def output(self, number: int) -> str:
        """What is seen below the cell at index *number*."""
        area = self.cell(number).locator(".jp-Cell-outputArea")
        return str(area.inner_text()).strip() if area.count() else ""

    def theme(self, name: str) -> None:
        """Change to JupyterLab's theme *name*."""
        self.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})",
            name,
        )
        is_light = "true" if "Light" in name else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{is_light}']", state="attached")

    def select(self, number: int) -> None:
        """Make the cell at index *number* the active one."""
        self.page.evaluate(
            "n => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = n; }", number
        )

    def open(self, within: Any, *, is_open: bool) -> None:
        """Open or close all in the element *within* that opens to details."""
        within.evaluate(
            "(e, open) => e.querySelectorAll('details').forEach(d => { d.open = open; })", is_open
        )

    def hard_to_read(self, selector: str, least: float) -> list[str]:
        """Texts in elements that *selector* finds with less than the contrast *least*."""
        return list(self.page.evaluate(CONTRAST.read_text(encoding="utf-8"), [selector, least]))

    def too_wide(self, selector: str) -> list[str]:
        """Texts of elements that are cut off or scroll sideways as a whole."""
        return list(self.page.evaluate(TOO_WIDE, selector))

    def picture(self, path: Path, first: int, last: int) -> None:
        """Write to *path* what the cells from the index *first* to *last* look like."""
        top, bottom = (self.cell(number).bounding_box() for number in (first, last))
        height = bottom["y"] + bottom["height"] - top["y"]
        clip = {"x": top["x"], "y": top["y"], "width": top["width"], "height": height}
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(300)  # fonts and transitions of the theme
        self.page.screenshot(path=path, clip=clip, animations="disabled")
