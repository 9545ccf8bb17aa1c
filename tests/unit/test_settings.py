import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from geolocdesk.errors import SettingsError
from geolocdesk.settings import Settings, load_settings, save_settings, with_pack, with_recent_case

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()


@given(examiner=TEXT, cases=st.lists(TEXT, max_size=4), keep=st.booleans(), scale=st.floats(0.8, 2.0))
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_saved_is_loaded(
    tmp_path: Path, examiner: str, cases: list[str], keep: bool, scale: float
) -> None:
    wanted = Settings(examiner=examiner, recent_cases=tuple(cases), keep_originals=keep, text_scale=scale)
    save_settings(wanted, tmp_path / "settings.toml")
    assert load_settings(tmp_path / "settings.toml") == wanted


def test_the_file_is_toml_that_names_every_key(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "settings.toml"
    save_settings(Settings(), file)
    assert set(tomllib.loads(file.read_text())) == {"schema", *(entry.name for entry in fields(Settings))}
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema = 1\ncolour = 'red'\nalpha = 1", "does not know: alpha, colour"),
        ("schema = 99", "newer version"),
        ("scheme = 'dark'", "does not say its schema"),
        ("schema = 1\nscheme = 'pink'", "scheme must be one of system, light, dark"),
        ("schema = 1\ntext_scale = 9", "text_scale must lie between"),
        ("schema = 1\nkeep_originals = 1", "keep_originals must be true or false"),
        ("schema = 1\nrecent_cases = [1]", "recent_cases must be a list of texts"),
        ("schema = 1\ndecoder_processes = true", "decoder_processes must be a whole number"),
        ("schema = ", "not valid TOML"),
        ("\xff\xfe", "cannot be read"),
    ],
)
def test_what_is_wrong_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings(file)
    assert str(file) in caught.value.message


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "not-a-folder").write_text("x")
    with pytest.raises(SettingsError, match="could not be saved"):
        save_settings(Settings(), tmp_path / "not-a-folder" / "settings.toml")
    assert (tmp_path / "not-a-folder").read_text() == "x"


def test_recent_entries_move_to_the_front_without_repeating() -> None:
    settings = Settings()
    for name in ("a", "b", "a"):
        settings = with_recent_case(settings, Path(name))
        settings = with_pack(settings, Path(name))
    assert settings.recent_cases == settings.recent_packs == ("a", "b")
    assert settings.pack == "a"
    assert len(_many_recent(30).recent_cases) == 12


def test_a_name_that_toml_cannot_spell_is_not_remembered() -> None:
    undecodable = Path(b"\xff.gldcase".decode("utf-8", "surrogateescape"))
    assert with_recent_case(Settings(), undecodable) == Settings()


def _many_recent(count: int) -> Settings:
    settings = replace(Settings())
    for number in range(count):
        settings = with_recent_case(settings, Path(f"case {number}"))
    return settings
