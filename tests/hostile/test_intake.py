"""Files that broke parsers and decoders elsewhere, and the real photos, all through the intake."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from geographiclib.geodesic import Geodesic
from PIL import Image

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.decoder import Decoder
from geolocdesk.evidence.intake import Intake, TakenIn, expand_paths
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.geodesy import Position

NOW = "2026-01-02T03:04:05Z"
SQUARE = Rendition(short_side_px=224, square_px=224)
THUMBNAIL = Rendition(long_side_px=320, jpeg_scaling=True, encoding="jpeg")
DELIBERATE = frozenset({"unsupported_format", "damaged", "too_many_pixels"})
"""Failures by which the decoding process says no and lives on."""

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    with Intake(workers=2) as opened:
        yield opened


@pytest.mark.parametrize(("folder", "count"), [("metadata", 500), ("decoders", 100)])
def test_hostile_files_are_taken_in_or_refused_and_nothing_breaks(
    shared_folder: Path, intake: Intake, folder: str, count: int
) -> None:
    paths = sorted(path for path in (shared_folder / "hostile" / folder).rglob("*") if path.is_file())
    assert len(paths) == count
    sha256 = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    # after the test's own reading, which changes the time of access
    before = {path: path.stat() for path in paths}
    results = list(intake.take_in_all(paths, [SQUARE, THUMBNAIL], clock=lambda: NOW))
    for path, result in zip(paths, results, strict=True):
        if isinstance(result, TakenIn):
            assert result.record.path == path
            assert result.record.sha256 == sha256[path]
            assert result.pictures[0].shape == (224, 224, 3)
            continue
        assert result.path == path
        assert path.name in result.message
        assert result.message.isprintable()
    kinds = Counter(result.kind for result in results if isinstance(result, EvidenceError))
    assert set(kinds) <= DELIBERATE, kinds
    assert {path: path.stat() for path in paths} == before


def test_hostile_files_are_refused_by_the_process_that_lives_on(
    shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths: list[Path] = []
    explain = Decoder._explain_end

    def note(decoder: Decoder, process: object, path: Path, doing: str) -> EvidenceError:
        deaths.append(path)
        return explain(decoder, process, path, doing)  # type: ignore[arg-type]

    monkeypatch.setattr(Decoder, "_explain_end", note)
    paths = sorted((shared_folder / "hostile" / "decoders").iterdir())
    with Intake() as fresh:
        assert len(list(fresh.take_in_all(paths, [], clock=lambda: NOW))) == 100
        (decoder,) = fresh._decoders
        assert decoder._process is not None
        assert not decoder._process.ended
    assert deaths == []


def test_hostile_bytes_in_the_place_of_metadata_never_cost_the_photo(
    shared_folder: Path, intake: Intake, tmp_path: Path
) -> None:
    stream = io.BytesIO()
    Image.linear_gradient("L").save(stream, "JPEG")
    photo = stream.getvalue()
    carriers: list[Path] = []
    for number, path in enumerate(sorted((shared_folder / "hostile" / "metadata").rglob("*"))):
        block = b"Exif\0\0" + (b"II*\0" if number % 2 else b"MM\0*") + path.read_bytes()[4:65_000]
        segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
        carriers.append(tmp_path / f"{number}.jpg")
        carriers[-1].write_bytes(photo[:2] + segment + photo[2:])
    results = list(intake.take_in_all(carriers, [SQUARE], clock=lambda: NOW))
    assert len(results) == 500
    for result in results:
        assert isinstance(result, TakenIn), result
        assert result.record.exif.remark.isprintable()


def test_real_photos_are_taken_in_and_their_gps_is_where_they_were_taken(
    shared_folder: Path, intake: Intake
) -> None:
    with (shared_folder / "photos" / "clean.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 122
    paths = [shared_folder / "photos" / row["file"] for row in rows]
    with_gps = 0
    for row, taken in zip(rows, intake.take_in_all(paths, [SQUARE], clock=lambda: NOW), strict=True):
        assert isinstance(taken, TakenIn), taken
        assert taken.record.remarks == ()
        claimed = taken.record.exif.position
        if isinstance(claimed, Position):
            with_gps += 1
            distance_m = Geodesic.WGS84.Inverse(
                claimed.latitude, claimed.longitude, float(row["latitude"]), float(row["longitude"])
            )["s12"]
            assert distance_m < 100, row["file"]
    assert with_gps == 91


def test_folders_of_real_photos_are_expanded_whole(shared_folder: Path) -> None:
    found = list(expand_paths([shared_folder / "photos" / "clean"]))
    assert found == sorted((shared_folder / "photos" / "clean").iterdir())
