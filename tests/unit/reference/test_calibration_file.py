"""The file that keeps a pack's calibrations."""

import json
from pathlib import Path

import pytest

from geolocdesk.errors import PackError
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.calibration_file import CALIBRATION_NAME, add_calibration, read_calibrations

CONTENT: dict[str, JsonValue] = {"pack_id": "abc", "photos": 12, "curve": [0.1, 0.2, 1e-9]}


def test_a_pack_without_the_file_has_no_calibration(tmp_path: Path) -> None:
    assert read_calibrations(tmp_path) == ()


def test_calibrations_come_back_as_they_were_added_oldest_first(tmp_path: Path) -> None:
    first = add_calibration(tmp_path, CONTENT)
    second = add_calibration(tmp_path, {**CONTENT, "photos": 13})
    assert read_calibrations(tmp_path) == (first, second)
    assert first.sha256 != second.sha256


def test_the_same_calibration_again_becomes_the_newest_and_is_kept_once(tmp_path: Path) -> None:
    first = add_calibration(tmp_path, CONTENT)
    second = add_calibration(tmp_path, {**CONTENT, "photos": 13})
    assert add_calibration(tmp_path, CONTENT) == first
    assert read_calibrations(tmp_path) == (second, first)


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value.update(format="something else"),
        lambda value: value.update(format_version=99),
        lambda value: value["calibrations"][0]["calibration"].update(photos=99),
        lambda value: value["calibrations"][0].pop("sha256"),
        lambda value: value.pop("calibrations"),
    ],
)
def test_a_changed_file_is_refused_and_named(tmp_path: Path, damage: object) -> None:
    add_calibration(tmp_path, CONTENT)
    path = tmp_path / CALIBRATION_NAME
    value = json.loads(path.read_text())
    assert callable(damage)
    damage(value)
    path.write_text(json.dumps(value))
    with pytest.raises(PackError, match=CALIBRATION_NAME):
        read_calibrations(tmp_path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    add_calibration(tmp_path, CONTENT)
    path = tmp_path / CALIBRATION_NAME
    path.write_text(path.read_text()[:-20])
    with pytest.raises(PackError, match="damaged"):
        read_calibrations(tmp_path)
