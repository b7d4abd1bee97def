import random

import polars as pl

from cart.endpoints.windows import visit_records
from tests.endpoints import slow
from tests.endpoints.cases import frames, observation

BY = ["subject_id", "analyte"]


def records(days: list[int | None], **more: object) -> pl.DataFrame:
    rows = [observation(place, day, "1", "ALT", **more) for place, day in enumerate(days, start=1)]
    return frames(rows)["observations"].with_columns(pl.Series("day", days, dtype=pl.Int64))


def planned(*visits: tuple[str, int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        visits,
        schema={"code": pl.String, "target_day": pl.Int64, "window_low": pl.Int64, "window_high": pl.Int64},
        orient="row",
    )


def placed(days: list[int | None], *visits: tuple[str, int, int, int]) -> dict[int, tuple[str, bool]]:
    table = visit_records(records(days), planned(*visits), by=BY)
    return {row["result_id"]: (row["timepoint"], row["chosen"]) for row in table.to_dicts()}


def test_closest_to_the_target_is_chosen_and_the_others_are_kept() -> None:
    assert placed([22, 27, 34], ("W4", 28, 21, 35)) == {1: ("W4", False), 2: ("W4", True), 3: ("W4", False)}


def test_of_two_as_close_the_earlier_is_chosen() -> None:
    assert placed([31, 25], ("W4", 28, 21, 35)) == {1: ("W4", False), 2: ("W4", True)}


def test_both_ends_of_a_window_belong_to_it() -> None:
    assert placed([20, 21, 35, 36], ("W4", 28, 21, 35)) == {2: ("W4", True), 3: ("W4", False)}


def test_record_in_two_windows_belongs_to_the_closer_target() -> None:
    assert placed([40], ("W4", 28, 21, 60), ("W8", 56, 35, 70)) == {1: ("W4", True)}
    assert placed([45], ("W4", 28, 21, 60), ("W8", 56, 35, 70)) == {1: ("W8", True)}


def test_record_between_two_targets_belongs_to_the_earlier_visit() -> None:
    assert placed([42], ("W8", 56, 35, 70), ("W4", 28, 21, 60)) == {1: ("W4", True)}


def test_record_without_a_day_has_no_visit() -> None:
    assert placed([None], ("W4", 28, 21, 35)) == {}


def test_no_visits_or_no_records_give_no_rows() -> None:
    assert placed([28]) == {}
    assert placed([], ("W4", 28, 21, 35)) == {}


def test_visits_agree_with_a_search_row_by_row() -> None:
    dice = random.Random(11)
    visits = []
    for number in range(6):
        target = dice.randint(-10, 90)
        visits.append((f"V{number}", target, target - dice.randint(0, 20), target + dice.randint(0, 20)))
    days: list[int | None] = [dice.randint(-30, 120) for _ in range(200)]
    names = ["code", "target_day", "window_low", "window_high"]
    rows = [dict(zip(names, visit, strict=True)) for visit in visits]
    expected = {place: slow.visit_of(day or 0, rows) for place, day in enumerate(days, start=1)}
    found = placed(days, *visits)
    assert {key: code for key, (code, _) in found.items()} == {
        key: visit["code"] for key, visit in expected.items() if visit
    }
    for code, target, _, _ in visits:
        members = [(abs((days[key - 1] or 0) - target), days[key - 1], key) for key in found if found[key][0] == code]
        assert [key for key in found if found[key] == (code, True)] == [key for *_, key in sorted(members)[:1]]
