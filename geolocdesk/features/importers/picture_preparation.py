"""A preparation out of what libraries and model folders say about pictures."""

from collections.abc import Mapping
from typing import Any, cast, get_args

from geolocdesk.errors import ModelError
from geolocdesk.evidence.rendition import Rendition, Resample
from geolocdesk.features.fields import Fields
from geolocdesk.features.networks import PictureConfig
from geolocdesk.features.preparation import Normalisation, Preparation
from geolocdesk.provenance import JsonValue

_PILLOW_FILTERS: Mapping[int, Resample] = {1: "lanczos", 2: "bilinear", 3: "bicubic"}

_RESAMPLE, _FACTOR, _MODE = "resample", "rescale_factor", "resize_mode"


def preparation_of(config: PictureConfig) -> Preparation:
    """Return the preparation a library names. Raises ModelError where this program has none like it."""
    if config.resample not in get_args(Resample):
        message = f"{config.source} wants pictures resampled by “{config.resample}”, which this program does not have."
        raise ModelError(message)
    try:
        return Preparation(
            Rendition(
                short_side_px=config.resize_px,
                square_px=config.side_px,
                squash=config.squash,
                resample=cast("Resample", config.resample),
            ),
            Normalisation(_times_255(config.mean), _times_255(config.std)),
        )
    except ValueError as error:
        message = f"The preparation of {config.source} cannot be used: {error}."
        raise ModelError(message) from error


def described_preparation(prepared: Preparation) -> str:
    """Return a preparation in a few words for a reader."""
    rendition, normal = prepared.rendition, prepared.normalisation
    scaled = "both sides" if rendition.squash else "the short side"
    mean, scale = (
        ", ".join(f"{value:g}" for value in values)
        for values in ([round(v, 3) for v in normal.mean], [round(v, 3) for v in normal.scale])
    )
    first = (
        "the largest centred square" if rendition.crop_first else f"{scaled} to {rendition.short_side_px} px"
    )
    return (
        f"{first}, {rendition.resample}, cut to {rendition.square_px} px; {normal.channels} minus ({mean}), "
        f"divided by ({scale})"
    )


def transformers_config(
    preprocessor: Mapping[str, JsonValue], source: str, side_px: int | None
) -> PictureConfig:
    """Return what a ``preprocessor_config.json`` of transformers says. Raises ModelError."""
    fields = Fields(preprocessor, "preprocessor_config.json")
    side, resize, squash = _sizes(fields)
    if side_px is not None:
        side, resize = side_px, round(resize * side_px / side)
    code = preprocessor.get("resample", 3)
    if code not in _PILLOW_FILTERS:
        raise fields.fault(_RESAMPLE, f"is {code}, which this program does not have")
    plain = preprocessor.get("do_normalize", True) is False
    factor = preprocessor.get("rescale_factor", 1 / 255)
    if (
        not isinstance(factor, float)
        or abs(factor - 1 / 255) > 1e-6
        or preprocessor.get("do_rescale") is False
    ):
        raise fields.fault(_FACTOR, "is not 1/255")
    return PictureConfig(
        side,
        resize,
        squash,
        _PILLOW_FILTERS[cast("int", code)],
        (0.0, 0.0, 0.0) if plain else fields.triple("image_mean"),
        (1.0, 1.0, 1.0) if plain else fields.triple("image_std"),
        source,
    )


def _sizes(fields: Fields) -> tuple[int, int, bool]:
    """Return the side of the square, the side scaled to, and whether proportions are given up."""
    values = fields.values
    size = values.get("size", 224)
    cut = values.get("crop_size") if values.get("do_center_crop", "crop_size" in values) else None
    if isinstance(size, dict) and "shortest_edge" in size:
        short = Fields(size, "size").count("shortest_edge")
        return (_square(fields, "crop_size") if cut is not None else short), short, False
    whole = _square(fields, "size") if isinstance(size, dict) else fields.count("size")
    if isinstance(size, int) and cut is not None:  # older files: a whole number means the short side
        return _square(fields, "crop_size"), whole, False
    return (_square(fields, "crop_size") if cut is not None else whole), whole, True


def _square(fields: Fields, name: str) -> int:
    value = fields.values[name]
    if not isinstance(value, dict):
        return fields.count(name)
    sides = Fields(value, name)
    if sides.count("height") != sides.count("width"):
        raise fields.fault(name, "is no square")
    return sides.count("height")


def open_clip_config(value: Mapping[str, Any], side_px: int, source: str) -> PictureConfig:
    """Return what the ``preprocess_cfg`` of an ``open_clip_config.json`` says. Raises ModelError."""
    fields = Fields(value, "preprocess_cfg")
    mode = str(value.get("resize_mode", "shortest"))
    if mode not in {"shortest", "squash"}:
        raise fields.fault(_MODE, "is one this program does not have")
    return PictureConfig(
        side_px,
        side_px,
        mode == "squash",
        str(value.get("interpolation", "bicubic")),
        fields.triple("mean"),
        fields.triple("std"),
        source,
    )


def _times_255(values: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (round(255.0 * value, 6) for value in values)
    return (red, green, blue)
