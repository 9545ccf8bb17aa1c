"""GeoCLIP out of its Python wheel, its installed package or its release folder, with a local CLIP folder."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.importers.checkpoint import belongs_to_image, find_checkpoint, transformers_tower
from geolocdesk.features.importers.imported_model import (
    Imported,
    ImportedModel,
    ImportOptions,
    check_options,
    model_name,
    write_imported,
)
from geolocdesk.features.importers.picture_preparation import preparation_of
from geolocdesk.features.networks import (
    GALLERY,
    HEAD_PREFIX,
    LOCATION_PREFIX,
    PLACE_DIMENSION,
    State,
    check_place_encoder,
    read_state,
    read_state_of,
    read_tensor,
)
from geolocdesk.features.pooling_words import parse_pooling
from geolocdesk.features.weights import unreadable, weights_at
from geolocdesk.provenance import sha256_of_bytes

_MODEL = "geoclip/model/"
_MLP = "weights/image_encoder_mlp_weights.pth"
_LOCATION = "weights/location_encoder_weights.pth"
_SCALE = "weights/logit_scale_weights.pth"
_PLACES = "gps_gallery/coordinates_100K.csv"
_LARGEST_FILE_BYTES = 256 << 20
_MOST_PLACES = 10_000_000


def looks_like_geoclip(source: Path) -> bool:
    """Tell whether a path is a wheel, or a folder with GeoCLIP's weights in it."""
    return source.suffix.lower() == ".whl" or (
        source.is_dir() and (_package_folder(source) is not None or _is_release(source))
    )


def import_geoclip(source: Path, clip: Path | None, out: Path, options: ImportOptions) -> Imported:
    """Write GeoCLIP and the CLIP tower in a folder of transformers to a new model folder.

    Nothing of the package is run. Raises ModelError, OutputError or UsageError.
    """
    check_options(options)
    if clip is None:
        message = (
            "GeoCLIP's own files hold no image tower; name the folder of CLIP ViT-L/14 as transformers saves it "
            "(config.json, preprocessor_config.json, model.safetensors) with --clip."
        )
        raise UsageError(message)
    parts, sha256 = _parts(source)
    files = find_checkpoint(clip)
    tower_sha256 = weights_at(files.weights).sha256
    state = read_state_of(files.weights, belongs_to_image)
    tower, pictures, remarks = transformers_tower(files, state, options.side_px)
    width = len(parts.mlp["0.weight"]) if "0.weight" in parts.mlp else 0
    given = tower.feature_maps["embedding"]
    if "0.weight" not in parts.mlp or parts.mlp["0.weight"].shape[1] != given:
        message = (
            f"The CLIP in {clip} makes embeddings of {given} numbers, but GeoCLIP's next layer takes {width}; bring "
            "the CLIP it was trained with, openai/clip-vit-large-patch14."
        )
        raise ModelError(message)
    maps = {**tower.feature_maps, "place": PLACE_DIMENSION}
    model = ImportedModel(
        architecture=tower.architecture.replace("timm/", "geoclip/", 1),
        weights={
            **tower.weights,
            **{HEAD_PREFIX + name: tensor.numpy() for name, tensor in parts.mlp.items()},
            **{LOCATION_PREFIX + name: tensor.numpy() for name, tensor in parts.location.items()},
            GALLERY: parts.gallery,
        },
        preparation=preparation_of(pictures),
        pooling=parse_pooling(options.pooling or "own", maps),
        feature_maps=maps,
        softmax_scale=parts.scale,
        source=f"GeoCLIP from {source.name} (SHA-256 {sha256}) on the CLIP tower of {files.weights.name} "
        f"(SHA-256 {tower_sha256})",
        remarks=(
            f"Network: {tower.architecture}, then GeoCLIP's two layers.",
            f"Gallery: {len(parts.gallery)} places; probabilities are a softmax of {parts.scale:.4g} times the cosine.",
            *remarks,
        ),
    )
    return write_imported(out, model_name("geoclip", files.own_name), model, options)


class _Parts:
    """GeoCLIP's own weights, checked."""

    def __init__(
        self, mlp: State, location: State, scale: float, gallery: NDArray[np.float32], file: Path
    ) -> None:
        check_place_encoder(location, file)
        if (
            set(mlp) != {"0.weight", "0.bias", "2.weight", "2.bias"}
            or len(mlp["2.weight"]) != PLACE_DIMENSION
        ):
            message = f"{file} holds no layers of GeoCLIP after the image tower, or of another version."
            raise ModelError(message)
        if not 0.0 < scale < 1e4:
            message = f"{file} holds a scale of the softmax that makes no sense: {scale:g}."
            raise ModelError(message)
        self.mlp, self.location, self.scale, self.gallery = mlp, location, scale, gallery


def _parts(source: Path) -> tuple[_Parts, str]:
    """Return GeoCLIP's weights and gallery, and a hash of what they were read from."""
    if source.is_dir() and _is_release(source):
        return _release(source)
    if source.is_dir():
        folder = _package_folder(source)
        if folder is None:
            message = f"{source} holds no weights of GeoCLIP; name the folder of the package, or its wheel."
            raise ModelError(message)
        contents: Mapping[str, bytes] = {
            name: _read(folder / name) for name in (_MLP, _LOCATION, _SCALE, _PLACES)
        }
    else:
        contents = _wheel(source)
    parts = _Parts(
        read_state(contents[_MLP], source / _MLP),
        read_state(contents[_LOCATION], source / _LOCATION),
        float(np.exp(read_tensor(contents[_SCALE], source / _SCALE).item())),
        _gallery(contents[_PLACES], source / _PLACES),
        source,
    )
    return parts, sha256_of_bytes(b"".join(contents[name] for name in (_MLP, _LOCATION, _SCALE, _PLACES)))


def _package_folder(source: Path) -> Path | None:
    """Return the folder in which the package keeps its weights, wherever above it the user pointed."""
    for folder in (source, source / "model", source / "geoclip" / "model"):
        if (folder / _LOCATION).is_file():
            return folder
    return None


def _is_release(source: Path) -> bool:
    try:
        value = json.loads(_read(source / "config.json"))
    except (ModelError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("model_type") == "geoclip-geolocation"


def _release(source: Path) -> tuple[_Parts, str]:
    """Return the parts out of a folder as GeoCLIP's authors publish it: one safetensors file and a gallery."""
    config = json.loads(_read(source / "config.json"))
    name = config.get("gallery_file")
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(".csv"):
        message = f"The config.json in {source} names no gallery that lies beside it."
        raise ModelError(message)
    weights = _read(source / "model.safetensors")
    state, places = read_state(weights, source / "model.safetensors"), _read(source / name)
    if "logit_scale" not in state or state["logit_scale"].numel() != 1:
        message = f"{source} holds no scale of GeoCLIP's softmax; it is no release of it, or damaged."
        raise ModelError(message)
    parts = _Parts(
        _under(state, "image_encoder.mlp."),
        _under(state, "location_encoder."),
        float(np.exp(state["logit_scale"].item())),
        _gallery(places, source / name),
        source,
    )
    return parts, sha256_of_bytes(weights + places)


def _under(state: State, prefix: str) -> State:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _wheel(source: Path) -> Mapping[str, bytes]:
    """Return the four files out of a wheel; no other member is read, and none is unpacked to disk."""
    wanted = (_MLP, _LOCATION, _SCALE, _PLACES)
    try:
        with zipfile.ZipFile(source) as wheel:
            sizes = {info.filename: info.file_size for info in wheel.infolist()}
            for name in wanted:
                if sizes.get(_MODEL + name, _LARGEST_FILE_BYTES + 1) > _LARGEST_FILE_BYTES:
                    message = f"{source} is no wheel of GeoCLIP: {_MODEL + name} is missing or too large."
                    raise ModelError(message)
            return {name: wheel.open(_MODEL + name).read(_LARGEST_FILE_BYTES) for name in wanted}
    except OSError as error:
        raise unreadable(source, error) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        message = f"{source} is no wheel, or it is damaged ({error}); download it again."
        raise ModelError(message) from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            message = f"{path} is larger than anything GeoCLIP has; it is not used."
            raise ModelError(message)
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def _gallery(content: bytes, file: Path) -> NDArray[np.float32]:
    """Return float32[n, 2], latitude and longitude, as GeoCLIP itself rounds them. Raises ModelError."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        places = np.array([(float(row["LAT"]), float(row["LON"])) for row in rows], np.float32)
    except (UnicodeDecodeError, KeyError, ValueError, TypeError, csv.Error) as error:
        message = f"The gallery {file} is no table of LAT and LON ({error!r})."
        raise ModelError(message) from error
    usable = 0 < len(places) <= _MOST_PLACES and bool((np.abs(places) <= (90.0, 180.0)).all())
    if not usable:
        message = f"The gallery {file} holds no places, or some off the Earth."
        raise ModelError(message)
    return places
