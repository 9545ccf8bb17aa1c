"""Options of the commands that describe a source of photos: what it is, and who describes it."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.console import say
from geolocdesk.cli.options import add_device, default_workers, positive_int
from geolocdesk.errors import UsageError
from geolocdesk.progress import ProgressCallback

if TYPE_CHECKING:
    from geolocdesk.features.model_pack import ModelRecord
    from geolocdesk.reference.build import DescribePart
    from geolocdesk.reference.sources.source import DescribedSource, Source

FORMATS_TEXT = """\
FORMATS
  folder      a folder of photos with GPS in their EXIF
  csv         a table with the columns file, latitude, longitude; optional id, place, photographer, captured_at,
              licence, url, country
  zip         a ZIP of photos with GPS in their EXIF or with such a table inside, or a folder of ZIPs
  webdataset  photos in tar shards, each with a .json beside it (latitude, longitude) or GPS in its EXIF: a tar, a
              folder of tars, or a quoted pattern such as 'shards/{000..099}.tar'
  yfcc100m    yfcc100m_dataset (plain, .gz, .bz2 or SQLite) with the pictures by hash or by photo id
  osv5m       train.csv or test.csv of OpenStreetView-5M with images/, zipped as downloaded or unpacked
  mapillary   mapillary_image_description.json, or GeoJSON of the API v4, with the pictures by name or by id
  im2gps-mat  a folder of MATLAB files with the descriptors that Vo, Jacobs and Hays released; named, never guessed
  geoclip     places without photos: a GeoCLIP model folder with its gallery, or a table of positions with --model
"""


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add SOURCE and the options that say how to read and to describe it."""
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help="a file, a folder or a pattern; see FORMATS"
    )
    parser.add_argument(
        "--format",
        default="auto",
        metavar="FORMAT",
        help="one of FORMATS (default auto: by what SOURCE looks like)",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="where the pictures lie, if not beside SOURCE (yfcc100m, osv5m, mapillary)",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="take only these rows of a table (csv, yfcc100m, osv5m, zip with a CSV)",
    )
    parser.add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help=f"decoding processes (default here {default_workers()}; with --cluster 1 for each of its threads)",
    )
    add_device(parser)
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="describe with other processes or machines: local, local:N, or a Dask scheduler's address",
    )


def workers_of(options: argparse.Namespace) -> int:
    """Return how many decoding processes each that describes is to have."""
    return int(options.workers or (1 if options.cluster else default_workers()))


def source_of(options: argparse.Namespace, progress: ProgressCallback) -> "Source":
    """Return the source of photos that is meant. Raises SourceError and UsageError."""
    from geolocdesk.reference.cluster.connection import check_address
    from geolocdesk.reference.sources import open_source
    from geolocdesk.reference.sources.selection import Selection

    if options.cluster is not None:
        check_address(options.cluster)
    selection = Selection.parse(options.where)
    return open_source(
        options.source, options.format, selection, pictures=options.pictures, progress=progress
    )


def described_source_of(options: argparse.Namespace) -> "DescribedSource":
    """Return the source of ready descriptors that is meant. Raises SourceError and UsageError."""
    from geolocdesk.reference.sources import open_described_source
    from geolocdesk.reference.sources.selection import Selection

    if options.cluster or options.pictures:
        message = f"The format {options.format} has no photos; --cluster and --pictures do not go with it."
        raise UsageError(message)
    model = getattr(options, "model", None)  # a pack that is appended to has its own
    return open_described_source(options.source, options.format, Selection.parse(options.where), model=model)


@contextmanager
def describing(options: argparse.Namespace, model: "ModelRecord") -> "Iterator[DescribePart | None]":
    """Give what describes with a cluster where one is asked for, or None for this process."""
    if options.cluster is None:
        yield None
        return
    from geolocdesk.reference.cluster.connection import is_unprotected, open_cluster
    from geolocdesk.reference.cluster.dispatch import describe_on
    from geolocdesk.reference.cluster.worker import ModelOpener

    if is_unprotected(options.cluster):
        say(
            f"{options.cluster} is neither encrypted nor protected: whoever reaches it can read what is sent and "
            "run programs on its machines. Use it in a closed network only, or set up TLS (see the guide)."
        )
    with open_cluster(options.cluster, cores=os.cpu_count() or 1) as cluster:
        yield describe_on(cluster, ModelOpener(model.to_json(), options.device))
