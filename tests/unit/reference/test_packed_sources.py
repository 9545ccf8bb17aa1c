"""A pack is the same whether its photos lie in a folder, in a ZIP or in tar shards; hostile containers cost only rows."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from geolocdesk.progress import Cancelled, Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.build import BuildOptions, BuildResult
from geolocdesk.reference.manifest import read_manifest
from geolocdesk.reference.pack import open_pack
from geolocdesk.reference.sources import open_source
from tests.doubles.small_packs import build_small_pack
from tests.unit.reference.sources.photos import jpeg, jpeg_with_gps

PHOTOS = 40


def build(
    source: Path, out: Path, *, resume: bool = False, progress: ProgressCallback = ignore_progress
) -> BuildResult:
    return build_small_pack(
        open_source(source),
        out,
        options=BuildOptions(name="pack", resume=resume),
        progress=progress,
    )


def contents(pack: Path) -> tuple[list[tuple[str, float, str]], np.ndarray]:
    """Return each photo's plain name, latitude and hash, and all descriptors."""
    with open_pack(pack) as opened:
        said = [
            (photo.reference_id.rpartition("/")[2].partition(".")[0], photo.position.latitude, sha256)
            for photo, sha256 in opened.metadata.all_with_hashes()
        ]
        assert all(opened.thumbnail(row) for row in range(opened.count))
        return said, opened.vectors(np.arange(opened.count, dtype=np.int64))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return photos with GPS in a folder, and beside it the same in other wrappings."""
    path = tmp_path_factory.mktemp("sources") / "folder"
    path.mkdir()
    for number in range(PHOTOS):
        (path / f"{number:03d}.jpg").write_bytes(jpeg_with_gps(number, number + 1, 2 * number))
    files = sorted(path.iterdir())
    with zipfile.ZipFile(path.parent / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"folder/{file.name}")
    for shard in range(3):
        with tarfile.open(path.parent / f"s-{shard}.tar", "w") as tar:
            for file in files[shard * 15 : shard * 15 + 15]:
                tar.add(file, file.name)
    return path


@pytest.mark.parametrize("wrapped", ["a.zip", "s-{0..2}.tar"])
def test_the_wrapping_of_photos_does_not_show_in_the_pack(folder: Path, tmp_path: Path, wrapped: str) -> None:
    build(folder, tmp_path / "plain")
    result = build(folder.parent / wrapped, tmp_path / "packed")
    assert (result.references, result.rejected) == (PHOTOS, ())
    plain, packed = contents(tmp_path / "plain"), contents(tmp_path / "packed")
    assert plain[0] == packed[0]
    assert len(plain[0]) == PHOTOS
    np.testing.assert_array_equal(plain[1], packed[1])


def test_a_stopped_build_from_shards_goes_on(folder: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.task == "Describing photos" and progress.done >= 32:
            raise Cancelled

    source = folder.parent / "s-{0..2}.tar"
    with pytest.raises(Cancelled):
        build(source, tmp_path / "pack", progress=stop)
    build(source, tmp_path / "pack", resume=True)
    build(source, tmp_path / "whole")
    assert read_manifest(tmp_path / "pack")[0] == read_manifest(tmp_path / "whole")[0]


def test_a_hostile_zip_costs_its_own_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.jpg", jpeg_with_gps(1, 1, 2))
        archive.writestr("bomb.jpg", bytes(64 << 20))
        archive.writestr("../../out.jpg", jpeg(2))
        archive.writestr("text.jpg", b"no photo")
        archive.writestr("empty.jpg", b"")
        archive.writestr("noposition.jpg", jpeg(3))
        archive.writestr("cut.jpg", jpeg_with_gps(4, 1, 2), zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"cut.jpg", 0, content.rindex(b"PK\1\2")) + 40
    content[at] ^= 0xFF  # in the stored photo, so that its checksum is wrong
    path.write_bytes(content)
    result = build(path, tmp_path / "pack")
    reasons = {row.file: row.reason for row in result.rejected}
    assert result.references == 1
    assert "unsupported_format" in reasons["bomb.jpg"]
    assert "leads out of the container" in reasons["../../out.jpg"]
    assert "unsupported_format" in reasons["text.jpg"]
    assert "empty" in reasons["empty.jpg"]
    assert "no GPS" in reasons["noposition.jpg"]
    assert "checksum" in reasons["cut.jpg"]
    assert not (tmp_path.parent / "out.jpg").exists()


def test_positions_in_descriptions_are_used_in_the_pack(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for name, content in (
            ("1.jpg", jpeg(1)),
            ("1.json", json.dumps({"lat": 55.5, "lon": 13.25}).encode()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    build(path, tmp_path / "pack")
    with open_pack(tmp_path / "pack") as pack:
        assert pack.positions().tolist() == [[55.5, 13.25]]
