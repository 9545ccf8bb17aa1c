"""Building packs from real small photos, with an extractor that needs no network."""

import csv
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.errors import OutputError, PackError, SourceError
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.projection import Projection, fit_projection
from geolocdesk.progress import Cancelled, Progress, ProgressCallback, ignore_progress
from geolocdesk.reference import build as build_module
from geolocdesk.reference.build import BuildOptions, BuildResult, partial_folder
from geolocdesk.reference.manifest import MANIFEST_NAME
from geolocdesk.reference.pack import open_pack, verify_pack
from geolocdesk.reference.sources import open_source
from geolocdesk.unavailable import Unavailable
from tests.doubles.extractor import HistogramExtractor
from tests.doubles.photo_tables import picture, write_photos
from tests.doubles.small_packs import NOW, build_small_pack


def build(
    table: Path,
    out: Path,
    *,
    extractor: HistogramExtractor | None = None,
    projection: DescriptorMap | None = None,
    options: BuildOptions | None = None,
    progress: ProgressCallback = ignore_progress,
) -> BuildResult:
    return build_small_pack(
        open_source(table),
        out,
        extractor=extractor,
        projection=projection,
        options=options,
        progress=progress,
    )


def descriptor_of(number: int) -> Descriptor:
    """Return what the double says of a photo as it is decoded from its file."""
    from geolocdesk.evidence.rendition import render

    extractor = HistogramExtractor()
    rendered = render(picture(number), extractor.rendition)
    return Descriptor(extractor.describe(rendered[np.newaxis])[0], extractor.identity.extractor_id)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    table = write_photos(
        folder / "photos",
        70,
        "absent.jpg,1,2,gone,,,\n0.jpg,1,2,id7,,,\nnote.jpg,1,2,note,,,\n1.jpg,95,2,far,,,\n",
    )
    (folder / "photos" / "note.jpg").write_text("this is no photo")
    result = build(table, folder / "pack")
    assert result.references == 70
    return folder / "pack"


def test_a_pack_finds_its_own_photos(built: Path) -> None:
    with open_pack(built) as pack:
        for number in (0, 33, 69):
            neighbours = pack.search(descriptor_of(number), 5)
            assert neighbours.items[0].reference.reference_id == f"id{number}"
            assert neighbours.items[0].distance < 0.05
            assert [item.rank for item in neighbours.items] == [1, 2, 3, 4, 5]
            assert neighbours.pack_id == pack.pack_id


def test_what_the_table_says_comes_with_the_neighbour(built: Path) -> None:
    with open_pack(built) as pack:
        reference = pack.search(descriptor_of(12), 1).items[0].reference
    assert (reference.position.latitude, reference.position.longitude) == (1.2, -1.2)
    assert (reference.place, reference.photographer, reference.licence) == ("p6", "ann0", "CC0")
    assert reference.url is Unavailable.NOT_AVAILABLE
    assert reference.file == "12.jpg"


def test_rejected_rows_are_listed_with_reasons(built: Path) -> None:
    with (built / "rejected.csv").open(newline="") as stream:
        rows = {row["file"] + row["row"]: row["reason"] for row in csv.DictReader(stream)}
    assert len(rows) == 4
    assert "not_found" in rows["absent.jpg70"]
    assert "another photo has the same id 'id7'" in rows["0.jpg71"]
    assert "unsupported_format" in rows["note.jpg72"]
    assert "out of range" in rows["1.jpg73"]


def test_thumbnails_are_small_jpegs(built: Path) -> None:
    from io import BytesIO

    with open_pack(built) as pack:
        thumbnail = pack.thumbnail(5)
    assert thumbnail is not None
    with Image.open(BytesIO(thumbnail)) as image:
        assert (image.format, image.size) == ("JPEG", (80, 64))


def test_the_manifest_says_what_made_the_pack(built: Path) -> None:
    value = json.loads((built / MANIFEST_NAME).read_text())
    assert value["counts"] == {"references": 70, "rejected": 4, "thumbnails": 70}
    assert value["created_at"] == NOW
    assert value["licences"] == {"CC0": 70}
    assert value["source"]["format"] == "csv"
    assert {file["name"] for file in value["files"]} == {
        path.name for path in built.iterdir() if path.name not in (MANIFEST_NAME, "verified.json")
    }


def test_positions_come_by_row(built: Path) -> None:
    with open_pack(built) as pack:
        positions = pack.positions()
        assert positions.shape == (70, 2)
        assert positions[31].tolist() == [3.1, -3.1]


def test_a_pack_refuses_descriptors_of_another_extractor(built: Path) -> None:
    other = HistogramExtractor(name="other")
    with open_pack(built) as pack, pytest.raises(PackError, match="cannot be searched"):
        pack.search(Descriptor(descriptor_of(0).vector.copy(), other.identity.extractor_id), 5)


def test_the_same_source_gives_the_same_pack_id(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 12)
    ids = []
    for name in ("a", "b"):
        build(table, tmp_path / name, options=BuildOptions(name="same"))
        with open_pack(tmp_path / name) as pack:
            ids.append(pack.pack_id)
    assert ids[0] == ids[1]


class StopAfter:
    """Cancels a build once so many photos are described."""

    def __init__(self, photos: int) -> None:
        self._photos = photos

    def __call__(self, progress: Progress) -> None:
        if progress.task == "Describing photos" and progress.done >= self._photos:
            raise Cancelled


def test_a_stopped_build_goes_on_without_describing_anything_twice(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 100)
    out = tmp_path / "pack"
    first, second = HistogramExtractor(), HistogramExtractor()
    with pytest.raises(Cancelled):
        build(table, out, extractor=first, progress=StopAfter(60))
    assert not out.exists()
    assert 0 < first.described < 100
    result = build(table, out, extractor=second, options=BuildOptions(resume=True))
    assert result.references == 100
    assert first.described + second.described == 100
    assert not partial_folder(out).exists()

    build(table, tmp_path / "whole", options=BuildOptions(name="pack"))
    with open_pack(out) as resumed, open_pack(tmp_path / "whole") as whole:
        assert resumed.manifest.files == whole.manifest.files


def test_a_tail_that_was_never_counted_is_cut_off(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 64)
    out = tmp_path / "pack"
    with pytest.raises(Cancelled):
        build(table, out, progress=StopAfter(32))
    (vectors,) = partial_folder(out).glob("*.f32")
    with vectors.open("ab") as stream:
        stream.write(b"\x7f" * 1234)
    build(table, out, options=BuildOptions(resume=True))
    with open_pack(out) as pack:
        for number in (0, 31, 32, 63):
            assert pack.search(descriptor_of(number), 1).items[0].reference.reference_id == f"id{number}"


def test_an_unfinished_build_is_neither_overwritten_nor_mixed(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 40)
    out = tmp_path / "pack"
    with pytest.raises(Cancelled):
        build(table, out, progress=StopAfter(1))
    with pytest.raises(PackError, match="--resume"):
        build(table, out)
    other = write_photos(tmp_path / "other", 3)
    with pytest.raises(PackError, match="started from another source"):
        build(other, out, options=BuildOptions(resume=True))


def test_an_existing_pack_is_never_overwritten(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 3)
    build(table, tmp_path / "pack")
    before = (tmp_path / "pack" / MANIFEST_NAME).read_bytes()
    with pytest.raises(PackError, match="already"):
        build(table, tmp_path / "pack", options=BuildOptions(resume=True))
    assert (tmp_path / "pack" / MANIFEST_NAME).read_bytes() == before


def test_a_run_killed_after_its_last_step_is_recognised_as_finished(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 4, "absent.jpg,1,2,gone,,,\n")
    out = tmp_path / "pack"
    built = build(table, out)
    partial_folder(out).mkdir()
    (partial_folder(out) / "left.f32").write_bytes(b"123")
    extractor = HistogramExtractor()
    assert build(table, out, extractor=extractor, options=BuildOptions(resume=True)) == built
    assert extractor.described == 0
    assert not partial_folder(out).exists()


def test_nothing_usable_is_an_error_that_says_why(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("file,latitude,longitude\nabsent.jpg,1,2\n")
    with pytest.raises(SourceError, match=r"None of the 1 photos of photos.csv.*absent.jpg"):
        build(table, tmp_path / "pack")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 3)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="pack"):
        build(table, tmp_path / "file" / "pack")


def test_a_folder_of_photos_takes_positions_from_exif(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 30.0, 0.0), 3: "E", 4: (151.0, 15.0, 0.0)})
    picture(1).save(folder / "sub" / "with.jpg", exif=exif)
    picture(2).save(folder / "without.jpg")
    result = build(folder, tmp_path / "pack")
    assert result.references == 1
    assert [row.reason for row in result.rejected] == ["no GPS position in its EXIF (not available)"]
    with open_pack(tmp_path / "pack") as pack:
        (reference,) = pack.metadata.all_photos()
    assert reference.file == "sub/with.jpg"
    assert (reference.position.latitude, reference.position.longitude) == pytest.approx((-33.5, 151.25))


def test_the_projection_is_fitted_stored_and_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a thousand photos would take long; the rule is the same for fifty
    monkeypatch.setattr(build_module, "MINIMUM_PHOTOS_FOR_PROJECTION", 50)
    monkeypatch.setattr(build_module, "fit_projection", _small_projection)
    table = write_photos(tmp_path / "photos", 60)
    build(table, tmp_path / "a", extractor=HistogramExtractor(takes_projection=True))
    with open_pack(tmp_path / "a") as first:
        projection = first.projection()
        assert projection is not None
        assert first.manifest.extractor["projection_sha256"] == projection.sha256
        assert first.manifest.dimension == projection.dimension == 16
        stored = first.vectors(np.arange(60, dtype=np.int64))
    raw = np.stack([_decoded(tmp_path / "photos" / f"{number}.jpg") for number in range(60)])
    np.testing.assert_allclose(stored, projection.apply(raw), atol=1e-5)

    other = write_photos(tmp_path / "few", 5)
    build(other, tmp_path / "b", extractor=HistogramExtractor(takes_projection=True), projection=projection)
    with open_pack(tmp_path / "b") as second:
        assert second.manifest.extractor_id == first.manifest.extractor_id


def test_only_the_sample_is_kept_unprojected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "MINIMUM_PHOTOS_FOR_PROJECTION", 20)
    monkeypatch.setattr(build_module, "PROJECTION_SAMPLE", 25)
    monkeypatch.setattr(build_module, "fit_projection", _small_projection)
    table = write_photos(tmp_path / "photos", 60)
    build(table, tmp_path / "pack", extractor=HistogramExtractor(takes_projection=True))
    with open_pack(tmp_path / "pack") as pack:
        projection = pack.projection()
        assert projection is not None
        assert projection.photos == 25
        stored = pack.vectors(np.arange(60, dtype=np.int64))
    raw = np.stack([_decoded(tmp_path / "photos" / f"{number}.jpg") for number in range(60)])
    np.testing.assert_allclose(stored, projection.apply(raw), atol=1e-5)


def test_few_photos_leave_the_projection_out(tmp_path: Path) -> None:
    table = write_photos(tmp_path / "photos", 5)
    build(table, tmp_path / "pack", extractor=HistogramExtractor(takes_projection=True))
    with open_pack(tmp_path / "pack") as pack:
        assert pack.projection() is None
        assert pack.manifest.extractor["projection_sha256"] is None


def _small_projection(vectors: np.ndarray) -> Projection:
    return fit_projection(vectors, dimension=16)


def _decoded(path: Path) -> np.ndarray:
    from geolocdesk.evidence.rendition import render

    extractor = HistogramExtractor()
    with Image.open(path) as image:
        rendered = render(image.convert("RGB"), extractor.rendition)
    vector: np.ndarray = extractor.describe(rendered[np.newaxis])[0]
    return vector


# What a pack refuses when it is opened, and what verifying finds


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(built, tmp_path / "copy"))


def test_an_intact_pack_verifies_and_says_when(copied: Path) -> None:
    with open_pack(copied) as pack:
        assert pack.last_verified() is Unavailable.NOT_AVAILABLE
    checks = list(verify_pack(copied, verified_at=NOW))
    assert {check.state for check in checks} == {"intact"}
    with open_pack(copied) as pack:
        assert pack.last_verified() == NOW


@pytest.mark.parametrize("name", ["index.faiss", "metadata.sqlite", "positions.npy", "thumbnails.sqlite"])
def test_a_flipped_bit_is_found_and_the_file_named(copied: Path, name: str) -> None:
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 0x10
    (copied / name).write_bytes(content)
    checks = {check.name: check.state for check in verify_pack(copied, verified_at=NOW)}
    assert checks.pop(name) == "changed"
    assert set(checks.values()) == {"intact"}
    assert not (copied / "verified.json").exists()


@pytest.mark.parametrize("name", ["index.faiss", "metadata.sqlite", "rejected.csv"])
def test_a_missing_or_shortened_file_is_refused_when_opening(copied: Path, name: str) -> None:
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(content[:-1])
    with pytest.raises(PackError, match=f"{name} has {len(content) - 1} bytes"):
        open_pack(copied)
    (copied / name).unlink()
    with pytest.raises(PackError, match=f"{name} is missing"):
        open_pack(copied)
    assert "missing" in {check.state for check in verify_pack(copied, verified_at=NOW)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: text.replace("geolocdesk reference pack", "something else"), "not the manifest"),
        (lambda text: text.replace('"format_version": 2', '"format_version": 99'), "format version 99"),
        (lambda text: text.replace('"references"', '"refs"'), "incomplete"),
        (lambda text: text.replace('"index.faiss"', '"../index.faiss"'), "incomplete"),
        (lambda _text: "[]", "not the manifest"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_sentence(
    copied: Path, change: Callable[[str], str], reason: str
) -> None:
    path = copied / MANIFEST_NAME
    path.write_text(change(path.read_text()))
    with pytest.raises(PackError, match=reason):
        open_pack(copied)


def test_a_folder_without_manifest_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="not a reference pack"):
        open_pack(tmp_path)


def test_another_manifest_is_another_pack(copied: Path, built: Path) -> None:
    with open_pack(copied) as pack:
        manifest = dataclasses.replace(pack.manifest, name="renamed")
    (copied / MANIFEST_NAME).write_bytes(manifest.to_bytes())
    with open_pack(copied) as renamed, open_pack(built) as original:
        assert renamed.pack_id != original.pack_id
