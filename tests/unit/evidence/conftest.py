"""Photos made on the spot, and an intake to take them in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geolocdesk.evidence.intake import Intake

DrawScene = Callable[..., Image.Image]
SavePhoto = Callable[..., Path]


@pytest.fixture(scope="session")
def draw_scene() -> DrawScene:
    """Return a function that draws a picture which no turn, mirroring or shift leaves the same."""

    def draw(width: int = 120, height: int = 80) -> Image.Image:
        across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
        texture = np.random.default_rng(7).normal(0, 6, (height, width))
        bands = np.stack((across, down, np.where(across > down, 200, 40)), axis=2) + texture[..., None]
        return Image.fromarray(np.clip(bands, 0, 255).astype(np.uint8))

    return draw


@pytest.fixture
def save_photo(tmp_path: Path, draw_scene: DrawScene) -> SavePhoto:
    """Return a function that saves a picture under a name in a folder of the test's own."""

    def save(name: str = "photo.jpg", image: Image.Image | None = None, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (image or draw_scene()).save(path, **options)  # type: ignore[arg-type]  # Pillow's own options
        return path

    return save


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    """Return an intake with one decoding process."""
    with Intake() as opened:
        yield opened
