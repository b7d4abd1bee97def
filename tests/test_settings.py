"""Environment variables: read, refused, documented."""

import pytest

from tests.databases import ROOT
from trialsite.environ import DECLARED, Environment, EnvironmentRefused, reference_page, refuse_served_raw_files

GOOD = {
    "SECRET_KEY": "x" * 60,
    "DATABASE_URL": "postgresql://trialsite_app:p%40ss@db:5433/trial",
    "REDIS_URL": "redis://r",
    "ALLOWED_HOSTS": "trial.example",
}


def test_reference_page_is_up_to_date():
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == reference_page(), "run: python -m trialsite.environ > docs/reference/settings.md"


def test_every_variable_that_the_code_reads_is_declared():
    names = {variable.name for variable in DECLARED}
    assert len(names) == len(DECLARED)
    with pytest.raises(EnvironmentRefused, match="variable-undeclared"):
        Environment({}).text("NOBODY_DECLARED_THIS")


def test_a_secret_comes_from_its_file(tmp_path):
    (tmp_path / "key").write_text("from-the-file\n")
    assert Environment({"SECRET_KEY_FILE": str(tmp_path / "key")}).text("SECRET_KEY") == "from-the-file"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"SECRET_KEY": "a", "SECRET_KEY_FILE": "b"}, "variable-twice"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "variable-file"),
    ],
)
def test_contradictory_or_unreadable_secret_is_refused(values, code):
    with pytest.raises(EnvironmentRefused, match=code):
        Environment(values).text("SECRET_KEY")


@pytest.mark.parametrize("url", ["", "mysql://a/b", "postgresql://host", "postgresql:///name", "nonsense"])
def test_a_wrong_database_address_is_refused(url):
    with pytest.raises(EnvironmentRefused, match="DATABASE_URL"):
        Environment({"DATABASE_URL": url}).database("DATABASE_URL")


def test_a_database_address_is_taken_apart():
    assert Environment(GOOD).database("DATABASE_URL") == {
        "NAME": "trial", "USER": "trialsite_app", "PASSWORD": "p@ss", "HOST": "db", "PORT": "5433",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [("DEBUG", "yes"), ("DATABASE_POOL_SIZE", "0"), ("DATABASE_POOL_SIZE", "٣")]
)
def test_a_bad_flag_or_number_is_refused(name, value):
    env = Environment({name: value})
    with pytest.raises(EnvironmentRefused, match=name):
        env.flag(name, default=False) if name == "DEBUG" else env.number(name, 4)


def test_a_safe_production_environment_passes():
    Environment(GOOD).refuse_unsafe_production()


@pytest.mark.parametrize(
    ("static", "raw", "refused"),
    [("s", "r", False), ("s", "s", True), ("s", "s/raw", True), ("r/static", "r", True), ("s", "s/../s", True)],
)
def test_laboratory_files_are_never_among_the_served(tmp_path, static, raw, refused):
    folders = {"static_root": tmp_path / static, "raw_store": tmp_path / raw}
    if not refused:
        refuse_served_raw_files(**folders)
        return
    with pytest.raises(EnvironmentRefused, match="raw-served"):
        refuse_served_raw_files(**folders)
