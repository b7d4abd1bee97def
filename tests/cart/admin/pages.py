"""Pages of the desk as a browser has them: read a form, change fields, send it back."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from cart.models import Membership, Role
from tests.cart.records import Trial


class _Fields(HTMLParser):
    """Names and values that the browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name and given.get("type") not in ("submit", "button"):
            if given.get("type") in ("checkbox", "radio") and "checked" not in given:
                return
            self.values[name] = given.get("value") or ("on" if given.get("type") == "checkbox" else "")
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""
        elif tag == "select":
            self._select = name
            self.values.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.values[self._area] += data.removeprefix("\n")


def fields_of(response: Any, form: str = "") -> dict[str, str]:
    """Fields of a page's form with their present values: of a record's, or of the form with this id."""
    parser = _Fields()
    content = response.rendered_content if hasattr(response, "rendered_content") else response.content.decode()
    start = content.index(f'id="{form}"' if form else 'id="', 0 if form else content.index('<div id="content-main"'))
    parser.feed(content[start : content.index("</form>", start)])
    unwanted = ("csrfmiddlewaretoken",)
    return {name: value for name, value in parser.values.items() if "__prefix__" not in name and name not in unwanted}


def add_page(model: str) -> str:
    """Address of the page that enters a record, such as ``cart.Subject``."""
    app, name = model.lower().split(".")
    return reverse(f"admin:{app}_{name}_add")


def change_page(instance: Any) -> str:
    """Address of a record's page."""
    return reverse(f"admin:{instance._meta.app_label}_{instance._meta.model_name}_change", args=[instance.pk])


def send(client: Client, url: str, form: str = "", /, **changes: object) -> Any:
    """Open a page, change fields, press Save."""
    data = fields_of(client.get(url), form)
    data.update({name: str(value) for name, value in changes.items()})
    return client.post(url, data)


def new_row(prefix: str, /, **values: object) -> dict[str, object]:
    """Fields of the first row that is added on its parent's page."""
    row = {f"{prefix}-0-{name}": value for name, value in values.items()}
    return {f"{prefix}-TOTAL_FORMS": 1, **row}


def member(trial: Trial, role: str = Role.COORDINATOR, *, name: str = "", whole_study: bool = False) -> Client:
    """A client signed in as a new user with one role at the trial's site, or at all of its sites."""
    user = get_user_model().objects.create_user(username=name or f"{role}-{trial.study.code}", is_staff=True)
    Membership.objects.create(user=user, study=trial.study, site=None if whole_study else trial.site, role=role)
    client = Client()
    client.force_login(user)
    return client
