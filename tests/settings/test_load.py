"""Where settings come from, which values are taken, and that the key is shown nowhere."""

from pathlib import Path

import pytest

from egpsync.errors import FileError, UsageError
from egpsync.settings import PRODUCTION, load_settings, wants_color

KEY = "key-SENTINEL-7319"


def test_the_defaults() -> None:
    """Those of the README: production, eight requests at once, a minute, 45 minutes."""
    settings = load_settings({}, {})
    assert settings.base_url == "https://api.egp.scale.com"
    assert (settings.account_id, settings.api_key) == (None, None)
    assert (settings.parallelism, settings.request_timeout, settings.timeout) == (8, 60.0, 2700.0)
    assert (settings.wait, settings.max_redeploys, settings.canaries, settings.max_failures) == (True, 8, 0, None)
    assert (settings.limit_percent, settings.limit_count) == (30, 20)
    assert (settings.expected_base_url, settings.expected_account_id) == (None, None)


def test_a_flag_wins_over_the_environment() -> None:
    """And the environment over the default."""
    environ = {"SGP_ACCOUNT_ID": "from-env", "EGPSYNC_PARALLELISM": "3", "EGPSYNC_CANARIES": "2"}
    settings = load_settings({"account_id": "from-flag", "parallelism": 5, "canaries": None}, environ)
    assert (settings.account_id, settings.parallelism, settings.canaries) == ("from-flag", 5, 2)


def test_a_flag_that_is_false_wins_as_well() -> None:
    """Zero and no are values, not absences."""
    settings = load_settings({"wait": False, "canaries": 0}, {"EGPSYNC_WAIT": "yes", "EGPSYNC_CANARIES": "2"})
    assert (settings.wait, settings.canaries) == (False, 0)


def test_the_older_names_are_fallbacks() -> None:
    """SGP_ before EGP_; one that is set to nothing does not count."""
    older = {"EGP_API_KEY": "old", "EGP_ACCOUNT_ID": "old-acc", "EGP_ENDPOINT_URL": "https://old.example"}
    settings = load_settings({}, older)
    assert (settings.api_key, settings.account_id, settings.base_url) == ("old", "old-acc", "https://old.example")
    newer = {"SGP_API_KEY": "new", "SGP_ACCOUNT_ID": "", "SGP_CLIENT_BASE_URL": "https://new.example"}
    settings = load_settings({}, {**older, **newer})
    assert (settings.api_key, settings.account_id, settings.base_url) == ("new", "old-acc", "https://new.example")


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("EGPSYNC_PARALLELISM", "0", "a number of at least 1 is expected"),
        ("EGPSYNC_PARALLELISM", "many", "a number is expected"),
        ("EGPSYNC_PARALLELISM", "2.5", "a number is expected"),
        ("EGPSYNC_REQUEST_TIMEOUT", "0", "a number of at least 0.001 is expected"),
        ("EGPSYNC_REQUEST_TIMEOUT", "nan", "a number of at least 0.001 is expected"),
        ("EGPSYNC_TIMEOUT", "inf", "a number of at least 0 is expected"),
        ("EGPSYNC_TIMEOUT", "-1", "a number of at least 0 is expected"),
        ("EGPSYNC_WAIT", "maybe", "true or false is expected"),
        ("EGPSYNC_MAX_FAILURES", "0", "a number of at least 1 is expected"),
        ("SGP_ACCOUNT_ID", "two words", "one word of printable ASCII is expected"),
        ("EGP_ACCOUNT_ID", "\u00e4", "one word of printable ASCII is expected"),
        ("SGP_ACCOUNT_ID", "a\nx-api-key: b", "one word of printable ASCII is expected"),
    ],
)
def test_values_of_the_environment_that_cannot_be_used(variable: str, text: str, expected: str) -> None:
    """The message names the variable and what is expected."""
    with pytest.raises(UsageError) as caught:
        load_settings({}, {variable: text})
    assert (caught.value.where, caught.value.what) == (variable, f"{text!r} cannot be used: {expected}")


def test_a_flag_that_is_no_number_is_refused() -> None:
    """The command line lets nan through; it would wait for ever."""
    with pytest.raises(UsageError, match="--timeout: 'nan' cannot be used"):
        load_settings({"timeout": float("nan")}, {})


@pytest.mark.parametrize(
    ("text", "wait"), [("1", True), ("true", True), ("YES", True), ("on", True), ("0", False), ("False", False)]
)
def test_yes_and_no_in_the_environment(text: str, *, wait: bool) -> None:
    """In the usual words."""
    assert load_settings({}, {"EGPSYNC_WAIT": text}).wait is wait


def test_the_expected_url_is_compared_without_its_last_slash() -> None:
    """By flag as by variable."""
    url = f"{PRODUCTION}/"
    assert load_settings({"expected_base_url": url}, {}).expected_base_url == PRODUCTION
    assert load_settings({}, {"EGPSYNC_EXPECT_BASE_URL": url}).expected_base_url == PRODUCTION


def test_the_key_is_in_no_repr() -> None:
    """Settings can be logged."""
    assert KEY not in repr(load_settings({}, {"SGP_API_KEY": KEY}))


def test_a_key_file_wins_over_the_environment(tmp_path: Path) -> None:
    """Its last newline is not part of the key."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    assert load_settings({"api_key_file": str(file)}, {"SGP_API_KEY": "other"}).api_key == KEY
    assert load_settings({}, {"EGPSYNC_API_KEY_FILE": str(file), "SGP_API_KEY": "other"}).api_key == KEY


def test_a_key_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """No other key is taken in its place."""
    file = str(tmp_path / "none")
    with pytest.raises(FileError) as caught:
        load_settings({"api_key_file": file}, {"SGP_API_KEY": KEY})
    assert (caught.value.where, caught.value.what) == (file, "the API key cannot be read from it")


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", "k\u00e9y".encode(), b"a\nb", b"\xff\xfe", b"a\x00b"])
def test_a_key_file_without_a_key_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    """A private key or a JSON file named by mistake is not printed."""
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises((UsageError, FileError)) as caught:
        load_settings({"api_key_file": str(file)}, {})
    assert "two words" not in str(caught.value)


def test_a_variable_without_a_usable_key_is_told_without_its_value() -> None:
    """The variable is named."""
    with pytest.raises(UsageError) as caught:
        load_settings({}, {"SGP_API_KEY": f"{KEY} {KEY}"})
    assert caught.value.where == "SGP_API_KEY"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("choice", "terminal", "environ", "color"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_who_decides_on_colour(choice: str, environ: dict[str, str], *, terminal: bool, color: bool) -> None:
    """The flag, NO_COLOR, FORCE_COLOR, a dumb terminal, then whether it is a terminal at all."""
    assert wants_color(choice, terminal=terminal, environ=environ) is color


def test_patience_is_a_setting() -> None:
    """Tests and impatient users need not wait for the defaults."""
    environ = {"EGPSYNC_RETRIES": "0", "EGPSYNC_RETRY_DEADLINE": "2", "EGPSYNC_RETRY_WAIT": "0", "EGPSYNC_SETTLE": "0"}
    settings = load_settings({}, environ)
    assert (settings.retries, settings.retry_deadline, settings.retry_wait, settings.settle) == (0, 2.0, 0.0, 0.0)


def test_a_user_without_a_home_can_be_told_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what journals a run needs the folder."""
    monkeypatch.setattr(Path, "home", _no_home)
    settings = load_settings({}, {})
    assert settings.state_dir is None
    with pytest.raises(UsageError, match="this user has no home folder to journal runs in"):
        assert settings.journals


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")
