"""Every main page fits a wide and a narrow screen and can be read, light and dark; its pictures go into the docs."""

import io
import os
from pathlib import Path

import pytest

from tests.browser.contrast import unreadable
from tests.browser.desk import NARROW, WIDE
from tests.browser.pictures import PICTURES, make_demo_study
from tests.conftest import connected_to

KEEP = "TRIALSITE_PICTURES"
LARGEST = 150_000
COLOURS = 96


@pytest.fixture(scope="module")
def demo(served, django_db_blocker):
    with django_db_blocker.unblock(), connected_to(served[0]):
        yield make_demo_study()


def draw(page, path, image):
    """Write what is seen of the page, in as few colours as text and lines need."""
    drawn = image.open(io.BytesIO(page.screenshot()))
    drawn.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    assert path.stat().st_size < LARGEST, path.name


# A box that reaches over the end of its field lies over the next one; a text higher than its cell is cut.
CROWDED = """() => {
  const over = [...document.querySelectorAll('.field-line input, .field-line select, td input, td select')]
    .filter((box) => box.offsetParent && box.closest('.field-line, td').getBoundingClientRect().right
      < box.getBoundingClientRect().right - 1).map((box) => box.name + ' lies over the next field');
  const cut = [...document.querySelectorAll('#result_list td, fieldset > h2')]
    .filter((one) => one.scrollHeight > one.clientHeight + 4).map((one) => one.innerText + ' is cut');
  return [...over, ...cut];
}"""


def test_main_pages_fit_and_can_be_read(demo, sign_in, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed: make test-browser")
    folder = Path(os.environ.get(KEEP) or tmp_path)
    page = (desk := sign_in("data.manager", reduced_motion="reduce")).page
    problems = []
    for scheme in ("light", "dark"):
        # Asked for before a page is opened: the theme looks once.
        page.emulate_media(color_scheme=scheme)
        for picture in PICTURES:
            page.set_viewport_size(WIDE)
            desk.open(picture.address(demo))
            page.locator("html.dark" if scheme == "dark" else "html:not(.dark)").wait_for(state="attached")
            problems += [f"{picture.name}, {scheme}: {one}" for one in unreadable(page)]
            for size in (WIDE, NARROW) if scheme == "light" or picture.in_dark else ():
                page.set_viewport_size(size)
                problems += [f"{picture.name}, {size['width']}: {one}" for one in page.evaluate(CROWDED)]
                width = page.evaluate("document.documentElement.scrollWidth")
                if width > size["width"]:
                    problems.append(f"{picture.name} is {width} pixels wide on a screen of {size['width']}")
                dark = "-dark" if scheme == "dark" else ""
                draw(page, folder / f"{picture.name}{dark}-{size['width']}.png", image)
    assert not problems, "\n".join(problems)
