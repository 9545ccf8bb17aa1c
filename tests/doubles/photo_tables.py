"""Small photos that differ, with the table that lists them."""

from pathlib import Path

import numpy as np
from PIL import Image


def picture(number: int, size: tuple[int, int] = (80, 64)) -> Image.Image:
    generator = np.random.default_rng(number)
    coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR)


def write_photos(folder: Path, count: int, extra_rows: str = "", *, first: int = 0) -> Path:
    """Write photos, numbered from ``first``, and the table that lists them; return the table."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,latitude,longitude,id,place,photographer,licence"]
    for number in range(first, first + count):
        picture(number).save(folder / f"{number}.jpg", quality=92)
        lines.append(
            f"{number}.jpg,{number / 10},{-number / 10},id{number},p{number // 2},ann{number % 3},CC0"
        )
    table = folder / "photos.csv"
    table.write_text("\n".join(lines) + "\n" + extra_rows)
    return table
