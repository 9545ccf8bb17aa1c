"""The whole window with the real map, from a process of its own."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import create_case
from geolocdesk.paths import HOME_VARIABLE
from tests.conftest import REPOSITORY
from tests.doubles.analyses import FIJI, make_analysis, make_picture

_TAKE = """
import sys
from pathlib import Path
from geolocdesk.gui.application import run_window

if __name__ == "__main__":
    sys.exit(run_window(case=Path(sys.argv[1]) if sys.argv[1] else None, screenshot=Path(sys.argv[2])))
"""


def take(tmp_path: Path, case: str, picture: Path | None = None) -> "subprocess.CompletedProcess[str]":
    script = tmp_path / "take.py"
    script.write_text(_TAKE)
    environment = {
        **os.environ,
        HOME_VARIABLE: str(tmp_path / "home"),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(REPOSITORY),
        "QTWEBENGINE_CHROMIUM_FLAGS": "--disable-gpu",
    }
    return subprocess.run(
        [sys.executable, str(script), case, str(picture or tmp_path / "window.png")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def colours_in(picture: Path, box: tuple[int, int, int, int]) -> int:
    pixels = np.asarray(Image.open(picture).convert("RGB").crop(box)).reshape(-1, 3)
    return len(np.unique(pixels, axis=0))


def test_a_finished_case_is_drawn_with_its_map(tmp_path: Path) -> None:
    path = tmp_path / "harbour.gldcase"
    details = CaseDetails(title="Harbour", examiner="A. Examiner")
    photo = tmp_path / "IMG_0001.jpg"
    photo.write_bytes(make_picture())
    with create_case(path, details, actor="A. Examiner", clock=lambda: datetime.now(UTC)) as case:
        case.record_analysis(make_analysis(FIJI, path=photo))
    taken = take(tmp_path, str(path))
    assert taken.returncode == 0, taken.stderr
    with Image.open(tmp_path / "window.png") as picture:
        width, height = picture.size
    assert (width, height) == (1480, 920)
    # the map is not an empty page: a drawn one has many shades
    assert colours_in(tmp_path / "window.png", (width * 2 // 3, 130, width - 20, height // 2)) > 200


def test_a_first_start_is_drawn_without_a_case(tmp_path: Path) -> None:
    taken = take(tmp_path, "")
    assert taken.returncode == 0, taken.stderr
    assert colours_in(tmp_path / "window.png", (200, 250, 1200, 700)) > 20


def test_a_case_that_is_not_there_fails(tmp_path: Path) -> None:
    taken = take(tmp_path, str(tmp_path / "nowhere.gldcase"))
    assert taken.returncode == 1


def test_a_picture_that_cannot_be_saved_fails_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    taken = take(tmp_path, "", tmp_path / "file" / "window.png")
    assert taken.returncode == 1
    assert "could not be saved" in (tmp_path / "home" / "cache" / "geolocdesk.log").read_text(
        encoding="utf-8"
    )
