"""The desk as a person uses it: by labels, keys and what stands on the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from tests.browser.server import PASSWORD

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Desk:
    """One signed-in browser context with one page."""

    def __init__(self, context: Any, page: Any, address: str) -> None:
        self.context, self.page, self.address = context, page, address
        self.problems: list[str] = []
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        self.asked_to_stay = 0
        page.on("dialog", self._leave)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    @classmethod
    def signed_in(cls, browser: Any, address: str, name: str, *, password: str = PASSWORD, **options: Any) -> Desk:
        """Sign in by the sign-in page."""
        context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
        context.set_default_timeout(60_000)
        page = context.new_page()
        desk = cls(context, page, address)
        desk.open("/admin/login/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/")
        return desk

    def _leave(self, dialog: Any) -> None:
        """Leave, where the page asks whether to stay because something is not saved."""
        self.asked_to_stay += dialog.type == "beforeunload"
        dialog.accept()

    def close(self) -> None:
        """Close the context; what the browser complained about is a failure."""
        self.context.close()
        assert not self.problems, self.problems

    def open(self, path: str) -> None:
        """Open a page of the server."""
        answer = self.page.goto(self.address + path)
        assert answer.status < 400, (path, answer.status)

    def text(self) -> str:
        """What stands on the page."""
        return str(self.page.inner_text("body"))

    def fill(self, **values: object) -> None:
        """Fill fields by their names; a select by its option's text, a box by True or False."""
        for name, value in values.items():
            self.set(name, value)

    def set(self, name: str, value: object) -> None:
        """Fill one field."""
        field = self.page.locator(f"[name='{name}']:not([type=hidden])").first
        kind = field.evaluate("one => one.type")
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.evaluate("one => one.classList.contains('admin-autocomplete')"):
            self._choose(name, str(value))
        elif kind.startswith("select"):
            labels = [text.strip() for text in field.locator("option").all_inner_texts()]
            # An option that is more than the value, such as a criterion with its limit, is found by its beginning.
            wanted = next((one for one in labels if one == str(value)), None)
            field.select_option(label=wanted or next(one for one in labels if one.startswith(str(value))))
        else:
            field.fill(str(value))

    def _choose(self, name: str, text: str) -> None:
        """Choose by search, and see that the choice is the one meant."""
        choice = self.page.locator(f"select[name='{name}'] + .select2 .select2-selection")
        choice.click()
        # Opening the list asks for all rows; only the answer to the search itself may be chosen from.
        answered = f"term={quote_plus(text)}"
        with self.page.expect_response(lambda one: "autocomplete" in one.url and answered in one.url):
            self.page.locator(".select2-search__field").last.fill(text)
        self.page.locator(".select2-results__option[role=option]", has_text=text).first.click()
        choice.filter(has_text=text).wait_for()

    def set_time(self, name: str, day: str, time: str) -> None:
        """Fill the two boxes of a date-time."""
        self.fill(**{f"{name}_0": day, f"{name}_1": time})

    def add_row(self, prefix: str) -> int:
        """Add a row on a record's page; returns its number."""
        total = self.page.locator(f"[name='{prefix}-TOTAL_FORMS']")
        number = int(total.input_value())
        self.page.locator(f"#{prefix}-group .add-row a, #{prefix}-group a.add-row").first.click()
        return number

    def save(self) -> None:
        """Press Save and wait for the answer."""
        with self.page.expect_navigation():
            self.page.locator("[name=_save]").first.click()

    def saved(self) -> None:
        """Save, and see that it was stored."""
        self.save()
        # A refused page comes back; a stored one leads to a list, to the next page, or to a sentence that says so.
        refused = self.page.locator("form .errors, form .errorlist, form [role=alert]").count()
        assert "/add/" not in self.page.url, self.errors()
        assert refused == 0, self.errors()
        assert not self.page.url.endswith("/change/"), self.errors()

    def errors(self) -> str:
        """Sentences of what was refused."""
        found = self.page.locator("form .errors, form .errorlist, .ts-warning, form [role=alert], form .text-red-700")
        return " | ".join(one for one in found.all_inner_texts() if one.strip()) or self.text()[:3000]
