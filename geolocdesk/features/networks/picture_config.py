"""How timm and torchvision say pictures are prepared for their networks."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from geolocdesk.errors import ModelError
from geolocdesk.features.networks.timm_network import check_timm_name


@dataclass(frozen=True, slots=True)
class PictureConfig:
    """A preparation in a library's own terms: scale, cut, then subtract and divide values of 0 to 1."""

    side_px: int
    resize_px: int
    squash: bool
    """Whether both sides become ``resize_px``, instead of the short one."""
    resample: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str
    """Who says so, in words."""


def timm_picture_config(name: str, tag: str, side_px: int | None) -> PictureConfig:
    """Return what the installed timm has on record for a network, with the weights' ``tag`` where there is one.

    Raises ModelError where it has no such tag, or a preparation that cannot be done here.
    """
    import timm

    check_timm_name(name)
    found = timm.get_pretrained_cfg(f"{name}.{tag}" if tag else name)
    if found is None or (tag and found.tag != tag):
        known = [one.partition(".")[2] for one in timm.list_pretrained(f"{name}.*")]
        message = f"The installed timm knows no weights “{name}.{tag}”; it knows {', '.join(known) or 'none of this name'}."
        raise ModelError(message)
    full = f"{name}.{found.tag}" if found.tag else name
    source = f"timm {timm.__version__}'s for {full}"
    return picture_config_of(asdict(found), source, side_px)


def picture_config_of(config: Mapping[str, Any], source: str, side_px: int | None = None) -> PictureConfig:
    """Return the preparation in timm's words (``input_size``, ``crop_pct``, ``crop_mode`` …). Raises ModelError."""
    try:
        side = int(side_px or config["input_size"][-1])
        mode = str(config.get("crop_mode") or "center")
        share = float(config.get("crop_pct") or 0.875)
        resample = str(config.get("interpolation") or "bicubic")
        mean, std = (_triple(config[name]) for name in ("mean", "std"))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        message = f"The preparation of {source} cannot be read ({error!r})."
        raise ModelError(message) from error
    if mode not in {"center", "squash"} or not 0.1 <= share <= 1.0:
        message = (
            f"{source} wants pictures cut in a way this program does not have ({mode}, {share:g}); name another "
            "preparation."
        )
        raise ModelError(message)
    return PictureConfig(side, math.floor(side / share), mode == "squash", resample, mean, std, source)


def torchvision_picture_config(name: str, file_name: str) -> PictureConfig:
    """Return what torchvision documents for a network's weights, those of this file name or else its default ones."""
    import torchvision

    weights = torchvision.models.get_model_weights(name)
    chosen = next((one for one in weights if one.url.rpartition("/")[2] == file_name), weights.DEFAULT)
    preset = chosen.transforms()
    return PictureConfig(
        side_px=int(preset.crop_size[0]),
        resize_px=int(preset.resize_size[0]),
        squash=False,
        resample=str(preset.interpolation.value),
        mean=_triple(preset.mean),
        std=_triple(preset.std),
        source=f"torchvision {torchvision.__version__}'s for {chosen}",
    )


def _triple(values: Iterable[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return (red, green, blue)
