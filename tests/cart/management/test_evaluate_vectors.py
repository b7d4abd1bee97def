"""The command that runs files of cases."""

import pytest
from django.core.management import CommandError, call_command

HEAD = "day,half_life_d,fraction_remaining,log2_change,source\n"


def test_cases_that_agree_are_counted(tmp_path, capsys):
    path = tmp_path / "igg_passive_decay.csv"
    path.write_text(HEAD + "21,21,0.5,-1,by hand\n42,21,0.25,-2,by hand\n")
    call_command("evaluate_vectors", str(path))
    assert "igg_passive_decay.csv: 2 cases, 2 agreeing, 0 differing" in capsys.readouterr().out


def test_a_difference_fails_the_command_and_is_shown(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text(HEAD + "21,21,0.5,-1.5,wrong\n")
    with pytest.raises(CommandError, match=r"1 of 1 differ\. \[cases-differ\]"):
        call_command("evaluate_vectors", str(path), "--kind", "igg_passive_decay")
    assert "line 2  log2_change: expected -1.5, found -1.0" in capsys.readouterr().out


def test_a_file_of_unknown_kind_is_refused(tmp_path):
    with pytest.raises(CommandError, match=r"\[case-kind\]"):
        call_command("evaluate_vectors", str(tmp_path / "mine.csv"))
