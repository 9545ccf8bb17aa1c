"""Packs built from descriptors as Vo, Jacobs and Hays released them."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from geolocdesk.cli.commands import run
from geolocdesk.errors import PackError, SourceError, UsageError
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model
from geolocdesk.features.projection import fit_projection
from geolocdesk.geodesy import Position
from geolocdesk.progress import Cancelled, Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.build import BuildOptions, BuildResult, partial_folder
from geolocdesk.reference.build_described import build_described_pack
from geolocdesk.reference.pack import open_pack, verify_pack
from geolocdesk.reference.sources import im2gps_mat, matlab73, open_described_source
from geolocdesk.reference.sources.flickr import flickr_photo
from geolocdesk.reference.sources.im2gps_mat import Im2gpsMatSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.unavailable import Unavailable
from tests.doubles.extractor import HistogramExtractor
from tests.unit.reference.mat_writer import WRITERS, Writer, write_mat

D = HistogramExtractor().dimension
NOW = "2026-01-02T03:04:05+00:00"


def features(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return a descriptor as a network would make it, of no particular length."""
    return np.abs(np.random.default_rng(number).standard_normal((D, 1))).astype(np.float32) * (number + 1)


def rows(numbers: range) -> dict[str, Sequence[object]]:
    return {
        "file_ids": [f"{1000 + n}_0123456789_{n}_{n}@N00.jpg" for n in numbers],
        "file_features": [features(n) for n in numbers],
        "file_gps": [np.array([[n / 2, -n / 3]]) for n in numbers],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of three files of ten rows, one of each kind of MATLAB file."""
    folder = tmp_path / "im2gps"
    folder.mkdir()
    for index, writer in enumerate(WRITERS):
        write_mat(folder / f"part{index}.mat", writer, rows(range(10 * index, 10 * index + 10)))
    return folder


def build(
    folder: Path, out: Path, *, resume: bool = False, progress: ProgressCallback = ignore_progress
) -> BuildResult:
    return build_described_pack(
        Im2gpsMatSource(folder),
        out,
        extractor=HistogramExtractor(),
        model=find_model(DEFAULT_MODEL),
        projection=None,
        clock=lambda: NOW,
        options=BuildOptions(resume=resume),
        progress=progress,
    )


def rejections(out: Path) -> list[tuple[str, str]]:
    with (out / "rejected.csv").open(encoding="utf-8", newline="") as stream:
        return [(row["file"], row["reason"]) for row in csv.DictReader(stream)]


def test_every_row_becomes_a_reference(folder: Path, tmp_path: Path) -> None:
    result = build(folder, tmp_path / "pack")
    assert (result.references, result.rejected) == (30, ())
    assert all(check.state == "intact" for check in verify_pack(tmp_path / "pack", verified_at=NOW))
    with open_pack(tmp_path / "pack") as pack:
        lengths = [float(np.linalg.norm(features(n).astype(np.float64))) for n in range(30)]
        wanted = np.stack([features(n)[:, 0] / length for n, length in enumerate(lengths)])
        np.testing.assert_allclose(pack.vectors(np.arange(30)), wanted, atol=1e-6)
        np.testing.assert_allclose(pack.positions(), [(n / 2, -n / 3) for n in range(30)])
        photo = pack.metadata.photos([12])[0]
    assert (photo.reference_id, photo.file) == ("1012_0123456789_12_12@N00.jpg", "part1.mat#3")
    assert photo.url == "https://www.flickr.com/photos/12@N00/1012/"
    assert photo.photographer == "12@N00"
    assert photo.licence is Unavailable.NOT_AVAILABLE


def test_the_pack_says_what_it_is_of(folder: Path, tmp_path: Path) -> None:
    build(folder, tmp_path / "pack")
    with open_pack(tmp_path / "pack") as pack:
        assert pack.manifest.extractor_id == HistogramExtractor().identity.extractor_id
        assert pack.manifest.thumbnails == 0
        assert pack.manifest.source["format"] == "im2gps-mat"
        assert pack.manifest.source["files"] == 3


def test_a_query_finds_its_own_descriptor(folder: Path, tmp_path: Path) -> None:
    build(folder, tmp_path / "pack")
    query = features(17)[:, 0].astype(np.float64)
    unit = (query / np.linalg.norm(query)).astype(np.float32)
    descriptor = Descriptor(unit, HistogramExtractor().identity.extractor_id)
    with open_pack(tmp_path / "pack") as pack:
        nearest = pack.search(descriptor, 3).items[0]
    assert nearest.reference.row == 17
    assert nearest.distance < 1e-6


def broken_rows() -> dict[str, Sequence[object]]:
    good = rows(range(9))
    ids, numbers, gps = (list(good[name]) for name in ("file_ids", "file_features", "file_gps"))
    ids[1] = np.array([[5.0]])
    gps[2] = np.array([[48.0]])
    gps[3] = np.array([[90.5, 0.0]])
    gps[4] = np.array([[np.nan, 0.0]])
    numbers[5] = np.ones((D - 1, 1))
    numbers[6] = np.full((D, 1), np.inf)
    numbers[7] = np.zeros((D, 1))
    ids[8] = ids[0]
    return {"file_ids": ids, "file_features": numbers, "file_gps": gps}


@pytest.mark.parametrize("writer", WRITERS)
def test_unusable_rows_are_listed_with_their_reason(tmp_path: Path, writer: Writer) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    write_mat(folder / "a.mat", writer, broken_rows())
    result = build(folder, tmp_path / "pack")
    assert result.references == 1
    listed = rejections(tmp_path / "pack")
    assert [file.split(" ")[0] for file, _ in listed] == [f"a.mat#{n}" for n in range(2, 10)]
    wanted = ("no text", "not two numbers", "out of range", "out of range", "numbers; the model makes")
    for (_, reason), expected in zip(
        listed, (*wanted, "not finite", "all zeros", "the same id"), strict=True
    ):
        assert expected in reason


def test_an_empty_position_is_not_null_island(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    for writer in WRITERS:
        variables = rows(range(2))
        variables["file_gps"] = [np.empty((0, 0)), np.array([[1.0, 2.0]])]
        write_mat(folder / "a.mat", writer, variables)
        source = Im2gpsMatSource(folder)
        (block,) = source.described(D)
        assert [row.position for row in block.rows] == [Position(1.0, 2.0)]
        assert "not two numbers" in block.rejected[0].rejected


def test_files_that_cannot_be_used_are_listed_and_the_others_taken(folder: Path, tmp_path: Path) -> None:
    (folder / "empty.mat").write_bytes(b"")
    write_mat(folder / "lacking.mat", "v7", {"file_ids": ["a"], "file_gps": [np.ones((1, 2))]})
    uneven = rows(range(40, 42))
    write_mat(folder / "uneven.mat", "v7", {**uneven, "file_ids": ["a"]})
    content = (folder / "part0.mat").read_bytes()
    (folder / "cut.mat").write_bytes(content[: len(content) // 2])
    result = build(folder, tmp_path / "pack")
    assert result.references == 30
    reasons = dict(rejections(tmp_path / "pack"))
    assert set(reasons) == {"empty.mat", "lacking.mat", "uneven.mat", "cut.mat"}
    assert "no MATLAB file" in reasons["empty.mat"]
    assert "lacks the cell array file_features" in reasons["lacking.mat"]
    assert "differ in length (file_ids 1, file_features 2, file_gps 2)" in reasons["uneven.mat"]
    assert "shorter than it says" in reasons["cut.mat"]


def test_rows_before_the_damage_are_kept(folder: Path, tmp_path: Path) -> None:
    path = folder / "part0.mat"
    content = bytearray(path.read_bytes())
    last = content.rindex(features(7).tobytes())
    content[last - 56 : last - 24] = b"\xff" * 32  # the array's own head, before its numbers
    path.write_bytes(content)
    result = build(folder, tmp_path / "pack")
    assert result.references == 20 + 7
    ((file, reason),) = rejections(tmp_path / "pack")
    assert file == "part0.mat#8"
    assert "those after it in the file are lost" in reason


def test_an_interrupted_build_goes_on_and_ends_as_one_that_was_not(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(im2gps_mat, "_BLOCK", 4)
    build(folder, tmp_path / "whole" / "pack")

    def stop(progress: Progress) -> None:
        if progress.done >= 14:
            raise Cancelled

    out = tmp_path / "stopped" / "pack"
    with pytest.raises(Cancelled):
        build(folder, out, progress=stop)
    assert partial_folder(out).is_dir()
    with pytest.raises(PackError, match="--resume"):
        build(folder, out)
    reports: list[Progress] = []
    assert build(folder, out, resume=True, progress=reports.append).references == 30
    assert reports[0].done >= 14
    with open_pack(tmp_path / "whole" / "pack") as whole, open_pack(out) as resumed:
        assert whole.pack_id == resumed.pack_id


def test_another_folder_does_not_go_on_with_the_build(folder: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(folder, tmp_path / "pack", progress=stop)
    (folder / "part0.mat").unlink()
    with pytest.raises(PackError, match="another source"):
        build(folder, tmp_path / "pack", resume=True)


def test_no_usable_row_at_all_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "a.mat").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"the first: a\.mat: .*no MATLAB file"):
        build(folder, tmp_path / "pack")


def test_a_model_with_a_projection_is_refused(folder: Path, tmp_path: Path) -> None:
    sample = np.random.default_rng(1).standard_normal((1200, D)).astype(np.float32)
    with pytest.raises(PackError, match="has a projection"):
        build_described_pack(
            Im2gpsMatSource(folder),
            tmp_path / "pack",
            extractor=HistogramExtractor(),
            model=find_model(DEFAULT_MODEL),
            projection=fit_projection(sample),
            clock=lambda: NOW,
        )


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no \.mat file"):
        Im2gpsMatSource(tmp_path)
    with pytest.raises(SourceError, match="not a folder"):
        Im2gpsMatSource(tmp_path / "absent")


def test_a_selection_is_wrong_usage(folder: Path) -> None:
    with pytest.raises(UsageError, match="--where"):
        open_described_source(folder, "im2gps-mat", Selection.parse(["a=b"]))


def test_without_h5py_the_error_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(SourceError, match=r"geolocdesk\[mat\]"):
        Im2gpsMatSource(folder)
    with pytest.raises(SourceError):
        matlab73.require_h5py()
    (folder / "part2.mat").unlink()
    assert Im2gpsMatSource(folder).count() == 20


def test_without_a_model_the_command_refuses(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["reference", "build", str(folder), "--format", "im2gps-mat", "--out", str(tmp_path / "pack")])
    assert code == 2
    assert "--model" in capsys.readouterr().err
    assert not (tmp_path / "pack").exists()


def test_the_command_builds_with_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "default-model"
    folder.mkdir()
    variables = rows(range(3))
    variables["file_features"] = [np.random.default_rng(n).random((1504, 1)) for n in range(3)]
    write_mat(folder / "a.mat", "v7", variables)
    out = tmp_path / "pack"
    arguments = ["reference", "build", str(folder), "--format", "im2gps-mat", "--out", str(out)]
    assert run([*arguments, "--model", DEFAULT_MODEL, "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["references"] == 3


@pytest.mark.parametrize(
    ("reference_id", "url", "photographer"),
    [
        (
            "a/b/104123223_7410c654ba_19_43355249@N00.jpg",
            "https://www.flickr.com/photos/43355249@N00/104123223/",
            "43355249@N00",
        ),
        ("104123223_7410c654ba_b.JPG", "https://www.flickr.com/photo.gne?id=104123223", None),
        ("104123223_7410c654ba", "https://www.flickr.com/photo.gne?id=104123223", None),
        ("104123223", None, None),
        ("IMG_0123.jpg", None, None),
        ("104123223_7410c654ba_19_43355249@N00?x=1", None, None),
        ("104123223_7410c654ba_19_43355249@N00/../evil", None, None),
    ],
)
def test_links_are_made_of_ids_in_flickrs_forms_only(
    reference_id: str, url: str | None, photographer: str | None
) -> None:
    told = flickr_photo(reference_id)
    assert told.url == (url or Unavailable.NOT_AVAILABLE)
    assert told.photographer == (photographer or Unavailable.NOT_AVAILABLE)
