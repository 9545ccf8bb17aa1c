from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from geolocdesk.geodesy import Position
from geolocdesk.practice import drawing
from geolocdesk.practice.drawing import HEIGHT_PX, WIDTH_PX, draw_photo, write_mark
from geolocdesk.practice.look import Place
from geolocdesk.practice.photo_file import reshare


def place(latitude: float = 50.5, longitude: float = 10.0, month: int = 6, seed: int = 11) -> Place:
    moment = datetime(2024, month, 12, 13, 20)  # noqa: DTZ001 - solar time
    return Place("p001", Position(latitude, longitude), moment, 80.0, 30.0, seed, seed)


def test_the_same_arguments_give_the_same_pixels() -> None:
    first = draw_photo(place(), 110.0).tobytes()
    drawing._prepared.cache_clear()
    assert draw_photo(place(), 110.0).tobytes() == first


def test_a_photo_has_the_promised_size_and_something_to_see() -> None:
    photo = draw_photo(place(), 110.0)
    assert (photo.mode, photo.size) == ("RGB", (WIDTH_PX, HEIGHT_PX))
    pixels = np.asarray(photo, dtype=np.float64)
    assert pixels.std() > 25
    assert len({bytes(pixel) for pixel in np.asarray(photo).reshape(-1, 3)[::7]}) > 2000


def test_other_headings_and_other_seeds_show_other_pictures() -> None:
    pictures = [draw_photo(place(), 110.0), draw_photo(place(), 200.0), draw_photo(place(seed=12), 110.0)]
    arrays = [np.asarray(picture, dtype=np.float64) for picture in pictures]
    assert np.abs(arrays[0] - arrays[1]).mean() > 8
    assert np.abs(arrays[0] - arrays[2]).mean() > 8


@pytest.mark.parametrize(
    ("position", "month"),
    [((24.0, 10.0), 6), ((64.5, 40.0), 1), ((-4.0, -63.0), 3), ((1.5, 103.5), 8), ((64.9, -18.5), 7), ((-16.5, -68.2), 7),
     ((47.0, 104.0), 2), ((-54.8, -68.3), 1), ((69.6, 88.0), 12)],
)  # fmt: skip
def test_every_climate_can_be_drawn_in_every_direction(position: tuple[float, float], month: int) -> None:
    for heading in (0.0, 97.0, 181.0, 268.0, 360.0):
        pixels = np.asarray(draw_photo(place(*position, month), heading), dtype=np.float64)
        assert 25 < pixels.mean() < 235


def test_winter_in_the_north_is_white_and_the_desert_is_not_green() -> None:
    snow = np.asarray(draw_photo(place(62.0, 90.0, 1), 200.0), dtype=np.float64)[260:]
    desert = np.asarray(draw_photo(place(24.0, 10.0, 6), 200.0), dtype=np.float64)[260:]
    assert (snow.max(axis=2) - snow.min(axis=2)).mean() < 30
    assert desert[..., 0].mean() > desert[..., 1].mean() > desert[..., 2].mean() + 20


def test_the_mark_is_visible_and_stays_in_its_corner() -> None:
    plain = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (90, 110, 130))
    changed = np.asarray(write_mark(plain)) != np.asarray(plain)
    rows, columns, _ = np.nonzero(changed)
    assert rows.size > 300
    assert rows.min() > HEIGHT_PX * 0.94
    assert columns.min() > WIDTH_PX * 0.55
    brightest = np.asarray(write_mark(plain)).max()
    assert brightest > 180


def test_a_drawn_photo_carries_the_mark_and_a_copy_again(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = draw_photo(place(), 110.0)
    monkeypatch.setattr(drawing, "write_mark", lambda photo: photo)
    plain = draw_photo(place(), 110.0)
    rows, _, _ = np.nonzero(np.asarray(marked) != np.asarray(plain))
    assert rows.size > 300
    assert rows.min() > HEIGHT_PX * 0.94
    copied = np.asarray(reshare(Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (90, 110, 130)), 1))
    assert copied.max() > 180
    assert (copied != copied[0, 0]).any(axis=2).sum() > 60
