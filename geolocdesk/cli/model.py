"""``geolocdesk model``: which models there are, what they are, whether they are intact; bringing in others."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.console import EXIT_OK, progress_reporter, say, utc_now, write_json, write_result
from geolocdesk.cli.options import add_workers, non_negative_float, positive_int

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geolocdesk.features.model_pack import ModelInfo

_NAMED = "a built-in model (efficientnet-lite0, vgg16-gmp=FILE) or a model folder"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its sub-commands to the command line."""
    parser = commands.add_parser(
        "model",
        help="list, describe, verify and import models",
        description="List the models there are, describe one, check that one is intact, or bring one in.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="the models there are", description="List the models there are.")
    listing.add_argument("--json", action="store_true", help="one JSON document on standard output")
    listing.set_defaults(run=run_list)
    for name, text, command in (
        ("info", "what a model is and where it comes from", run_info),
        ("verify", "check a model's hashes and let it describe a picture", run_verify),
    ):
        verb = verbs.add_parser(name, help=text, description=text.capitalize() + ".")
        verb.add_argument("model", metavar="MODEL", help=_NAMED)
        verb.add_argument("--json", action="store_true", help="one JSON document on standard output")
        verb.set_defaults(run=command)
    _add_import(verbs)


def _add_import(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = verbs.add_parser(
        "import",
        help="make a model folder from another program's weights",
        description="Make a model folder from weights on this machine: a .caffemodel of VGG-16, such as the one Vo, "
        "Jacobs and Hays released; a .pth, .bin or .safetensors file of a network of torchvision or timm, or the "
        "folder in which timm, OpenCLIP or transformers saved one (ResNet, EfficientNet, ViT, DINOv2, CLIP, SigLIP); GeoCLIP's wheel with a CLIP folder; or an .onnx file with a preparation file. "
        "What the file does not say is assumed, and said. Files that could run a program are refused.",
    )
    verb.add_argument("source", type=Path, metavar="SOURCE", help="a weights file, or the folder it lies in")
    verb.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the folder to write")
    verb.add_argument(
        "--architecture",
        metavar="NAME",
        help="the network, where the file does not tell: timm/NAME, timm/NAME.TAG for the preparation of timm's "
        "weights of that tag, or torchvision/NAME",
    )
    verb.add_argument(
        "--preparation",
        type=Path,
        metavar="FILE",
        help="for ONNX: a TOML or JSON file that says how pictures are prepared",
    )
    verb.add_argument(
        "--clip", type=Path, metavar="FOLDER", help="for GeoCLIP: CLIP ViT-L/14 as transformers saves it"
    )
    verb.add_argument(
        "--side-px", type=positive_int, metavar="N", help="the side of the square pictures it takes"
    )
    verb.add_argument(
        "--pooling",
        metavar="LIST",
        help="how feature maps become the descriptor: own (the network's own), cls, mean, std, max, gem[:P], "
        "rmac[:L] or netvlad[:K], joined by + and each with @MAP for another map than the last",
    )
    verb.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="photos from which --pca and netvlad are learned"
    )
    verb.add_argument(
        "--pca",
        type=positive_int,
        metavar="N",
        help="cut the descriptor to N principal components of --photos",
    )
    verb.add_argument(
        "--whitening",
        type=non_negative_float,
        default=0.5,
        metavar="W",
        help="0 (none) to 1 (full): how far --pca evens the components out (default 0.5)",
    )
    verb.add_argument(
        "--projection",
        type=Path,
        metavar="FILE",
        help="a projection.safetensors fitted elsewhere, with mean and matrix",
    )
    verb.add_argument(
        "--pca-per-pack", action="store_true", help="fit a projection on each new pack's own photos"
    )
    verb.add_argument(
        "--mean",
        type=_mean,
        metavar="B,G,R",
        help="what to take off each channel of a photo for a .caffemodel, 0 to 255 (default 100,100,100, as in "
        "the authors' program)",
    )
    verb.add_argument("--licence", default="not stated", metavar="TEXT", help="the licence of the weights")
    verb.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workers(verb)
    verb.set_defaults(run=run_import)


def _mean(text: str) -> tuple[float, float, float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(0.0 <= number <= 255.0 for number in numbers):
        message = f"{text!r} is not three numbers from 0 to 255 with commas between them"
        raise argparse.ArgumentTypeError(message)
    return (numbers[0], numbers[1], numbers[2])


def run_list(options: argparse.Namespace) -> int:
    """List the built-in and the installed models and return the exit code."""
    from geolocdesk.features.model_pack import list_models
    from geolocdesk.paths import user_folders

    models = list_models([user_folders().models])
    if options.json:
        write_json([model.to_json() for model in models])
        return EXIT_OK
    for model in models:
        state = "" if model.available else f"  ({model.remark})"
        write_result(f"{model.spec:<22} {model.summary}{state}")
    return EXIT_OK


def run_info(options: argparse.Namespace) -> int:
    """Describe a model and return the exit code."""
    from geolocdesk.features.model_pack import model_info

    _report(model_info(options.model), as_json=options.json)
    return EXIT_OK


def run_verify(options: argparse.Namespace) -> int:
    """Check a model and return the exit code; what is wrong with it is said as an error."""
    from geolocdesk.features.model_pack import verify_model

    info = verify_model(options.model)
    _report(info, as_json=options.json)
    if not options.json:
        write_result("  intact         its hashes are right, and it describes a picture")
    return EXIT_OK


def run_import(options: argparse.Namespace) -> int:
    """Write a model folder, let it describe a picture, report it and return the exit code."""
    from geolocdesk.features.importers.imported_model import ImportOptions
    from geolocdesk.features.importers.importing import import_model
    from geolocdesk.features.model_pack import verify_model

    imported = import_model(
        options.source,
        options.out,
        ImportOptions(
            architecture=options.architecture,
            side_px=options.side_px,
            pooling=options.pooling,
            photos=options.photos,
            components=options.pca,
            whitening=options.whitening,
            projection=options.projection,
            fits_projection=options.pca_per_pack,
            mean_bgr=options.mean,
            clip=options.clip,
            preparation=options.preparation,
            licence=options.licence,
            clock=utc_now,
            workers=options.workers,
            device=options.device,
            progress=progress_reporter(),
        ),
    )
    for remark in imported.remarks:
        say(remark)
    _report(verify_model(str(options.out)), as_json=options.json)
    return EXIT_OK


def _report(info: "ModelInfo", *, as_json: bool) -> None:
    if as_json:
        write_json(info.to_json())
        return
    write_result(info.spec)
    for name, value in _facts(info):
        write_result(f"  {name:<14} {value}")


def _facts(info: "ModelInfo") -> "Iterator[tuple[str, str]]":
    yield "what", info.summary
    if info.identity is not None:
        yield "extractor", f"{info.identity.extractor_id}, {info.identity.dimension}-D before any projection"
    if info.record is not None:
        yield "weights", f"SHA-256 {info.record.weights.sha256}"
        yield "licence", info.record.licence
        own = info.record.projection
        fitted = "fitted on each new pack" if info.record.fits_projection else "none fitted"
        yield "projection", fitted if own is None else f"the model's own, to {own.dimension} numbers"
    yield "available", "yes" if info.available else f"no: {info.remark}"
