"""The admin, as people use it."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PAGES = {
    "index": "",
    "application": "club/",
    "list": "club/concert/",
    "list with filters": "club/concert/?when=coming&q=a",
    "add": "club/booking/add/",
    "change": "club/concert/{concert}/change/",
    "user": "auth/user/1/change/",
    "raw id": "club/review/add/",
    "delete": "club/concert/{concert}/delete/",
    "history": "auth/user/1/history/",
    "password": "password_change/",
}


@pytest.fixture
def concert(browser: Any) -> str:
    """The key of the concert at the top of the list."""
    browser.open("club/concert/")
    href = browser.one("#result_list tbody th a").get_attribute("href")
    found = re.search(r"/(\d+)/change/", href)
    assert found
    return found[1]


@pytest.mark.parametrize("look", ["desktop", "dark", "phone"])
def test_nobody_is_shut_out(browser: Any, concert: str, look: str) -> None:
    browser.look(look)
    wrong = {}
    for name, path in PAGES.items():
        browser.open(path.format(concert=concert))
        if found := browser.violations():
            wrong[name] = found
        assert browser.overhang() <= 0, f"{name} is wider than the window"
        small = browser.run(SMALL_TARGETS)
        assert not small, f"{name}: {small}"
    assert wrong == {}


#: Buttons and links that stand for themselves and are smaller than 24 pixels (WCAG 2.5.8).
SMALL_TARGETS = """
return [...document.querySelectorAll('button:enabled, input[type=submit], a[role=button], [role=option]')]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest('.visually-hidden'))
    .filter((one) => { const box = one.getBoundingClientRect();
        return box.width && (box.width < 24 || box.height < 24); })
    .map((one) => one.outerHTML.slice(0, 90))
"""


def test_the_login_page(browser: Any) -> None:
    browser.driver.delete_all_cookies()
    browser.open("")
    assert browser.violations() == []
    browser.type("#id_username", "django")
    browser.type("#id_password", "wrong")
    browser.leave("#login-form [type=submit]")
    assert "correct username and password" in browser.text(".errornote")
    assert browser.violations() == []
    browser.log_in()
    assert browser.text("h1") == "Tonight and all other nights"


def test_add_with_a_slug_and_inlines(browser: Any) -> None:
    browser.open("club/concert/add/")
    assert browser.run("return document.activeElement.id") == "id_title"
    browser.type("#id_title", "Été à la Ğare!")
    assert browser.one("#id_slug").get_attribute("value") == "ete-a-la-gare"
    browser.type("#id_style", "Swing")
    browser.type("#id_room", "Long Hall")
    browser.click(".field-starts_at .datetimeshortcuts a")
    browser.click("#clocklink0")
    browser.click("#clockbox0 li:nth-child(4) a")
    assert browser.one("#id_starts_at_1").get_attribute("value") == "12:00:00"
    browser.type("#id_price", "12")
    browser.type("#id_seats", "30")
    browser.type("#id_artists_input", "a")
    browser.run("document.querySelector('#id_artists_from option').selected = true")
    browser.run("document.querySelector('#id_artists_from').dispatchEvent(new Event('change'))")
    browser.click("#id_artists_add")
    browser.click("#bookings-group .add-row a")
    rows = browser.all("#bookings-group tr.dynamic-bookings")
    assert len(rows) == 2
    browser.type("#id_bookings-1-name", "Odile")
    browser.type("#id_bookings-1-email", "odile@example.com")
    browser.click("#bookings-0 .inline-deletelink")
    assert browser.one("#id_bookings-0-name").get_attribute("value") == "Odile"
    browser.leave("[name=_continue]")
    assert "was added successfully" in browser.text(".messagelist .success")
    assert browser.one("#bookings-0 td.original p").text.startswith("Odile, 2")
    assert len(browser.all("#id_artists_to option")) == 1


def test_errors_stand_at_their_fields(browser: Any) -> None:
    browser.open("club/booking/add/")
    browser.type("#id_email", "nobody")
    browser.leave("[name=_save]")
    assert "correct the errors" in browser.text(".errornote")
    field = browser.one("#id_email")
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby")
    assert "valid email" in browser.text(f"#{described}")
    # The first wrong field is where the keyboard is.
    assert browser.run("return document.activeElement.closest('.errors') !== null")
    assert browser.violations() == []


def test_autocomplete(browser: Any, concert: str) -> None:
    browser.open("club/booking/add/")
    browser.click(".field-concert .select2-selection")
    browser.type(".select2-search__field", "a")
    browser.until(
        "return document.querySelectorAll('.select2-results__option[data-select2-id]').length > 3"
    )
    assert browser.violations() == []
    browser.type(".select2-search__field", "\ue007")  # Enter
    assert browser.one("#id_concert").get_attribute("value")


def test_related_objects_in_a_window(browser: Any) -> None:
    browser.open("club/review/add/")
    first = browser.driver.current_window_handle
    browser.click("#lookup_id_concert")
    other = next(one for one in browser.driver.window_handles if one != first)
    browser.driver.switch_to.window(other)
    link = browser.one("#result_list tbody th a")
    key = link.get_attribute("data-popup-opener")
    link.click()
    browser.driver.switch_to.window(first)
    browser.until("return document.querySelector('#id_concert').value === arguments[0]", key)


def test_filter_search_and_sort(browser: Any) -> None:
    browser.open("club/concert/")
    browser.leave("[data-filter-title='when'] li:nth-child(2) a")
    assert "when=coming" in browser.driver.current_url
    assert browser.text("#changelist-filter .selected a") == "To come"
    browser.type("#searchbar", "trio", "\ue007")
    browser.until("return location.search.includes('q=trio')")
    assert "when=coming" in browser.driver.current_url
    titles = [one.text for one in browser.all("#result_list tbody th")]
    assert titles and all("Trio" in title for title in titles)
    browser.leave("#result_list .column-title .text a")
    titles = [one.text for one in browser.all("#result_list tbody th")]
    assert titles == sorted(titles)


def test_actions(browser: Any) -> None:
    browser.open("club/concert/")
    boxes = browser.all("input.action-select")
    boxes[0].click()
    boxes[1].click()
    assert browser.text(".action-counter").startswith("2 of ")
    browser.type("select[name=action]", "Export")
    browser.click("button[name=index]")
    lines = browser.saved("*.csv").splitlines()
    assert lines[0].startswith("title,starts") and len(lines) == 3


def test_delete_after_a_question(browser: Any) -> None:
    browser.open("auth/group/")
    before = len(browser.all("#result_list tbody tr"))
    browser.leave("#result_list tbody tr:last-child th a")
    browser.leave(".deletelink")
    browser.click(".cancel-link")
    browser.until("return location.pathname.endsWith('/change/')")
    browser.leave(".deletelink")
    assert "Are you sure" in browser.text("#content")
    browser.leave("#content form [type=submit]")
    assert "was deleted successfully" in browser.text(".messagelist")
    assert len(browser.all("#result_list tbody tr")) == before - 1


def test_unsaved_changes_are_not_lost_in_silence(browser: Any) -> None:
    asked = "return !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    browser.open("auth/group/add/")
    assert browser.run(asked) is False
    browser.type("#id_name", "Garden")
    assert browser.run(asked) is True
    # Saving is no reason to ask.
    browser.leave("[name=_save]")
    assert "was added" in browser.text(".messagelist")


def test_the_palette(browser: Any) -> None:
    browser.open("")
    counts = "return document.querySelector('#club-artist .count')?.textContent"
    assert browser.until(counts) == "40"
    browser.type("body", "\ue009k\ue000")  # Ctrl-K
    browser.until("return document.querySelectorAll('.palette [role=option]').length > 6")
    assert browser.violations() == []
    browser.type(".palette input", "add artist")
    browser.until("return document.querySelectorAll('.palette [role=option]').length === 1")
    browser.type(".palette input", "\ue007")
    browser.until("return location.pathname.endsWith('/club/artist/add/')")


def test_the_side_list_and_the_theme(browser: Any) -> None:
    browser.open("club/concert/")
    browser.click("#toggle-nav-sidebar")
    assert not browser.one("#nav-sidebar").is_displayed()
    browser.open("club/artist/")
    assert not browser.one("#nav-sidebar").is_displayed()
    browser.click("#toggle-nav-sidebar")
    browser.type("#nav-filter", "grou")
    shown = [one.text for one in browser.all("#nav-sidebar tbody th") if one.is_displayed()]
    assert shown == ["Groups"]
    browser.run("sessionStorage.clear()")
    for expected in ("light", "dark", "auto"):
        browser.click(".theme-toggle")
        assert browser.run("return document.documentElement.dataset.theme") == expected
        name = browser.one(".theme-toggle").accessible_name
        assert expected in name


def test_without_scripts(browser: Any, concert: str) -> None:
    """Everything that saves works without scripts, too."""
    from selenium.webdriver.support import expected_conditions
    from selenium.webdriver.support.ui import WebDriverWait

    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get(f"{browser.office}club/concert/{concert}/change/")
        title = browser.one("#id_title")
        title.clear()
        title.send_keys("Plain Evening")
        browser.one("[name=_save]").click()
        WebDriverWait(browser.driver, 8).until(expected_conditions.staleness_of(title))
        assert "was changed successfully" in browser.text(".messagelist")
        assert browser.one("#changelist-filter").is_displayed()
        assert not browser.one(".palette-open").is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_change_the_password(browser: Any) -> None:
    browser.open("password_change/")
    for name, value in (
        ("old_password", browser.password),
        ("new_password1", "minor-swing-1937"),
        ("new_password2", "minor-swing-1937"),
    ):
        browser.type(f"#id_{name}", value)
    browser.leave("#content [type=submit]")
    assert "Your password was changed." in browser.text("#content")
    browser.password = "minor-swing-1937"
    browser.log_in()
    assert browser.text("h1") == "Tonight and all other nights"
