"""The body seen from the front with the 17 sites of the mRSS, as an SVG string. Pure: scores in, text out.

The subject's right is on the left, as somebody sees who stands before the subject.
"""

from collections.abc import Mapping

# x, y, width, height of each site of the subject's right side, or in the middle; the left side is its mirror image.
_MIDDLE = 100
_CENTRE = {"face": (84, 4, 32, 36), "chest": (74, 48, 52, 42), "abdomen": (77, 94, 46, 38)}
_RIGHT = {
    "upper_arm": (54, 50, 16, 42),
    "forearm": (46, 96, 15, 40),
    "hand": (42, 140, 15, 16),
    "fingers": (40, 160, 15, 18),
    "thigh": (77, 136, 21, 54),
    "leg": (78, 194, 18, 50),
    "foot": (70, 248, 26, 14),
}
WIDTH, HEIGHT = 200, 268


def _places() -> dict[str, tuple[int, int, int, int]]:
    places = dict(_CENTRE)
    for name, (x, y, width, height) in _RIGHT.items():
        places[f"right_{name}"] = (x, y, width, height)
        places[f"left_{name}"] = (2 * _MIDDLE - x - width, y, width, height)
    return places


PLACES = _places()


def render_figure(scores: Mapping[str, int | None]) -> str:
    """SVG of the figure; each site has the shade and the digit of its score, a dash without one.

    >>> svg = render_figure({"face": 2})
    >>> svg.count('class="site s2"'), svg.count('class="site s-none"')
    (1, 16)
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ts-figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' aria-label="Body from the front with the score of each site; the boxes above hold the same numbers.">'
    ]
    for name, (x, y, width, height) in PLACES.items():
        score = scores.get(name)
        shade = "s-none" if score is None else f"s{score}"
        parts.append(
            f'<g class="site {shade}" data-ts-site="{name}"><title>{name.replace("_", " ")}</title>'
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5"/>'
            f'<text x="{x + width / 2:g}" y="{y + height / 2 + 4:g}" text-anchor="middle">'
            f"{'–' if score is None else score}</text></g>"
        )
    return "".join([*parts, "</svg>"])
