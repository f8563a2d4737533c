"""A base class for tests of admin pages in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nuages.contrib.staticfiles.testing import StaticLiveServerTestCase
from nuages.test import modify_settings
from nuages.test.selenium import SeleniumTestCase
from nuages.utils.csp import CSP
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.translation import gettext

_STRICT_POLICY = {
    "default-src": [CSP.NONE],
    "connect-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
}


class CSPMiddleware(MiddlewareMixin):
    """Sends a policy under which nothing runs that stands inside a page."""

    def process_response(self, request: Any, response: Any) -> Any:
        """Add the header."""
        rules = (f"{name} {' '.join(sources)}" for name, sources in _STRICT_POLICY.items())
        response.headers["Content-Security-Policy"] = "; ".join(rules)
        return response


@modify_settings(MIDDLEWARE={"append": "django.contrib.admin.tests.CSPMiddleware"})
class AdminSeleniumTestCase(SeleniumTestCase, StaticLiveServerTestCase):
    """Tests of admin pages: logs in, waits for what scripts do, and looks at select boxes."""

    selenium: Any
    available_apps = [  # noqa: RUF012
        f"django.contrib.{name}"
        for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    ]

    # Waiting

    def wait_until(self, callback: Callable[[Any], Any], timeout: float = 10) -> Any:
        """Wait until a function of the driver returns something true; return that.

        Raises:
            TimeoutException: it did not within ``timeout`` seconds.
        """
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.selenium, timeout).until(callback)

    def _expect(self, condition: str, selector: str, *values: Any, timeout: float = 10) -> Any:
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support import expected_conditions

        expected = getattr(expected_conditions, condition)
        return self.wait_until(expected((By.CSS_SELECTOR, selector), *values), timeout)

    def wait_for(self, css_selector: str, timeout: float = 10) -> None:
        """Wait until there is an element."""
        self._expect("presence_of_element_located", css_selector, timeout=timeout)

    def wait_for_text(self, css_selector: str, text: str, timeout: float = 10) -> None:
        """Wait until an element has a text."""
        self._expect("text_to_be_present_in_element", css_selector, text, timeout=timeout)

    def wait_for_value(self, css_selector: str, text: str, timeout: float = 10) -> None:
        """Wait until a field has a value."""
        self._expect("text_to_be_present_in_element_value", css_selector, text, timeout=timeout)

    def wait_until_visible(self, css_selector: str, timeout: float = 10) -> None:
        """Wait until an element is seen."""
        self._expect("visibility_of_element_located", css_selector, timeout=timeout)

    def wait_until_invisible(self, css_selector: str, timeout: float = 10) -> None:
        """Wait until an element is not seen."""
        self._expect("invisibility_of_element_located", css_selector, timeout=timeout)

    def wait_page_ready(self, timeout: float = 10) -> None:
        """Wait until the page and what belongs to it have been loaded."""
        script = "return document.readyState === 'complete'"
        self.wait_until(lambda driver: driver.execute_script(script), timeout)

    @contextmanager
    def wait_page_loaded(self, timeout: float = 10) -> Iterator[None]:
        """Wait, at the end of a block that leads to another page, until that is there."""
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support import expected_conditions

        before = self.selenium.find_element(By.TAG_NAME, "html")
        yield
        try:
            self.wait_until(expected_conditions.staleness_of(before), timeout)
        except WebDriverException as error:
            # Some drivers say so when they are asked for an element of a page that is gone.
            if "does not belong to the document" not in str(error):
                raise
        self.wait_page_ready(timeout)

    def wait_for_and_switch_to_popup(self, num_windows: int = 2, timeout: float = 10) -> None:
        """Wait for a new window, and go to it."""
        self.wait_until(lambda driver: len(driver.window_handles) == num_windows, timeout)
        self.selenium.switch_to.window(self.selenium.window_handles[-1])
        self.wait_page_ready(timeout)

    # Doing

    def admin_login(self, username: str, password: str, login_url: str = "/admin/") -> None:
        """Log in by the login page."""
        from selenium.webdriver.common.by import By

        self.selenium.get(f"{self.live_server_url}{login_url}")
        for name, text in (("username", username), ("password", password)):
            self.selenium.find_element(By.NAME, name).send_keys(text)
        button = f'//input[@value="{gettext("Log in")}"]'
        with self.wait_page_loaded():
            self.selenium.find_element(By.XPATH, button).click()

    def _select(self, selector: str) -> Any:
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import Select

        return Select(self.selenium.find_element(By.CSS_SELECTOR, selector))

    def select_option(self, selector: str, value: str) -> None:
        """Choose an option of a select box by its value."""
        self._select(selector).select_by_value(value)

    def deselect_option(self, selector: str, value: str) -> None:
        """Give up an option of a select box that allows several."""
        self._select(selector).deselect_by_value(value)

    def trigger_resize(self) -> None:
        """Make scripts lay out the page again."""
        size = self.selenium.get_window_size()
        self.selenium.set_window_size(size["width"] + 1, size["height"])
        self.wait_page_ready()
        self.selenium.set_window_size(size["width"], size["height"])
        self.wait_page_ready()

    # Looking

    def assertCountSeleniumElements(
        self, selector: str, count: int, root_element: Any = None
    ) -> None:
        """Fail unless a page (or an element) has that many elements of a kind."""
        from selenium.webdriver.common.by import By

        root = root_element or self.selenium
        self.assertEqual(len(root.find_elements(By.CSS_SELECTOR, selector)), count)

    def _assert_values(self, selector: str, values: list[str]) -> None:
        from selenium.webdriver.common.by import By

        if values:
            found = self.selenium.find_elements(By.CSS_SELECTOR, selector)
            self.assertEqual([option.get_attribute("value") for option in found], values)
            return
        # Nothing to find: no need to wait for it.
        with self.disable_implicit_wait():
            self.wait_until(
                lambda driver: not driver.find_elements(By.CSS_SELECTOR, selector), timeout=1
            )

    def assertSelectOptions(self, selector: str, values: list[str]) -> None:
        """Fail unless a select box has options of these values."""
        self._assert_values(f"{selector} > option", values)

    def assertSelectedOptions(self, selector: str, values: list[str]) -> None:
        """Fail unless options of these values are chosen in a select box."""
        self._assert_values(f"{selector} > option:checked", values)

    def is_disabled(self, selector: str) -> bool:
        """Whether an element can do nothing now."""
        from selenium.webdriver.common.by import By

        element = self.selenium.find_element(By.CSS_SELECTOR, selector)
        return element.get_attribute("disabled") == "true"
