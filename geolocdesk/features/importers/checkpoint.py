"""Checkpoints of torchvision, timm, OpenCLIP and transformers, a file or a folder, as model folders."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.architecture import VGG16_GMP_POOLING, architecture_named
from geolocdesk.features.fields import Fields
from geolocdesk.features.importers.imported_model import (
    Imported,
    ImportedModel,
    ImportOptions,
    check_options,
    model_name,
    write_imported,
)
from geolocdesk.features.importers.picture_preparation import (
    open_clip_config,
    preparation_of,
    transformers_config,
)
from geolocdesk.features.importers.retrieval import split_retrieval
from geolocdesk.features.importers.vgg16 import VGG16_CONVOLUTIONS, Weights, checked_convolution
from geolocdesk.features.networks import (
    Converted,
    PictureConfig,
    State,
    convert,
    convert_tower,
    is_known_tower,
    knows_timm,
    picture_config_of,
    read_state_of,
    recognise,
    timm_picture_config,
    timm_tower,
    torchvision_picture_config,
)
from geolocdesk.features.pooling_words import parse_pooling
from geolocdesk.features.preparation import TORCHVISION
from geolocdesk.features.weights import weights_at
from geolocdesk.provenance import JsonValue

_WEIGHTS_NAMES = (
    "model.safetensors",
    "pytorch_model.safetensors",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "pytorch_model.bin",
    "open_clip_pytorch_model.bin",
    "model.pth",
)
"""What the weights are called in the folders that timm, OpenCLIP and transformers save."""

_LARGEST_JSON_BYTES = 1 << 20

_USUAL_PREPROCESSORS: Mapping[str, dict[str, JsonValue]] = {
    "clip": {
        "size": {"shortest_edge": 224},
        "crop_size": 224,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    },
    "siglip": {"size": 224, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
    "dinov2": {
        "size": {"shortest_edge": 256},
        "crop_size": 224,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    },
    "vit": {"size": 224, "resample": 2, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
}
"""What transformers' own processors do by default, where the folder lacks its preprocessor_config.json."""


@dataclass(frozen=True, slots=True)
class CheckpointFiles:
    """A weights file and the descriptions that lie beside it."""

    weights: Path
    config: Mapping[str, JsonValue] | None = None
    preprocessor: Mapping[str, JsonValue] | None = None
    open_clip: Mapping[str, JsonValue] | None = None

    @property
    def own_name(self) -> str:
        """Return what the model is called: its file, or the folder of a file named as all of its kind are."""
        generic = self.weights.name in _WEIGHTS_NAMES
        return self.weights.absolute().parent.name if generic else self.weights.stem


def find_checkpoint(source: Path) -> CheckpointFiles:
    """Return a checkpoint's files, from its folder or its weights file. Raises ModelError."""
    if source.is_dir():
        weights = next((source / name for name in _WEIGHTS_NAMES if (source / name).is_file()), None)
        if weights is None and list(source.glob("*.index.json")):
            message = (
                f"The weights in {source} are split over several files; save them as one and import that."
            )
            raise ModelError(message)
        if weights is None:
            message = f"{source} holds no weights file ({', '.join(_WEIGHTS_NAMES)}); name the file itself."
            raise ModelError(message)
        folder: Path | None = source
    else:
        weights = source
        folder = source.parent if source.name in _WEIGHTS_NAMES else None
    if folder is None:
        return CheckpointFiles(weights)
    names = ("config.json", "preprocessor_config.json", "open_clip_config.json")
    return CheckpointFiles(weights, *(_json(folder / name) for name in names))


def _json(path: Path) -> Mapping[str, JsonValue] | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_JSON_BYTES + 1)
        value: JsonValue = json.loads(content) if len(content) <= _LARGEST_JSON_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path} cannot be read ({error}); restore it, or name the weights file by another name."
        raise ModelError(message) from error
    if not isinstance(value, dict):
        message = f"{path} does not hold a description of a model."
        raise ModelError(message)
    return value


def import_checkpoint(source: Path, out: Path, options: ImportOptions | None = None) -> Imported:
    """Write the network in a checkpoint to a new model folder and return what was written.

    Raises OutputError, UsageError, and ModelError where the file holds no network this program can run, or more
    than plain weights: such a file could run a program, and is not opened.
    """
    options = options or ImportOptions()
    check_options(options)
    files = find_checkpoint(source)
    sha256 = weights_at(files.weights).sha256
    state, layers = split_retrieval(read_state_of(files.weights, belongs_to_image), files.weights)
    if options.architecture in {None, "vgg16"} and _is_vgg16(state):
        network, prepared, pooling = _vgg16(state, files.weights), TORCHVISION, "max"
        remarks: tuple[str, ...] = (_VGG16_REMARK,)
    else:
        network, pictures, remarks = _converted(files, state, options)
        prepared, pooling = preparation_of(pictures), "own"
    model = ImportedModel(
        architecture=network.architecture,
        weights={**network.weights, **layers.tensors},
        preparation=prepared,
        pooling=parse_pooling(options.pooling or layers.pooling or pooling, network.feature_maps),
        feature_maps=network.feature_maps,
        source=f"{network.architecture}, imported from {files.weights.name} (SHA-256 {sha256})",
        own_projection=layers.projection,
        remarks=(f"Network: {network.architecture}.", *remarks),
    )
    short = network.architecture.rpartition("/")[2].partition(";")[0]
    short += "-gmp" if model.pooling == VGG16_GMP_POOLING else ""
    return write_imported(out, model_name(short, files.own_name), model, options)


_VGG16_REMARK = "The tensors are VGG-16's; the preparation is torchvision's for ImageNet: the weights themselves do not say it."


def _is_vgg16(state: State) -> bool:
    shapes = {name.removeprefix("features."): tuple(tensor.shape) for name, tensor in state.items()}
    return all(
        shapes.get(f"{place}.weight", ())[:1] == (after,) for place, _, after in VGG16_CONVOLUTIONS.values()
    )


def _vgg16(state: State, file: Path) -> Converted:
    """Return VGG-16's convolutions, whatever classifier comes after them. Raises ModelError."""
    plain = {name.removeprefix("features."): tensor.float().numpy() for name, tensor in state.items()}
    weights: Weights = {}
    for name, (place, _, _) in VGG16_CONVOLUTIONS.items():
        if f"{place}.bias" not in plain:
            message = f"{file} holds no VGG-16: the bias of “{name}” is missing."
            raise ModelError(message)
        kernel, bias = checked_convolution(file, name, plain[f"{place}.weight"], plain[f"{place}.bias"])
        weights[f"features.{place}.weight"], weights[f"features.{place}.bias"] = kernel, bias
    left = [
        name for name in plain if f"features.{name}" not in weights and not name.startswith("classifier.")
    ]
    if left:
        message = f"{file} holds another network than VGG-16: “{left[0]}” is left over."
        raise ModelError(message)
    return Converted("vgg16", weights, architecture_named("vgg16").channels, prefix_tokens=0)


def belongs_to_image(name: str) -> bool:
    """Tell whether a tensor may be part of an image network, and not of a text tower trained beside it."""
    return not name.startswith(
        ("text_model.", "text_projection", "logit_", "transformer.", "token_embedding.", "text.", "ln_final.")
    )


_OPENAI_TOWERS = ("visual.transformer.", "visual.attnpool.")
"""How tensors begin in the files of OpenAI's and OpenCLIP's own image towers."""


def _converted(
    files: CheckpointFiles, state: State, options: ImportOptions
) -> tuple[Converted, PictureConfig, tuple[str, ...]]:
    if options.architecture is not None:
        return _named(files, state, options.architecture, options.side_px, ())
    if files.config is not None and is_known_tower(files.config):
        return transformers_tower(files, state, options.side_px)
    if files.config is not None and isinstance(files.config.get("architecture"), str):
        return _timm_folder(files, files.config, state, options.side_px)
    if files.open_clip is not None:
        return _open_clip(files, files.open_clip, state, options.side_px)
    if files.config is not None and "model_type" in files.config:
        message = (
            f"Models of the type “{files.config['model_type']}” are not read from folders of transformers; CLIP, "
            "SigLIP, DINOv2 and ViT are. Bring another in timm's layout, or as ONNX."
        )
        raise ModelError(message)
    recognised = recognise(state, files.weights)
    remark = f"{recognised} was told from the tensors' names and shapes; --architecture overrides it."
    return _named(files, state, recognised, options.side_px, (remark,))


def _named(
    files: CheckpointFiles, state: State, wanted: str, side_px: int | None, remarks: tuple[str, ...]
) -> tuple[Converted, PictureConfig, tuple[str, ...]]:
    """Return the conversion of a network whose name is known, prepared for as its library says."""
    library, slash, name = wanted.partition("/")
    if not slash:
        library, name = ("timm" if knows_timm(wanted) else "torchvision"), wanted
    if library not in {"timm", "torchvision"}:
        message = f"“{wanted}” names no network; write timm/NAME or torchvision/NAME."
        raise UsageError(message)
    if library == "torchvision":
        if side_px is not None:
            message = (
                "--side-px is for networks of timm; those of torchvision have the size of their weights."
            )
            raise UsageError(message)
        converted = convert(state, f"torchvision/{name}", files.weights, side_px=224)
        pictures = torchvision_picture_config(name, files.weights.name)
    else:
        plain, _, tag = name.partition(".")
        plain, _, rest = plain.partition(";")
        pictures = timm_picture_config(plain, tag, side_px)
        if any(name.startswith(_OPENAI_TOWERS) for name in state):
            # OpenAI's and OpenCLIP's programs scale to the network's side; timm, which renames their weights, cuts
            source = f"OpenAI's and OpenCLIP's, with the mean and deviation of {pictures.source}"
            pictures = replace(pictures, resize_px=pictures.side_px, squash=False, source=source)
        architecture = ";".join(part for part in (f"timm/{plain}", rest) if part)
        converted = convert(state, architecture, files.weights, side_px=pictures.side_px)
    remark = f"The preparation is {pictures.source}: the weights themselves do not say it."
    return converted, pictures, (*remarks, remark)


def _timm_folder(
    files: CheckpointFiles, config: Mapping[str, JsonValue], state: State, side_px: int | None
) -> tuple[Converted, PictureConfig, tuple[str, ...]]:
    """Return the conversion of a folder as timm saves it, whose config.json says all there is to say."""
    fields = Fields(config, "config.json")
    named = {name: value for name, value in config.items() if name in {"global_pool", "num_features"}}
    own = {**named, **(fields.mapping("pretrained_cfg") if "pretrained_cfg" in config else config)}
    pictures = picture_config_of(own, "config.json", side_px)
    architecture = f"timm/{fields.text('architecture')}"
    return convert(state, architecture, files.weights, side_px=pictures.side_px), pictures, ()


def transformers_tower(
    files: CheckpointFiles, state: State, side_px: int | None
) -> tuple[Converted, PictureConfig, tuple[str, ...]]:
    """Return the tower in a folder of transformers, how its pictures are prepared, and what was assumed.

    Raises ModelError.
    """
    config = files.config
    if config is None or not is_known_tower(config):
        message = f"{files.weights.parent} is no folder of transformers with a tower of CLIP, SigLIP, DINOv2 or ViT."
        raise ModelError(message)
    kind = str(config["model_type"])
    remarks: tuple[str, ...] = ()
    preprocessor = files.preprocessor
    if preprocessor is None:
        usual = next(name for name in _USUAL_PREPROCESSORS if kind.startswith(name))
        preprocessor = _USUAL_PREPROCESSORS[usual]
        remarks = (f"The folder has no preprocessor_config.json; the preparation is {usual}'s usual one.",)
    pictures = transformers_config(preprocessor, "preprocessor_config.json", side_px)
    name, tower = timm_tower(config, state, pictures.side_px)
    return convert_tower(name, tower, files.weights, side_px=pictures.side_px), pictures, remarks


def _open_clip(
    files: CheckpointFiles, config: Mapping[str, JsonValue], state: State, side_px: int | None
) -> tuple[Converted, PictureConfig, tuple[str, ...]]:
    model = Fields(Fields(config, "open_clip_config.json").mapping("model_cfg"), "model_cfg")
    vision = Fields(model.mapping("vision_cfg"), "vision_cfg")
    side = side_px or vision.count("image_size")
    own = Fields(config, "open_clip_config.json").mapping("preprocess_cfg")
    pictures = open_clip_config(own, side, "open_clip_config.json")
    if "timm_model_name" in vision.values:
        name = vision.text("timm_model_name")
        return convert(state, f"timm/{name}", files.weights, side_px=side), pictures, ()
    if isinstance(vision.values.get("layers"), list):
        message = (
            f"The image tower in {files.weights.parent} is a residual network of CLIP's own; name it as timm does, for "
            f"instance --architecture 'timm/resnet50_clip;num_classes={model.count('embed_dim')}'."
        )
        raise ModelError(message)
    width = vision.count("width")
    per_head = vision.count("head_width") if "head_width" in vision.values else 64
    ratio = vision.number("mlp_ratio") if "mlp_ratio" in vision.values else 4.0
    act = "quick_gelu" if model.values.get("quick_gelu") is True else "gelu"
    options = {
        "act_layer": act,
        "depth": vision.count("layers"),
        "embed_dim": width,
        "img_size": side,
        "mlp_ratio": ratio,
        "num_heads": width // per_head,
        "patch_size": vision.count("patch_size"),
    }
    spelt = ";".join(f"{name}={value}" for name, value in options.items())
    architecture = f"timm/vit_base_patch16_clip_224;{spelt}"
    return convert(state, architecture, files.weights, side_px=side), pictures, ()
