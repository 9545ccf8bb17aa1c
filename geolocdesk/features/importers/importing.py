"""Any model somebody brings, by what kind of file it is."""

from pathlib import Path

from geolocdesk.errors import UsageError
from geolocdesk.features.importers.caffemodel import import_caffemodel
from geolocdesk.features.importers.checkpoint import import_checkpoint
from geolocdesk.features.importers.geoclip import import_geoclip, looks_like_geoclip
from geolocdesk.features.importers.imported_model import Imported, ImportOptions
from geolocdesk.features.importers.onnx import import_onnx

CHECKPOINT_SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".tar", ".safetensors")


def import_model(source: Path, out: Path, options: ImportOptions) -> Imported:
    """Write the model in a file or folder to a new model folder. Raises ModelError, OutputError or UsageError."""
    if looks_like_geoclip(source):
        _refuse(
            ("--mean", options.mean_bgr is not None),
            ("--architecture", options.architecture is not None),
            kind="GeoCLIP",
        )
        return import_geoclip(source, options.clip, out, options)
    if source.suffix.lower() == ".onnx":
        _refuse(
            ("--mean", options.mean_bgr is not None),
            ("--architecture", options.architecture is not None),
            ("--side-px", options.side_px is not None),
            ("--clip", options.clip is not None),
            kind="network in an ONNX file",
        )
        return import_onnx(source, options.preparation, out, options)
    _refuse(("--preparation", options.preparation is not None), kind="model that is no ONNX file")
    _refuse(("--clip", options.clip is not None), kind="model other than GeoCLIP")
    if source.is_dir() or source.suffix.lower() in CHECKPOINT_SUFFIXES:
        _refuse(("--mean", options.mean_bgr is not None), kind="checkpoint")
        return import_checkpoint(source, out, options)
    _refuse(
        ("--architecture", options.architecture is not None),
        ("--side-px", options.side_px is not None),
        ("--pooling", options.pooling is not None),
        ("--pca", options.components is not None),
        ("--projection", options.projection is not None),
        ("--pca-per-pack", options.fits_projection),
        kind=".caffemodel",
    )
    record = import_caffemodel(source, out, mean_bgr=options.mean_bgr)
    return Imported(record, ())


def _refuse(*given: tuple[str, bool], kind: str) -> None:
    """Raise UsageError where an option was given that says nothing about this kind of file."""
    wrong = [name for name, is_given in given if is_given]
    if wrong:
        message = f"{wrong[0]} does not belong to a {kind}; leave it out."
        raise UsageError(message)
