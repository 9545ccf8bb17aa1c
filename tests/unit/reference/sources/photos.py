"""Small photos as bytes, for sources that hold them in some way."""

import io

import numpy as np
from PIL import Image


def jpeg(number: int) -> bytes:
    """Return a small photo that is different for every number."""
    generator = np.random.default_rng(number)
    coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((80, 64), Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def jpeg_with_gps(number: int, latitude: int, longitude: int) -> bytes:
    """Return a photo whose EXIF states whole degrees north and east."""
    exif = Image.Exif()
    exif[0x8825] = {
        1: "N",
        2: (float(latitude), 0.0, 0.0),
        3: "E",
        4: (float(longitude), 0.0, 0.0),
    }
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(jpeg(number))) as image:
        image.save(buffer, "JPEG", quality=92, exif=exif)
    return buffer.getvalue()
