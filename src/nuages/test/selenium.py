"""Tests in real browsers, with Selenium.

A class names no browser: the command line of a project's runner, or ``SeleniumTestCaseBase.browsers``,
says which ones its tests run in, one subclass for each. Without any, the tests are skipped.
"""

from __future__ import annotations

import sys
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from nuages.conf import settings
from nuages.test.live import LiveServerTestCase
from nuages.test.overrides import tag
from nuages.utils.functional import classproperty
from nuages.utils.text import capfirst

#: Window sizes, in pixels, of the cases that screenshots are taken in.
SIZES = {"desktop_size": (1280, 720), "small_screen_size": (1024, 768), "mobile_size": (360, 800)}


class SeleniumTestCaseBase(type(LiveServerTestCase)):  # type: ignore[misc]
    """Metaclass: makes a subclass of each test class for every browser."""

    browsers: ClassVar[list[str]] = []
    selenium_hub: ClassVar[str | None] = None
    external_host: ClassVar[str | None] = None
    headless: ClassVar[bool] = True
    screenshots: ClassVar[bool] = False

    #: Set on the subclasses that run.
    browser: str | None = None

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        cls = super().__new__(mcs, name, bases, attrs)
        has_tests = any(
            attr.startswith("test") and callable(value) for attr, value in attrs.items()
        )
        if cls.browser is not None or not has_tests:
            return cls
        if not mcs.browsers:
            return unittest.skip("No browsers specified.")(cls)
        module = sys.modules[cls.__module__]
        first, *others = mcs.browsers
        for browser in others:
            variant = mcs(f"{capfirst(browser)}{name}", (cls,), {
                "browser": browser, "__module__": cls.__module__
            })  # fmt: skip
            setattr(module, variant.__name__, variant)
        cls.browser = first
        return tag("selenium")(cls)

    @classmethod
    def import_webdriver(mcs, browser: str) -> Any:
        """Return Selenium's driver class for a browser."""
        return import_module(f"selenium.webdriver.{browser}.webdriver").WebDriver

    @staticmethod
    def import_options(browser: str) -> Any:
        """Return Selenium's options class for a browser."""
        return import_module(f"selenium.webdriver.{browser}.options").Options

    def create_options(cls) -> Any:
        """Return the options that the browser starts with."""
        browser = cls.browser or ""
        options = cls.import_options(browser)()
        if cls.headless:
            flag = {"chrome": "--headless=new", "edge": "--headless=new", "firefox": "-headless"}
            options.add_argument(flag.get(browser, "--headless"))
        return options

    def create_webdriver(cls) -> Any:
        """Start the browser, here or at the hub."""
        if cls.selenium_hub:
            from selenium import webdriver

            return webdriver.Remote(command_executor=cls.selenium_hub, options=cls.create_options())
        return cls.import_webdriver(cls.browser or "")(options=cls.create_options())


@tag("selenium")
class SeleniumTestCase(LiveServerTestCase, metaclass=SeleniumTestCaseBase):
    """Tests with ``self.selenium``, a browser that is pointed at a live server."""

    #: How long the driver waits for an element to appear, in seconds.
    implicit_wait: ClassVar[int] = 10
    #: The driver, made by the metaclass for each browser.
    selenium: Any
    external_host: ClassVar[str | None] = None
    #: Whether ``take_screenshot()`` saves anything.
    screenshots: ClassVar[bool] = False

    @classproperty
    def live_server_url(cls) -> str:
        """The server's address, as the browser sees it."""
        return f"http://{cls.external_host or cls.host}:{cls.server_thread.port}"

    @classproperty
    def allowed_host(cls) -> str:
        """What is added to ``ALLOWED_HOSTS`` during the tests."""
        return cls.external_host or cls.host

    @classmethod
    def setUpClass(cls) -> None:
        cls.selenium = cls.create_webdriver()
        cls.selenium.implicitly_wait(cls.implicit_wait)
        super().setUpClass()
        # Before the server stops: the browser may still be loading.
        cls.addClassCleanup(cls.selenium.quit)

    @contextmanager
    def sized(self, size: tuple[int, int]) -> Iterator[None]:
        """Give the browser's window another size for a block."""
        before = self.selenium.get_window_size()
        self.selenium.set_window_size(*size)
        try:
            yield
        finally:
            self.selenium.set_window_size(before["width"], before["height"])

    def desktop_size(self) -> Any:
        """A desktop's window, for a block."""
        return self.sized(SIZES["desktop_size"])

    def small_screen_size(self) -> Any:
        """A small laptop's window, for a block."""
        return self.sized(SIZES["small_screen_size"])

    def mobile_size(self) -> Any:
        """A phone's window, for a block."""
        return self.sized(SIZES["mobile_size"])

    @contextmanager
    def _style(self, script: str, undo: str) -> Iterator[None]:
        self.selenium.execute_script(script)
        try:
            yield
        finally:
            self.selenium.execute_script(undo)

    def rtl(self) -> Any:
        """Right-to-left text, by the language setting."""
        return self.settings(LANGUAGE_CODE=settings.LANGUAGES_BIDI[-1])

    def dark(self) -> Any:
        """The dark theme of the admin, for a block."""
        return self._style(
            'localStorage.setItem("theme", "dark");', 'localStorage.removeItem("theme");'
        )

    def high_contrast(self) -> Any:
        """Forced colours, where the browser can emulate them."""
        features = [{"name": "forced-colors", "value": "active"}]
        return self.emulated(features)

    @contextmanager
    def emulated(self, features: list[dict[str, str]]) -> Iterator[None]:
        """Emulate media features for a block, in browsers of the Chromium family."""
        if type(self).browser not in {"chrome", "edge"}:
            self.skipTest("Media features are emulated in Chromium only.")
        command = "Emulation.setEmulatedMedia"
        self.selenium.execute_cdp_cmd(command, {"features": features})
        try:
            yield
        finally:
            self.selenium.execute_cdp_cmd(command, {"features": []})

    def take_screenshot(self, name: str) -> None:
        """Save what the browser shows, if screenshots are wanted."""
        if not self.screenshots:
            return
        case = getattr(self, "_screenshot_case", None)
        suffix = f"--{case}" if case else ""
        path = Path.cwd() / "screenshots" / f"{self._testMethodName}--{name}{suffix}.png"
        path.parent.mkdir(exist_ok=True, parents=True)
        self.selenium.save_screenshot(path)

    @contextmanager
    def disable_implicit_wait(self) -> Iterator[None]:
        """Find elements at once or not at all, for a block."""
        self.selenium.implicitly_wait(0)
        try:
            yield
        finally:
            self.selenium.implicitly_wait(self.implicit_wait)


def screenshot_cases(names: str | list[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run a test once for each named case (``"desktop_size"``, ``"dark"`` …), if screenshots are wanted.

    Args:
        names: the cases, in a list or separated by commas.
    """
    cases = names.split(",") if isinstance(names, str) else names

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(test)
        def run(self: Any, *args: Any, **kwargs: Any) -> None:
            if not self.screenshots:
                test(self, *args, **kwargs)
                return
            for case in cases:
                self._screenshot_case = case
                with self.subTest(case=case), getattr(self, case)():
                    test(self, *args, **kwargs)

        return tag("screenshot")(run)

    return decorate
