"""A real Chromium that opens a page from a file, and what a person does with it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme: TypeAlias = Literal["light", "dark"]
DESKTOP = (1200, 900)
PHONE = (390, 800)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or find_spec("playwright") is None or find_spec("axe_playwright_python") is None,
    reason="needs chromium and the dependency group `browser`",
)


@dataclass(slots=True, kw_only=True)
class Opened:
    """A page that is open, and all that it asked for, said or raised since."""

    page: Any
    asked: list[str] = field(default_factory=list)  # URLs
    said: list[str] = field(default_factory=list)  # console, errors, dialogs

    def count(self) -> str:
        """How many models are shown, as the page says it."""
        return str(self.page.inner_text("#count"))

    def dismiss(self, dialog: Any) -> None:
        """A dialog must not be, and must not be waited for either."""
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def says(self, element: str, text: str) -> None:
        """Wait until the element of that id holds the text. The page's policy lets no test evaluate text in it."""
        self.page.locator(f"#{element}", has_text=re.compile(f"^{re.escape(text)}$")).wait_for(state="attached")

    def names(self) -> list[str]:
        """The models that are shown."""
        found: list[str] = self.page.locator(".models > li:not([hidden]) .name").all_text_contents()
        return found

    def unfold(self, name: str) -> Any:
        """Click a model's line; what it shows then."""
        details = self.page.locator("details", has=self.page.locator(".name", has_text=name)).first
        details.locator("summary").click()
        inside = details.locator(".inside")
        inside.wait_for()
        return inside


class Browser:
    """One Chromium for all tests of a process."""

    def __init__(self, folder: Path) -> None:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everybody has it

        self._folder = folder
        self._driver = sync_playwright().start()
        self._chromium = self._driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        self._pages = 0

    @contextmanager
    def open(self, text: str, *, size: tuple[int, int] = DESKTOP, scheme: Scheme = "light") -> Iterator[Opened]:
        """The text as a file, opened; its script has ended."""
        self._pages += 1
        file = self._folder / f"page-{self._pages}.html"
        file.write_text(text, encoding="utf-8")
        context = self._chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened = Opened(page=context.new_page())
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.dismiss(dialog))  # noqa: PLW0108 - the method itself has slots
        opened.page.goto(file.as_uri())
        opened.page.wait_for_selector("html[data-ready]", timeout=60_000)
        try:
            yield opened
        finally:
            context.close()

    def close(self) -> None:
        """End it."""
        self._chromium.close()
        self._driver.stop()
