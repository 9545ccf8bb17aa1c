"""Copies among descriptors, against comparing every pair."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.progress import ignore_progress
from geolocdesk.reference import near_duplicates as near_duplicates_module
from geolocdesk.reference.copy_distance import COPY_SHARE, copy_distance
from geolocdesk.reference.near_duplicates import Copy, CopySearch
from geolocdesk.reference.picture_match import SAME_PICTURE, correlation


def descriptors(count: int, copies: int, seed: int) -> np.ndarray:
    """Return unit vectors; the last ``copies`` are some of the others, moved a little."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(count, 32))
    of = generator.integers(0, count - copies, copies)
    vectors[count - copies :] = vectors[of] + generator.normal(size=(copies, 32)) * 0.2
    vectors = vectors[generator.permutation(count)]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def by_every_pair(vectors: np.ndarray, distance: float, *, drop: bool) -> list[tuple[int, int]]:
    wide = vectors.astype(np.float64)
    kept: list[int] = []
    found = []
    for row in range(len(wide)):
        apart = np.linalg.norm(wide[kept] - wide[row], axis=1)
        if len(apart) and apart.min() <= distance:
            found.append((row, kept[int(apart.argmin())]))
            if drop:
                continue
        kept.append(row)
    return found


def pairs(copies: tuple[Copy, ...]) -> list[tuple[int, int]]:
    return [(copy.row, copy.of_row) for copy in copies]


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("how", ["compared", "searched"])
def test_every_copy_is_found(drop: bool, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates_module, "_BLOCK", 64)
    if how == "searched":
        monkeypatch.setattr(near_duplicates_module, "EXACT_UP_TO", 100)
    vectors = descriptors(500, 120, 3)
    distance = 0.45
    wanted = by_every_pair(vectors, distance, drop=drop)
    assert len(wanted) > 90
    found = CopySearch(vectors, {}, distance, drop).find(tmp_path, ignore_progress)
    assert pairs(found) == wanted
    assert {copy.dropped for copy in found} == {drop}
    assert all(0.0 < copy.distance <= distance for copy in found)
    assert list(tmp_path.iterdir()) == []


def test_the_same_file_is_a_copy_whatever_its_descriptor(tmp_path: Path) -> None:
    vectors = descriptors(10, 0, 1)
    found = CopySearch(vectors, {7: 2}, 0.0, drop=True).find(tmp_path, ignore_progress)
    assert pairs(found) == [(7, 2)]
    assert found[0].same_file


def test_a_placeholder_that_comes_very_often_needs_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates_module, "_BLOCK", 64)
    monkeypatch.setattr(near_duplicates_module, "_LISTED", 5)
    vectors = np.repeat(descriptors(1, 0, 1), 400, axis=0)
    nearby = near_duplicates_module._earlier_nearby(
        vectors, near_duplicates_module._Reach(0.1, 0.2), tmp_path, ignore_progress
    )
    # the first five of all, and the nearest three of each of seven blocks
    assert max(len(earlier) for _, earlier in nearby) <= 5 + 3 * 7
    found = CopySearch(vectors, {}, 0.1, drop=True).find(tmp_path, ignore_progress)
    assert pairs(found) == [(row, 0) for row in range(1, 400)]


def test_small_pictures_decide_beyond_the_distance(tmp_path: Path) -> None:
    vectors = descriptors(60, 0, 2)
    near = vectors[3] + 0.1 * vectors[4]
    vectors[50] = near / np.linalg.norm(near)
    distance = 0.6 * float(np.linalg.norm(vectors[50] - vectors[3]))
    pictures = [jpeg(number) for number in range(60)]
    assert (
        CopySearch(vectors, {}, distance, False, pictures.__getitem__).find(tmp_path, ignore_progress) == ()
    )
    pictures[50] = jpeg(3, crop=0.88, width=250)
    (copy,) = CopySearch(vectors, {}, distance, False, pictures.__getitem__).find(tmp_path, ignore_progress)
    assert (copy.row, copy.of_row) == (50, 3)
    assert copy.correlation is not None
    assert copy.correlation >= SAME_PICTURE


def jpeg(number: int, crop: float = 1.0, width: int = 320) -> bytes:
    """Return a small picture; with ``crop`` so much of it, from a little right of and below its corner."""
    coarse = np.random.default_rng(number).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
    left, top = round(320 * (1 - crop) * 0.6), round(240 * (1 - crop) * 0.3)
    image = image.crop((left, top, left + round(320 * crop), top + round(240 * crop)))
    stream = io.BytesIO()
    image.resize((width, width * 3 // 4)).save(stream, "JPEG", quality=60)
    return stream.getvalue()


@pytest.mark.parametrize(("crop", "width"), [(1.0, 200), (0.97, 320), (0.9, 300), (0.83, 240)])
def test_a_part_of_a_picture_is_known_for_one(crop: float, width: int) -> None:
    assert correlation(jpeg(1), jpeg(1, crop, width)) >= SAME_PICTURE
    assert correlation(jpeg(1, crop, width), jpeg(1)) >= SAME_PICTURE
    assert correlation(jpeg(2), jpeg(1, crop, width)) < 0.8


def test_what_is_no_picture_matches_nothing() -> None:
    flat = io.BytesIO()
    Image.new("RGB", (320, 240), (90, 90, 90)).save(flat, "JPEG")
    assert correlation(b"no picture", jpeg(1)) == -1.0
    assert correlation(flat.getvalue(), flat.getvalue()) < 0.5
    assert correlation(jpeg(1)[:200], jpeg(1)) == -1.0


def test_the_distance_is_a_share_of_that_between_unrelated_photos() -> None:
    vectors = descriptors(2000, 0, 5)
    wide = vectors.astype(np.float64)
    expected = np.median(np.linalg.norm(wide[:1000] - wide[1000:], axis=1))
    assert copy_distance(2000, lambda rows: vectors[rows]) == pytest.approx(COPY_SHARE * expected, rel=0.02)
    assert copy_distance(1, lambda rows: vectors[rows]) == 0.0
