"""Pixels of every kind that photos come in, turned into eight-bit RGB.

Colour profiles of RGB and grey pictures are left out of account, as they are by the programs with which
reference descriptors have been computed. CMYK values mean nothing without a profile, so theirs is applied.
"""

import io

import numpy as np
from PIL import Image

_WHITE = (255, 255, 255)
_INTEGER_16_BIT = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})


def flatten(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Return a loaded image as RGB, and remarks on what had to be decided for that."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, ()
    if image.mode in _INTEGER_16_BIT:
        return _scale_16_bit(image), ("16-bit grey values were scaled down to 8 bits.",)
    if image.mode in {"I", "F"}:
        return _stretch(image)
    if image.mode == "CMYK":
        return _convert_cmyk(image)
    if image.mode == "La":  # Pillow converts it to nothing else
        image = image.convert("LA")
    if image.has_transparency_data:
        return _lay_on_white(image)
    return image.convert("RGB"), ()


def _lay_on_white(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    coloured = image.convert("RGBA")
    alpha = coloured.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return coloured.convert("RGB"), ()
    flat = Image.new("RGB", image.size, _WHITE)
    flat.paste(coloured, mask=alpha)
    return flat, ("Transparent parts were laid on white.",)


def _scale_16_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.uint32)
    values *= 255
    values += 32767
    values //= 65535
    return Image.fromarray(values.astype(np.uint8)).convert("RGB")


def _stretch(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    values -= np.float32(low)
    values *= np.float32(255.0 / (high - low) if high > low else 0.0)
    flat = Image.fromarray(np.rint(values).astype(np.uint8)).convert("RGB")
    return flat, (f"32-bit values from {low:g} to {high:g} were stretched to 8 bits.",)


def _convert_cmyk(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    profile = image.info.get("icc_profile")
    if profile:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted, ("CMYK colours were converted with the file's colour profile.",)
    return image.convert("RGB"), ("CMYK colours were converted without a colour profile.",)
