"""The hotclub's office, served to a real browser.

Chromium and its driver are needed (``NUAGES_CHROMIUM`` and ``NUAGES_CHROMEDRIVER`` name others than those on
the path), and npm once, which brings axe-core into a cache folder.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AXE = "axe-core@4.14.1"
#: Names, sizes and colours that pages are looked at in.
LOOKS = {
    "desktop": (1360, 900, "light"),
    "dark": (1360, 900, "dark"),
    "phone": (390, 844, "light"),
    "dark phone": (390, 844, "dark"),
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The first column of a tabular inline has no title, as themes expect.
NOT_ASKED = {"empty-table-header": {"enabled": False}}


def _missing(what: str) -> None:
    """Skip loudly; where tests must run, fail."""
    text = f"BROWSER TESTS DO NOT RUN: {what}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def _program(variable: str, *names: str) -> str:
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    if not found:
        _missing(f"there is no {names[0]}, and {variable} names none")
    return str(found)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what people with other eyes and hands would miss."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nuages-tests"
    script = base / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if not npm:
            _missing("npm, which fetches axe-core, is not there")
        base.mkdir(parents=True, exist_ok=True)
        command = [str(npm), "install", "--no-save", "--prefix", str(base), AXE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode or not script.exists():
            _missing(f"npm could not fetch {AXE}: {done.stderr[-300:]}")
    return script.read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SEEDS = """
from django.contrib.auth.models import Group, User
User.objects.create_superuser("django", "django@example.com", "secret", first_name="Django")
for name in ("Door", "Kitchen", "Bookings"):
    Group.objects.create(name=name)
"""
#: Nothing inside a page may run, and nothing may be styled there.
POLICY = """
from hotclub.settings import *
from django.utils.csp import CSP
MIDDLEWARE = [*MIDDLEWARE, "django.middleware.csp.ContentSecurityPolicyMiddleware"]
SECURE_CSP = {"default-src": [CSP.SELF]}
# Slow hashes protect nobody here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the office of a club with sample data."""
    folder = tmp_path_factory.mktemp("club") / "hotclub"
    shutil.copytree(ROOT / "examples/hotclub", folder, ignore=shutil.ignore_patterns("*.sqlite3*"))
    (folder / "strict.py").write_text(POLICY)
    paths = [str(ROOT / "src/nuages/shim"), str(ROOT / "src")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "DJANGO_SETTINGS_MODULE": "strict",
    }

    def manage(*arguments: str) -> list[str]:
        return [sys.executable, "manage.py", *arguments]

    for arguments in (["migrate"], ["seed", "--concerts", "60"], ["shell", "-c", SEEDS]):
        done = subprocess.run(
            manage(*arguments), cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    port = _free_port()
    command = manage("runserver", f"127.0.0.1:{port}", "--noreload")
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/office/"
    finally:
        server.terminate()
        server.wait(10)


class Browser:
    """A browser in the office.

    Args:
        driver: Selenium's.
        office: the address.
        axe: the script.
        downloads: the folder that files are saved in.
    """

    def __init__(self, driver: Any, office: str, axe: str, downloads: Path) -> None:
        self.driver, self.office, self.axe, self.downloads = driver, office, axe, downloads
        self.password, self.width = "secret", 0

    def look(self, name: str) -> None:
        """Take a window of some size, in some colours."""
        width, height, colours = LOOKS[name]
        self.width = width
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        scheme = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)

    def open(self, path: str) -> None:
        """Go to a page, and wait until its scripts have run."""
        self.driver.get(self.office + path)
        self.until("return document.readyState === 'complete'")

    def log_in(self, password: str = "") -> None:
        """Log in, whoever was before."""
        self.driver.delete_all_cookies()
        self.open("login/")
        self.type("#id_username", "django")
        self.type("#id_password", password or self.password)
        self.leave("#login-form [type=submit]")

    def one(self, selector: str) -> Any:
        """Return an element."""
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        """Return all elements that fit."""
        return list(self.driver.find_elements("css selector", selector))

    def click(self, selector: str) -> None:
        """Bring an element into the window's middle, and click on it."""
        element = self.one(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def leave(self, selector: str) -> None:
        """Click on what leads to another page, and wait for that."""
        self.run("document.documentElement.dataset.left = 'soon'")
        self.click(selector)
        self.until(
            "return document.readyState === 'complete' && !document.documentElement.dataset.left"
        )

    def type(self, selector: str, *keys: str) -> None:
        """Write into a field."""
        self.one(selector).send_keys(*keys)

    def text(self, selector: str) -> str:
        """Return what an element says."""
        return str(self.one(selector).text)

    def run(self, script: str, *values: Any) -> Any:
        """Run a script in the page, and return what it returns."""
        return self.driver.execute_script(script, *values)

    def until(self, script: str, *values: Any) -> Any:
        """Wait until a script returns something true, and return that."""
        from selenium.common.exceptions import JavascriptException

        end = time.monotonic() + 8
        while True:
            try:
                answer = self.run(script, *values)
            except JavascriptException:
                answer = None  # the page is just being left
            if answer:
                return answer
            assert time.monotonic() < end, f"not within 8 seconds: {script}"
            time.sleep(0.05)

    def saved(self, pattern: str) -> str:
        """Wait for a file that is being saved; return what it holds, and remove it."""
        end = time.monotonic() + 8
        while True:
            for file in self.downloads.glob(pattern):
                text = file.read_text()
                file.unlink()
                return text
            assert time.monotonic() < end, f"no file {pattern} within 8 seconds"
            time.sleep(0.05)

    def overhang(self) -> int:
        """Return by how many pixels the page is wider than the window.

        Phones make room for what sticks out, so ``innerWidth`` does not tell.
        """
        return int(self.run("return document.documentElement.scrollWidth")) - self.width

    def violations(self) -> list[str]:
        """Return what axe finds wrong with the page."""
        self.run(self.axe)
        options = json.dumps({"runOnly": RULES, "rules": NOT_ASKED})
        return list(
            self.driver.execute_async_script(
                f"const done = arguments[0]; axe.run(document, {options}).then((found) => done("
                "found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`)))"
            )
        )

    def complaints(self) -> list[str]:
        """Return the errors of the browser's console: of scripts, and of the policy."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and "favicon" not in entry["message"]
        ]


@pytest.fixture(scope="session")
def _browser(office: str, axe: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    pytest.importorskip("selenium", reason="BROWSER TESTS DO NOT RUN: no selenium")
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = _program("NUAGES_CHROMIUM", "chromium", "google-chrome")
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    downloads = str(tmp_path_factory.mktemp("downloads"))
    options.add_experimental_option("prefs", {"download.default_directory": downloads})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service(_program("NUAGES_CHROMEDRIVER", "chromedriver")))
    made = Browser(driver, office, axe, Path(downloads))
    made.look("desktop")
    made.log_in()
    yield made
    driver.quit()


@pytest.fixture
def browser(_browser: Browser) -> Iterator[Browser]:
    """A browser that somebody has logged in with. Its console must stay silent."""
    _browser.look("desktop")
    _browser.complaints()
    yield _browser
    assert _browser.complaints() == []
