import sys
from pathlib import Path

import pytest
from platformdirs import PlatformDirs

from geolocdesk import paths


@pytest.fixture(autouse=True)
def _forget_the_folder() -> None:
    paths.resources_folder.cache_clear()


def test_one_variable_moves_every_user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path))
    folders = paths.user_folders()
    for folder in (folders.cases, folders.packs, folders.models, folders.settings_file, folders.log_file):
        assert folder.is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_it_the_system_s_conventions_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    assert paths.user_folders().data == PlatformDirs("geolocdesk", appauthor=False).user_data_path


def test_the_checkout_s_resources_are_found() -> None:
    assert paths.resource("icons", "geolocdesk.svg").is_file()


def test_a_bundle_s_resources_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "geolocdesk" / "resources").mkdir(parents=True)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources_folder() == tmp_path / "geolocdesk" / "resources"
    paths.resources_folder.cache_clear()


def test_an_incomplete_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "geolocdesk" / "paths.py"))
    with pytest.raises(FileNotFoundError, match="incomplete"):
        paths.resources_folder()
