"""Building a reference pack from descriptors that somebody made before, without the photos."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from geolocdesk.errors import PackError
from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import ModelRecord
from geolocdesk.geodesy import Position
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.reference.build import (
    REST_PART,
    Building,
    BuildOptions,
    BuildResult,
    build_with,
    recipe_for,
)
from geolocdesk.reference.build_state import DescribedPhoto, RejectedRow
from geolocdesk.reference.describing import reference_photo
from geolocdesk.reference.sources.source import AnySource, DescribedRows, DescribedSource

UNKNOWN_SHA256 = ""
"""Stands for the hash of a photo nobody here has seen."""


def build_described_pack(
    source: DescribedSource,
    out: Path,
    *,
    extractor: Extractor,
    model: ModelRecord,
    projection: DescriptorMap | None,
    clock: Callable[[], str],
    options: BuildOptions | None = None,
    progress: ProgressCallback = ignore_progress,
) -> BuildResult:
    """Write a reference pack to ``out``, without thumbnails, from every usable row of the source.

    ``extractor`` is the model the descriptors are said to come from: queries will be described by it, and the
    pack carries its identity. An interrupted build goes on with ``resume``. Raises SourceError, PackError or
    OutputError; Cancelled passes through.
    """
    if projection is not None or extractor.projection is not None:
        raise projection_in_the_way(extractor, source)
    options = replace(options or BuildOptions(), thumbnails=False)

    def take_over(building: Building) -> Extractor:
        take_over_rows(building, source, extractor.dimension)
        return extractor

    recipe = {**recipe_for(source, extractor, None, options), "fits_projection": False}
    return build_with(
        take_over, source, out, recipe=recipe, model=model, clock=clock, options=options, progress=progress
    )


def projection_in_the_way(extractor: Extractor, source: AnySource) -> PackError:
    """Return the sentence for a model whose projection the descriptors of a source have not gone through."""
    return PackError(
        f"{extractor.identity.name} has a projection, which the descriptors of {source.name} have not gone "
        "through; name the model they were made with itself."
    )


def take_over_rows(building: Building, source: DescribedSource, dimension: int) -> None:
    """Record every row of the source that is not recorded yet."""
    total = source.count()
    last = building.state.last_finished()
    building.progress(Progress("Taking over descriptors", last + 1, total))
    for rows in source.described(dimension, after=last):
        rejected = [RejectedRow(row.number, row.file, row.rejected) for row in rows.rejected]
        building.state.record(REST_PART, _photos(rows), rejected)
        numbers = [row.number for row in (*rows.rows[-1:], *rows.rejected[-1:])]
        building.progress(Progress("Taking over descriptors", max(numbers) + 1, total))


def _photos(rows: DescribedRows) -> list[DescribedPhoto]:
    return [
        DescribedPhoto(reference_photo(row, row.position), UNKNOWN_SHA256, vector, thumbnail=None)
        for row, vector in zip(rows.rows, rows.vectors, strict=True)
        if isinstance(row.position, Position)
    ]
