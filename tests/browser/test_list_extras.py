"""What lists have besides Django's: columns, saved views, export, filters with fields."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.browser

CONCERTS, BOOKINGS = "club/concert/", "club/booking/"


def titles(browser: Any) -> list[str]:
    """Return the heads of the columns, in small letters."""
    return [one.text.lower() for one in browser.all("#result_list thead th .text") if one.text]


@pytest.mark.parametrize("look", ["desktop", "dark", "phone"])
def test_nobody_is_shut_out(browser: Any, look: str) -> None:
    browser.look(look)
    wrong = {}
    for path in (f"{CONCERTS}?starts_at__gte=2020-01-01&q=a", f"{BOOKINGS}?places=2"):
        browser.open(path)
        if look == "phone":
            browser.click(".filter-toggle")
        for summary in browser.all(".changelist-extras summary") or [None]:
            if summary:
                summary.click()
            if found := browser.violations():
                wrong[path] = found
            assert browser.overhang() <= 0, f"{path} is wider than the window"
    assert wrong == {}


def test_choose_columns_by_keyboard(browser: Any) -> None:
    browser.open(f"{CONCERTS}?when=coming")
    assert "slug" not in titles(browser)
    summary = browser.one(".choose-columns summary")
    summary.send_keys("\ue007")  # Enter
    browser.type(".choose-columns [value=slug]", "\ue00c")  # Escape
    assert browser.run("return document.activeElement.matches('.choose-columns summary')")
    assert not browser.one(".choose-columns .panel").is_displayed()
    summary.send_keys("\ue007")
    browser.type(".choose-columns [value=slug]", " ")
    browser.type(".choose-columns [value=room]", " ")
    browser.run("document.documentElement.dataset.left = 'soon'")
    browser.type(".choose-columns button", "\ue007")
    browser.until("return location.search.includes('_columns=slug')")
    assert "when=coming" in browser.driver.current_url
    shown = titles(browser)
    assert "slug" in shown and "room" not in shown


def test_views_are_saved_and_forgotten(browser: Any) -> None:
    browser.open(f"{CONCERTS}?when=coming&q=trio")
    browser.click(".saved-views summary")
    browser.type("[name=_save_view]", "Trios to come")
    browser.leave(".saved-views .panel > form > button")
    browser.open(CONCERTS)
    browser.click(".saved-views summary")
    browser.leave(".saved-views li a")
    assert "q=trio" in browser.driver.current_url and "when=coming" in browser.driver.current_url
    browser.click(".saved-views summary")
    drop = browser.one(".saved-views li button")
    assert drop.accessible_name == "Remove view Trios to come"
    browser.leave(".saved-views li button")
    assert browser.all(".saved-views li") == []


def test_what_is_shown_is_exported(browser: Any) -> None:
    browser.open(f"{CONCERTS}?q=trio&_columns=title&_columns=price")
    count = len(browser.all("#result_list tbody tr"))
    for ending in ("csv", "json"):
        browser.click(f".exports a[href*='={ending}']")
        text = browser.saved(f"*.{ending}")
        if ending == "json":
            rows = json.loads(text)
            assert [set(row) for row in rows] == [{"title", "price"}] * len(rows)
        else:
            rows = text.splitlines()[1:]
        assert len(rows) >= count > 0


def test_dates_from_one_to_another(browser: Any) -> None:
    browser.open(f"{CONCERTS}?when=coming")
    assert browser.run("return document.querySelector('[name=starts_at__gte]').type") == "date"
    day = browser.run(
        "const box = document.querySelector('[name=starts_at__lte]');"
        "box.value = new Date(Date.now() + 864e6).toISOString().slice(0, 10); return box.value"
    )
    browser.leave("[data-filter-title='starts at'] button")
    assert f"starts_at__lte={day}" in browser.driver.current_url
    assert "when=coming" in browser.driver.current_url
    assert browser.one("[name=starts_at__lte]").get_attribute("value") == day
    browser.leave("[data-filter-title='starts at'] a")
    assert "starts_at" not in browser.driver.current_url
    assert "when=coming" in browser.driver.current_url


def test_filter_by_what_is_typed_for(browser: Any) -> None:
    browser.open(BOOKINGS)
    browser.click("[data-filter-title='concert'] .select2-selection")
    browser.type(".select2-search__field", "t")
    browser.until(
        "return document.querySelectorAll('.select2-results__option[data-select2-id]').length > 1"
    )
    browser.type(".select2-search__field", "\ue007")  # Enter: the list is filtered at once
    browser.until("return location.search.includes('concert__id__exact=')")
    browser.until("return document.readyState === 'complete'")
    chosen = browser.run(
        "return document.querySelector('[data-autocomplete-filter] select').selectedOptions[0].text"
    )
    shown = {one.text for one in browser.all("#result_list .field-concert")}
    assert shown <= {chosen}
    browser.leave("[data-filter-title='concert'] form > a")
    assert "concert" not in browser.driver.current_url.split("?")[-1]


def test_boxes_need_no_hint_for_plain_lists(browser: Any) -> None:
    browser.open(f"{CONCERTS}add/")
    browser.until("return document.querySelector('.selector') !== null")
    assert "Hold down" not in browser.text(".field-artists")
    assert browser.run(
        "return [...document.querySelectorAll('.field-artists [aria-describedby]')].every((one) =>"
        " one.getAttribute('aria-describedby').split(' ').every((id) => !id"
        " || document.getElementById(id)))"
    )


def test_nothing_moves_where_nothing_should(browser: Any) -> None:
    still = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", still)
    for path in (CONCERTS, f"{BOOKINGS}add/"):
        browser.open(path)
        moving = browser.run(
            "return [...document.querySelectorAll('*')].filter((one) => { const style ="
            " getComputedStyle(one); return parseFloat(style.transitionDuration) > 0"
            " || style.animationName !== 'none' || style.scrollBehavior === 'smooth'; })"
            ".map((one) => one.outerHTML.slice(0, 90))"
        )
        assert moving == [], path


@pytest.mark.parametrize("path", [CONCERTS, BOOKINGS, f"{CONCERTS}add/", f"{BOOKINGS}add/"])
def test_the_keyboard_reaches_everything(browser: Any, path: str) -> None:
    """What can be clicked on can be reached by the Tab key, and shows that it was."""
    browser.open(path)
    unreached = browser.run(
        "return [...document.querySelectorAll('a, button, summary, [role=button], [onclick]')]"
        ".filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)"
        ".filter((one) => one.tabIndex < 0 && !one.closest('.select2-container'))"
        ".map((one) => one.outerHTML.slice(0, 90))"
    )
    assert unreached == []
    unseen = []
    browser.run("document.activeElement.blur()")
    for _ in range(25):
        browser.driver.switch_to.active_element.send_keys("\ue004")  # Tab
        seen = browser.run(
            "const one = document.activeElement; if (one === document.body) return '';"
            "const style = getComputedStyle(one), box = one.getBoundingClientRect();"
            "const outlined = style.outlineStyle !== 'none' || style.boxShadow !== 'none'"
            " || one.closest('.select2-container');"
            "return outlined && box.width && box.bottom > 0 && box.top < innerHeight"
            " ? '' : one.outerHTML.slice(0, 90)"
        )
        if seen:
            unseen.append(seen)
    assert unseen == []
