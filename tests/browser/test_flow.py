"""An evening at the office, from the door to the door, in every look."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser

ENTER = "\ue007"


@pytest.mark.parametrize("look", ["desktop", "dark", "phone", "dark phone"])
def test_an_evening_at_the_office(browser: Any, look: str) -> None:
    browser.look(look)
    password, other = browser.password, f"minor-swing-{look.replace(' ', '-')}"
    browser.log_in(password)

    # Add a concert with a booking, the booking in a row of the same page.
    title = f"Last Metro ({look})"
    browser.open("club/concert/add/")
    for name, text in (
        ("title", title), ("style", "Swing"), ("room", "Long Hall"), ("price", "12"),
        ("seats", "30"), ("starts_at_0", "2031-05-01"), ("starts_at_1", "20:00"),
    ):  # fmt: skip
        browser.type(f"#id_{name}", text)
    browser.type("#id_artists_input", "a", ENTER)
    browser.type("#id_bookings-0-name", "Odile")
    browser.type("#id_bookings-0-email", "odile@example.com")
    browser.leave("[name=_continue]")
    assert "was added successfully" in browser.text(".messagelist .success")
    assert len(browser.all("#id_artists_to option")) == 1

    # Edit it, with one more booking, and one that goes.
    browser.click("#bookings-group .add-row a")
    browser.type("#id_bookings-2-name", "Paco")
    browser.type("#id_bookings-2-email", "paco@example.com")
    browser.click("#id_bookings-0-DELETE")
    browser.leave("[name=_continue]")
    names = [one.text for one in browser.all("#bookings-group td.original p")]
    assert len(names) == 1 and names[0].startswith("Paco, 2")

    # Book by autocomplete.
    browser.open("club/booking/add/")
    browser.click(".field-concert .select2-selection")
    browser.type(".select2-search__field", title)
    browser.until(
        "const found = document.querySelectorAll('.select2-results__option--highlighted');"
        "return found.length === 1 && found[0].textContent === arguments[0]", title
    )  # fmt: skip
    browser.type(".select2-search__field", ENTER)
    browser.type("#id_name", "Rosa")
    browser.type("#id_email", "rosa@example.com")
    browser.leave("[name=_save]")
    assert "was added successfully" in browser.text(".messagelist .success")

    # Filter and search.
    browser.open("club/concert/")
    if "phone" in look:
        browser.click(".filter-toggle")
    browser.leave("[data-filter-title='when'] li:nth-child(2) a")
    browser.run("document.documentElement.dataset.left = 'soon'")
    browser.type("#searchbar", "last metro", ENTER)
    browser.until("return location.search.includes('q=last') && document.readyState === 'complete'")
    assert "when=coming" in browser.driver.current_url
    assert [one.text for one in browser.all("#result_list tbody th")] == [title]
    assert browser.violations() == []

    # Act on a selection, and export.
    browser.click("#action-toggle")
    assert browser.text(".action-counter").startswith("1 of 1")
    browser.type("select[name=action]", "Double")
    browser.leave("button[name=index]")
    assert "1 prices doubled" in browser.text(".messagelist .success")
    assert browser.one("#id_form-0-price").get_attribute("value") == "24.00"
    browser.click(".exports a[href*='=csv']")
    heads, row = browser.saved("*.csv").splitlines()
    assert heads.startswith("Title,Starts at,") and row.startswith(title)

    # Delete what was added; first comes a question.
    browser.leave("#result_list tbody th a")
    browser.leave(".deletelink")
    assert "Are you sure" in browser.text("#content")
    assert "Rosa" in browser.text("#content") and "Paco" in browser.text("#content")
    browser.leave("#content form [type=submit]")
    assert "was deleted successfully" in browser.text(".messagelist")

    # Another password, out, and in again.
    browser.open("password_change/")
    browser.type("#id_old_password", password)
    for name in ("new_password1", "new_password2"):
        browser.type(f"#id_{name}", other)
    browser.leave("#content [type=submit]")
    assert "Your password was changed." in browser.text("#content")
    browser.password = other
    browser.leave("#logout-form button")
    browser.log_in()
    assert browser.text("h1") == "Tonight and all other nights"
