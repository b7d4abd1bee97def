"""Every main page, wide and narrow, as a picture; ``make screenshots`` keeps them under docs/images."""

import io
import os
from pathlib import Path

import pytest

from tests.browser.desk import NARROW, WIDE
from tests.browser.pictures import PICTURES, make_demo_study
from tests.conftest import connected_to

KEEP = "TRIALSITE_PICTURES"
LARGEST = 150_000
COLOURS = 48
SCHEMES = os.environ.get("TRIALSITE_PICTURE_SCHEMES", "light").split()


@pytest.fixture(scope="module")
def demo(served, django_db_blocker):
    with django_db_blocker.unblock(), connected_to(served[0]):
        yield make_demo_study()


def draw(page, path, image):
    """Write what is seen of the page, in as few colours as text and lines need."""
    drawn = image.open(io.BytesIO(page.screenshot()))
    drawn.convert("RGB").quantize(COLOURS).save(path, optimize=True)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_main_pages_are_drawn_wide_and_narrow(demo, sign_in, tmp_path, scheme):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed: make test-browser")
    folder = Path(os.environ.get(KEEP) or tmp_path)
    desk = sign_in("data.manager", color_scheme=scheme, reduced_motion="reduce")
    for picture in PICTURES:
        desk.open(picture.address(demo))
        for size in (WIDE, NARROW):
            desk.page.set_viewport_size(size)
            width = desk.page.evaluate("document.documentElement.scrollWidth")
            path = folder / f"{picture.name}{'' if scheme == 'light' else '-' + scheme}-{size['width']}.png"
            draw(desk.page, path, image)
            assert path.stat().st_size < LARGEST, path.name
            assert width <= size["width"], f"{picture.name} is {width} pixels wide on a screen of {size['width']}"
