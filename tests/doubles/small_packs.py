"""Packs of small photos, described without a network."""

from pathlib import Path

from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.model_pack import DEFAULT_MODEL, find_model
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.reference.build import BuildOptions, BuildResult, DescribePart, build_pack
from geolocdesk.reference.sources.source import Source
from tests.doubles.extractor import HistogramExtractor

NOW = "2026-01-02T03:04:05+00:00"


def clock() -> str:
    return NOW


def build_small_pack(
    source: Source,
    out: Path,
    *,
    extractor: HistogramExtractor | None = None,
    projection: DescriptorMap | None = None,
    options: BuildOptions | None = None,
    progress: ProgressCallback = ignore_progress,
    describe_part: DescribePart | None = None,
) -> BuildResult:
    return build_pack(
        source,
        out,
        extractor=extractor or HistogramExtractor(),
        model=find_model(DEFAULT_MODEL),
        projection=projection,
        clock=clock,
        options=options,
        progress=progress,
        describe_part=describe_part,
    )
