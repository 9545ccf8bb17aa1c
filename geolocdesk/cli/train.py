"""``geolocdesk train``: a model of one's own from photos whose places are known."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geolocdesk.cli.console import (
    EXIT_OK,
    EXIT_SOME_FAILED,
    progress_reporter,
    say,
    utc_now,
    write_json,
    write_result,
)
from geolocdesk.cli.options import add_workers, non_negative_float, positive_float, positive_int
from geolocdesk.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from geolocdesk.training.plan import TrainingPlan
    from geolocdesk.training.train import TrainingResult
    from geolocdesk.training.training_log import EpochRecord


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "train",
        help="train a model on photos whose places are known",
        description=(
            "Train a model: an embedding and heads that classify photos into cells, or an embedding that ranks them, "
            "on a network that stays as it is or whose upper layers are trained as well. Photos of one place or one "
            "photographer are never parted between training and judging. Several GPUs: start it with torchrun."
        ),
    )
    parser.add_argument(
        "--photos", type=Path, required=True, metavar="CSV", help="file, latitude, longitude, place …"
    )
    parser.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=VALUE", help="take only these rows"
    )
    parser.add_argument(
        "--cells", type=Path, nargs="+", default=[], metavar="CELLS", help="files of partition, one a head"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the model folder to write")
    parser.add_argument(
        "--init", metavar="MODEL", help="the model to start from (default efficientnet-lite0)"
    )
    parser.add_argument("--name", default="", help="the model's name (default the folder's)")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted training")
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help="keep decoded and described photos there for other trainings",
    )
    parser.add_argument("--tensorboard", type=Path, metavar="FOLDER", help="also write TensorBoard's files")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workers(parser)
    _add_model_options(parser)
    _add_course_options(parser)
    _add_loss_options(parser)
    parser.set_defaults(run=run)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is learned")
    group.add_argument(
        "--loss", choices=("classification", "ranking", "contrastive", "whitening"), default="classification"
    )
    group.add_argument(
        "--pooling",
        metavar="POOLING",
        help="pool the network's feature maps otherwise, e.g. mean@final+std@block-8, or every for all of them",
    )
    group.add_argument(
        "--side-px",
        type=positive_int,
        metavar="N",
        help="give the network pictures of N × N instead of its usual size",
    )
    group.add_argument(
        "--embedding",
        type=_widths,
        default=(512,),
        metavar="N[,N…]",
        help="outputs of the learned layers after the network; 0 for none (default 512)",
    )
    group.add_argument(
        "--freeze",
        type=_freeze,
        default="all",
        metavar="N|all",
        help="lowest layers left as they are (default all)",
    )
    group.add_argument(
        "--keep",
        type=non_negative_float,
        default=0.0,
        metavar="W",
        help="join the network's own descriptor, whitened, to the learned one, W times as long (default 0)",
    )
    group.add_argument(
        "--whitening",
        choices=("pca", "places"),
        default="pca",
        help="how that is whitened: half, by all photos, or wholly, by how photos of one place differ",
    )
    group.add_argument("--dropout", type=non_negative_float, default=0.5, metavar="P")


def _add_course_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it is learned")
    group.add_argument("--epochs", type=positive_int, default=40, metavar="N")
    group.add_argument("--batch", type=positive_int, default=256, metavar="N")
    group.add_argument("--rate", type=positive_float, default=1e-3, metavar="R", help="highest learning rate")
    group.add_argument(
        "--backbone-rate",
        type=non_negative_float,
        default=0.1,
        metavar="SHARE",
        help="the network's share of it",
    )
    group.add_argument("--schedule", choices=("cosine", "step", "constant"), default="cosine")
    group.add_argument("--warm-up", type=non_negative_float, default=0.1, metavar="SHARE")
    group.add_argument("--weight-decay", type=non_negative_float, default=1e-4, metavar="W")
    group.add_argument(
        "--augment",
        type=_kinds,
        default=(),
        metavar="LIST",
        help="of crop, flip, colour, jpeg, blur (default none)",
    )
    group.add_argument(
        "--views",
        type=int,
        default=1,
        metavar="N",
        help="versions of each photo, the first as it is (default 1)",
    )
    group.add_argument("--validation", type=non_negative_float, default=0.1, metavar="SHARE")
    group.add_argument("--mixed-precision", action="store_true")
    group.add_argument("--seed", type=int, default=0, metavar="S")


def _add_loss_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("classification")
    group.add_argument(
        "--smooth-km",
        type=non_negative_float,
        default=0.0,
        metavar="KM",
        help="count nearby cells as partly right, e-fold less every KM (default 0: only its own)",
    )
    group.add_argument(
        "--balance", type=non_negative_float, default=0.0, metavar="B", help="0 photos, 1 cells equally often"
    )
    group.add_argument(
        "--mix", type=non_negative_float, default=0.0, metavar="ALPHA", help="mix pairs of photos"
    )
    group = parser.add_argument_group("ranking and contrastive")
    group.add_argument("--margin", type=positive_float, default=0.2, metavar="M")
    group.add_argument("--similar", choices=("distance", "class"), default="distance")
    group.add_argument("--similar-km", type=non_negative_float, default=1.0, metavar="KM")
    group.add_argument("--different-km", type=non_negative_float, default=25.0, metavar="KM")
    group.add_argument(
        "--mined",
        type=int,
        default=20,
        metavar="K",
        help="draw the different photo from the K nearest; 0 from all",
    )


def _widths(text: str) -> tuple[int, ...]:
    return () if text == "0" else tuple(positive_int(part) for part in text.split(","))


def _freeze(text: str) -> int | str:
    if text == "all":
        return text
    if not text.isdecimal():
        message = f"{text!r} is neither a number of layers nor all"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _kinds(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def run(options: argparse.Namespace) -> int:
    """Train and return the exit code: 1 where photos could not be used."""
    from geolocdesk.features.networks.session import training_session
    from geolocdesk.reference.sources.selection import Selection
    from geolocdesk.training.photos import read_training_photos
    from geolocdesk.training.train import train

    plan = _plan(options)
    photos = read_training_photos(options.photos, Selection.parse(options.where))
    start = _start(options)
    with training_session(options.device) as session, _watching(options, session.rank) as watch:
        if session.rank == 0:
            say(f"{len(photos)} photos, kept together by {photos.grouped_by}; computing on {session.device}.")
        result = train(
            photos,
            options.cells,
            options.out,
            plan,
            start=start,
            session=session,
            clock=utc_now,
            name=options.name,
            resume=options.resume,
            cache=options.cache,
            workers=options.workers,
            watch=watch,
            progress=progress_reporter() if session.rank == 0 else lambda _progress: None,
        )
        if session.rank == 0:
            _report(result, options)
    return EXIT_SOME_FAILED if result.rejected else EXIT_OK


def _plan(options: argparse.Namespace) -> "TrainingPlan":
    from geolocdesk.training.plan import TrainingPlan

    return TrainingPlan(
        loss=options.loss,
        widths=options.embedding,
        freeze=options.freeze,
        epochs=options.epochs,
        batch=options.batch,
        rate=options.rate,
        backbone_rate=options.backbone_rate,
        schedule=options.schedule,
        warm_up=options.warm_up,
        weight_decay=options.weight_decay,
        dropout=options.dropout,
        smooth_km=options.smooth_km,
        balance=options.balance,
        mix=options.mix,
        margin=options.margin,
        similar=options.similar,
        similar_km=options.similar_km,
        different_km=options.different_km,
        mined=options.mined,
        augmentation=options.augment,
        views=options.views,
        keep=options.keep,
        whitening=options.whitening,
        validation=options.validation,
        mixed_precision=options.mixed_precision,
        seed=options.seed,
    )


def _start(options: argparse.Namespace) -> "Any":  # noqa: ANN401 - a ModelRecord, whose module is heavy
    from dataclasses import replace

    from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model
    from geolocdesk.features.pooling_words import parse_pooling

    start = find_model(options.init or DEFAULT_MODEL)
    if options.pooling is None and options.side_px is None:
        return start
    if start.projection is not None:
        message = (
            f"The model {start.name} has learned from its own pooling and picture size; --pooling and --side-px are "
            "for a model without layers."
        )
        raise UsageError(message)
    if options.side_px is not None:
        if start.feature_maps:
            message = f"The picture size of {start.name} was fixed when it was imported: see model import --side-px."
            raise UsageError(message)
        start = replace(start, preparation=start.preparation.resized(options.side_px))
    if options.pooling is not None:
        start = replace(start, pooling=parse_pooling(options.pooling, start.network.channels))
    return start


@contextmanager
def _watching(options: argparse.Namespace, rank: int) -> "Iterator[Callable[[EpochRecord], None]]":
    """Give what is told of every epoch: a line, and TensorBoard's files where they are wanted."""
    if options.tensorboard is None or rank:
        yield _say_epoch
        return
    from geolocdesk.features.networks.board import board

    with board(options.tensorboard) as write:

        def watch(record: "EpochRecord") -> None:
            _say_epoch(record)
            write(record.steps, {"loss": record.loss, "rate": record.rate, **record.validation})

        yield watch


def _say_epoch(record: "EpochRecord") -> None:
    judged = ", ".join(
        f"{name} {value:.1f} %" for name, value in record.validation.items() if name.endswith(" 750 km")
    )
    say(f"Epoch {record.epoch}: loss {record.loss:.4f}" + (f"; kept apart: {judged}" if judged else ""))


def _report(result: "TrainingResult", options: argparse.Namespace) -> None:
    for reason in result.rejected:
        say(reason)
    if options.json:
        write_json(
            {
                "model": str(options.out),
                "extractor_id": result.record.identity().extractor_id,
                "photos": result.taught,
                "kept_apart": result.kept_apart,
                "grouped_by": result.grouped_by,
                "empty_cells": [*result.empty_cells],
                "rejected": len(result.rejected),
            }
        )
        return
    write_result(
        f"{options.out}: {result.record.name}, trained on {result.taught} photos; {result.kept_apart} kept apart by "
        f"{result.grouped_by} to judge by"
    )
    if any(result.empty_cells):
        empty = ", ".join(str(count) for count in result.empty_cells)
        write_result(f"  cells without a photo to learn from: {empty}")
