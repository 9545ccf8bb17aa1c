"""Any image encoder in an ONNX file, with a small file that says how its pictures are prepared."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.evidence.rendition import Rendition, Resample
from geolocdesk.features.fields import Fields
from geolocdesk.features.importers.imported_model import (
    Imported,
    ImportedModel,
    ImportOptions,
    check_options,
    model_name,
    write_imported,
)
from geolocdesk.features.importers.onnx_file import check_onnx
from geolocdesk.features.networks import OnnxName
from geolocdesk.features.onnx_session import OnnxSession
from geolocdesk.features.pooling_words import parse_pooling
from geolocdesk.features.preparation import ChannelOrder, Normalisation, Preparation
from geolocdesk.features.weights import weights_at
from geolocdesk.provenance import JsonValue

_KNOWN = (
    "side_px",
    "resize_px",
    "fit",
    "resample",
    "channels",
    "values",
    "mean",
    "std",
    "layout",
    "output",
    "prefix_tokens",
)
_FITS = ("crop", "squash", "crop-first")
_LARGEST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class PreparationFile:
    """How pictures are prepared for an ONNX network, and what its output is."""

    preparation: Preparation
    layout: str
    """``NCHW`` or ``NHWC``."""
    output: int
    prefix_tokens: int


def import_onnx(source: Path, described: Path | None, out: Path, options: ImportOptions) -> Imported:
    """Write an ONNX network to a new model folder. Raises ModelError, OutputError or UsageError."""
    check_options(options)
    if described is None:
        message = (
            "An ONNX file does not say how its pictures are prepared; name a TOML or JSON file with side_px, mean and "
            "std with --preparation (the user guide describes it)."
        )
        raise UsageError(message)
    wanted = read_preparation_file(described)
    check_onnx(source)
    weights = weights_at(source)
    content = weights.read()
    name = OnnxName(wanted.output, wanted.layout, wanted.prefix_tokens)
    session = OnnxSession(content, source, wanted.output)
    shape = _trial(session, wanted, source)
    channels = shape[2] if len(shape) == 3 else shape[1]
    usual = {2: "own", 3: "cls" if wanted.prefix_tokens else "mean", 4: "mean"}[len(shape)]
    pooling = options.pooling or usual
    model = ImportedModel(
        architecture=str(name),
        weights={},
        network=content,
        preparation=wanted.preparation,
        pooling=parse_pooling(pooling, {"output": channels}),
        feature_maps={"output": channels},
        source=f"the ONNX network {source.name} (SHA-256 {weights.sha256})",
        remarks=(_remark(session, wanted, shape, pooling),),
    )
    return write_imported(out, model_name("onnx", source.stem), model, options)


def _remark(session: OnnxSession, wanted: PreparationFile, shape: tuple[int, ...], pooling: str) -> str:
    sizes = " × ".join(map(str, shape[1:]))
    name = session.output_names[wanted.output]
    return f"Network: output “{name}”, {sizes}, pooled by {pooling}; run by {session.version} on the CPU."


def _trial(session: OnnxSession, wanted: PreparationFile, source: Path) -> tuple[int, ...]:
    """Return the output's shape for one black picture."""
    side = wanted.preparation.side_px
    shape = (1, 3, side, side) if wanted.layout == "NCHW" else (1, side, side, 3)
    fits = all(stated in (None, size) for stated, size in zip(session.input_shape, shape, strict=True))
    if not fits:
        stated = " × ".join("any" if size is None else str(size) for size in session.input_shape)
        message = (
            f"{source} takes pictures of {stated}, but its preparation file says {' × '.join(map(str, shape))}; "
            "correct side_px or layout, or export it for a batch of 1 or any size."
        )
        raise ModelError(message)
    return tuple(int(size) for size in session.run(np.zeros(shape, np.float32)).shape)


def read_preparation_file(path: Path) -> PreparationFile:
    """Return what a preparation file says, TOML or JSON by its ending. Raises ModelError."""
    fields = Fields(_table(path), f"preparation {path.name}")
    unknown = [name for name in fields.values if name not in _KNOWN]
    if unknown:
        message = (
            f"The preparation {path} says “{unknown[0]}”, which is not known; known are {', '.join(_KNOWN)}."
        )
        raise ModelError(message)
    side = fields.count("side_px")
    fit = _choice(fields, "fit", _FITS)
    factor = 255.0 if _choice(fields, "values", ("0-1", "0-255")) == "0-1" else 1.0
    resize = fields.count("resize_px") if "resize_px" in fields.values else side
    resample = cast("Resample", _choice(fields, "resample", ("bicubic", "bilinear", "lanczos")))
    with fields.checking():
        rendition = Rendition(
            short_side_px=None if fit == "crop-first" else resize,
            square_px=side,
            crop_first=fit == "crop-first",
            squash=fit == "squash",
            resample=resample,
        )
        preparation = Preparation(
            rendition,
            Normalisation(
                _scaled(fields, "mean", factor),
                _scaled(fields, "std", factor),
                cast("ChannelOrder", _choice(fields, "channels", ("RGB", "BGR"))),
            ),
        )
    return PreparationFile(
        preparation,
        _choice(fields, "layout", ("NCHW", "NHWC")),
        _small_number(fields, "output"),
        _small_number(fields, "prefix_tokens"),
    )


def _table(path: Path) -> Mapping[str, JsonValue]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_BYTES).decode("utf-8")
        value = json.loads(content) if path.suffix.lower() == ".json" else tomllib.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        message = f"The preparation {path} cannot be read ({error}); it is a small TOML or JSON file."
        raise ModelError(message) from error
    if not isinstance(value, dict):
        message = f"The preparation {path} is no table of names and values."
        raise ModelError(message)
    return value


def _choice(fields: Fields, name: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices, the first where none is named."""
    chosen = fields.text(name) if name in fields.values else choices[0]
    if chosen not in choices:
        raise fields.fault(name, f"is none of {', '.join(choices)}")
    return chosen


def _scaled(fields: Fields, name: str, factor: float) -> tuple[float, float, float]:
    red, green, blue = (round(factor * value, 6) for value in fields.triple(name))
    return (red, green, blue)


def _small_number(fields: Fields, name: str) -> int:
    value = fields.values.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 64:
        raise fields.fault(name, "is not a whole number from 0 to 64")
    return value
