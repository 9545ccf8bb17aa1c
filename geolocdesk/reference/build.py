"""Building a reference pack: describe every photo of a source, then write the pack in one move."""

import csv
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import OutputError, PackError, SourceError
from geolocdesk.evidence.intake import Intake
from geolocdesk.features.embedding import DescriptorMap, load_descriptor_map
from geolocdesk.features.extractor import Extractor, with_projection
from geolocdesk.features.model_pack import ModelRecord
from geolocdesk.features.projection import MINIMUM_PHOTOS_FOR_PROJECTION, fit_projection
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue, current_program_version
from geolocdesk.reference.build_state import BuildState, RejectedRow
from geolocdesk.reference.changing import sync_files
from geolocdesk.reference.culling import Culled, CullingOptions, CullingResult, cull
from geolocdesk.reference.describing import describe_rows
from geolocdesk.reference.manifest import (
    MANIFEST_NAME,
    PROJECTION_NAME,
    REJECTED_NAME,
    Manifest,
    PackChange,
    SegmentRecord,
    describe_file,
    read_manifest,
)
from geolocdesk.reference.neighbours import ReferencePhoto
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.segment_writer import (
    SegmentContents,
    described,
    licences_of,
    write_segment,
)
from geolocdesk.reference.sources.source import AnySource, Source, SourceRow

PROJECTION_SAMPLE = 16_384
"""Photos, drawn at random from the source, on which a new projection is fitted."""

_SAMPLE_PART = "sample"
REST_PART = "rest"
"""The part of a build's state whose descriptors are as the pack will hold them."""

_WRITE_BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a pack is built."""

    workers: int = 1
    """Decoding processes beside the network."""
    thumbnails: bool = True
    resume: bool = False
    seed: int = 2017
    """Draws the sample the projection is fitted on, and trains the index."""
    synthetic: bool = False
    name: str = ""
    """Defaults to the name of the pack's folder."""
    culling: CullingOptions = field(default_factory=CullingOptions)
    """What becomes of copies, and how many photos one photographer or place may have."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a finished build wrote."""

    folder: Path
    references: int
    rejected: tuple[RejectedRow, ...]
    duplicates: int = 0
    """Photos that are copies of earlier ones; listed in duplicates.csv."""
    left_out: int = 0
    """Copies dropped, and photos over the caps; both listed in the pack."""


def partial_folder(out: Path) -> Path:
    """Return where the unfinished build of a pack lies."""
    return out.with_name(out.name + ".partial")


def build_pack(
    source: Source,
    out: Path,
    *,
    extractor: Extractor,
    model: ModelRecord,
    projection: DescriptorMap | None,
    clock: Callable[[], str],
    options: BuildOptions | None = None,
    progress: ProgressCallback = ignore_progress,
    describe_part: "DescribePart | None" = None,
) -> BuildResult:
    """Write a reference pack to ``out`` from every usable photo of the source.

    ``extractor`` is the model without a projection; ``projection`` is another pack's, or None to fit one on
    a sample of this source (which needs 1,000 usable photos; with fewer the descriptors stay as they are).
    An interrupted build leaves ``OUT.partial``, and ``resume`` goes on from there without describing any
    finished photo again. ``describe_part`` says who describes: this process, unless it is given.
    Raises SourceError, PackError or OutputError; Cancelled passes through.
    """
    options = options or BuildOptions()

    def describe(building: Building) -> Extractor:
        return _describe_all(building, source, extractor, projection, describe_part or describe_here)

    recipe = recipe_for(source, extractor, projection, options)
    return build_with(
        describe, source, out, recipe=recipe, model=model, clock=clock, options=options, progress=progress
    )


def build_with(
    describe: Callable[["Building"], Extractor],
    source: AnySource,
    out: Path,
    *,
    recipe: dict[str, JsonValue],
    model: ModelRecord,
    clock: Callable[[], str],
    options: BuildOptions,
    progress: ProgressCallback,
) -> BuildResult:
    """Write a pack of the descriptors that ``describe`` records, and return what was written.

    ``describe`` goes on where the building's state stopped, and returns the extractor that the descriptors
    are of. Raises as ``build_pack`` does.
    """
    if _was_finished(out, options):
        return _result_of(out)
    _check_free(out, options)
    try:
        state = BuildState(partial_folder(out), recipe)
        with closing(state):
            building = Building(state, source, options, clock, progress)
            final = describe(building)
            if state.described_count() == 0:
                raise nothing_usable(source, tuple(state.rejected()))
            staging = _write_pack(building, out, final, model)
        staging.replace(out)
    except (OSError, sqlite3.OperationalError) as error:
        raise _cannot_write(out, error) from error
    shutil.rmtree(partial_folder(out), ignore_errors=True)
    return _result_of(out)


def _was_finished(out: Path, options: BuildOptions) -> bool:
    """Return whether a run to be resumed was killed after its last step, and clear what it left behind."""
    finished = options.resume and (out / MANIFEST_NAME).is_file() and partial_folder(out).is_dir()
    if finished:
        shutil.rmtree(partial_folder(out), ignore_errors=True)
    return finished


def _result_of(out: Path) -> BuildResult:
    manifest, _ = read_manifest(out)
    counts = manifest.history[0].details if manifest.history else {}
    return BuildResult(
        folder=out,
        references=manifest.references,
        rejected=read_rejected(out / REJECTED_NAME),
        duplicates=count_of(counts, "duplicates_found"),
        left_out=count_of(counts, "left_out"),
    )


def read_rejected(path: Path) -> tuple[RejectedRow, ...]:
    """Return the rows that a segment's ``rejected.csv`` lists."""
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple(
            RejectedRow(int(row["row"]), row["file"], row["reason"]) for row in csv.DictReader(stream)
        )


def count_of(details: Mapping[str, JsonValue], name: str) -> int:
    """Return one of the counts in an entry of a pack's history, 0 where it is not given."""
    value = details.get(name, 0)
    return value if isinstance(value, int) else 0


def _cannot_write(out: Path, error: Exception) -> OutputError:
    return OutputError(
        f"The pack {out} cannot be written ({error}); check the folder's rights and room. What is finished is "
        f"kept in {partial_folder(out)}, and --resume goes on with it."
    )


def _check_free(out: Path, options: BuildOptions) -> None:
    if out.exists():
        message = f"There is something at {out} already; choose another --out, or delete it first."
        raise PackError(message)
    if partial_folder(out).exists() and not options.resume:
        message = (
            f"An unfinished build lies in {partial_folder(out)}; add --resume to go on with it, or delete it."
        )
        raise PackError(message)


def nothing_usable(source: AnySource, rejected: tuple[RejectedRow, ...]) -> SourceError:
    """Return the sentence for a source of which nothing can be made."""
    first = f"; the first: {rejected[0].file}: {rejected[0].reason}" if rejected else ""
    return SourceError(f"None of the {len(rejected)} photos of {source.name} could be used{first}.")


def recipe_for(
    source: AnySource, extractor: Extractor, projection: DescriptorMap | None, options: BuildOptions
) -> dict[str, JsonValue]:
    """Return all that decides a build, so that it is gone on with only as it was begun."""
    return {
        "source": source.to_json(),
        "extractor_id": extractor.identity.extractor_id,
        "projection_sha256": projection.sha256 if projection else None,
        "fits_projection": projection is None and extractor.takes_projection,
        "thumbnails": options.thumbnails,
        "seed": options.seed,
        "culling": options.culling.to_json(),
        "program_version": current_program_version(),
    }


@dataclass(frozen=True, slots=True)
class Building:
    """One build: its source, its unfinished state and its options."""

    state: BuildState
    source: AnySource
    options: BuildOptions
    clock: Callable[[], str]
    progress: ProgressCallback
    renamed: Mapping[str, str] = field(default_factory=dict)
    """New ids of photos, by the ids that the source gives them."""

    def unfinished(self, source: Source, wanted: Callable[[int], bool]) -> Iterator[SourceRow]:
        """Yield the rows that are wanted and not finished yet, in order."""
        finished = self.state.finished()
        return (row for row in source.rows() if row.number not in finished and wanted(row.number))

    def kept_photos(self) -> Iterator[tuple[ReferencePhoto, str]]:
        """Yield every photo that is kept, with its final row and id, and the SHA-256 of its content."""
        for photo, sha256, _, _ in self.state.photos():
            reference_id = self.renamed.get(photo.reference_id)
            yield (photo if reference_id is None else replace(photo, reference_id=reference_id)), sha256


DescribePart = Callable[[Building, Source, str, Extractor, Callable[[int], bool]], None]
"""Describes every row of a source that is wanted and not finished yet into one part of the building's state."""


def describe_here(
    building: Building, source: Source, part: str, extractor: Extractor, wanted: Callable[[int], bool]
) -> None:
    """Describe with this process's own extractor."""
    done, total = len(building.state.finished()), source.count()
    building.progress(Progress("Describing photos", done, total))
    with Intake(workers=building.options.workers) as intake:
        for batch in describe_rows(
            building.unfinished(source, wanted),
            extractor,
            intake,
            thumbnails=building.options.thumbnails,
            clock=building.clock,
        ):
            building.state.record(part, batch.photos, batch.rejected)
            done += batch.rows
            building.progress(Progress("Describing photos", done, total))


def _describe_all(
    building: Building,
    source: Source,
    extractor: Extractor,
    projection: DescriptorMap | None,
    describe_part: DescribePart,
) -> Extractor:
    """Describe the whole source and return the extractor with the projection its descriptors have."""
    if projection is None and extractor.takes_projection:
        in_sample = _sample(source.count(), building.options.seed)
        describe_part(building, source, _SAMPLE_PART, extractor, in_sample.__contains__)
        projection = _fitted(building)
    final = with_projection(extractor, projection) if projection else extractor
    describe_part(building, source, REST_PART, final, lambda _number: True)
    return final


def _sample(total: int, seed: int) -> range | frozenset[int]:
    if total <= PROJECTION_SAMPLE:
        return range(total)
    generator = np.random.default_rng(seed)
    return frozenset(int(n) for n in generator.choice(total, size=PROJECTION_SAMPLE, replace=False))


def _fitted(building: Building) -> DescriptorMap | None:
    """Return the projection of the sample, fitted once and kept with the unfinished build."""
    path = building.state.folder / PROJECTION_NAME
    if path.is_file():
        return load_descriptor_map(path)
    vectors = building.state.vectors(_SAMPLE_PART)
    if len(vectors) < MINIMUM_PHOTOS_FOR_PROJECTION:
        return None
    building.progress(Progress("Fitting the projection", 0, None, f"on {len(vectors)} photos"))
    projection = fit_projection(np.asarray(vectors))
    temporary = path.with_name("new-" + path.name)
    projection.save(temporary)
    temporary.replace(path)
    return projection


def _write_pack(building: Building, out: Path, extractor: Extractor, model: ModelRecord) -> Path:
    """Write the finished pack into the unfinished build's folder and return where it lies."""
    state, options = building.state, building.options
    staging = state.folder / "pack"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    record, culled = write_culled_segment(building, staging, "", extractor)
    record, files = described(staging, record)
    if extractor.projection is not None:
        extractor.projection.save(staging / PROJECTION_NAME)
        files = (*files, describe_file(staging, PROJECTION_NAME))
    built = PackChange(
        action="built",
        at=building.clock(),
        program_version=current_program_version(),
        previous_pack_id="",
        details={
            "source": building.source.to_json(),
            "added": record.references,
            "rejected": record.rejected,
            **culled.to_json(),
        },
    )
    manifest = Manifest(
        name=options.name or out.name,
        created_at=built.at,
        program_version=built.program_version,
        model=model.to_json(),
        extractor=extractor.identity.to_json(),
        extractor_id=extractor.identity.extractor_id,
        segments=(record,),
        references=record.references,
        rejected=record.rejected,
        thumbnails=record.thumbnails,
        licences=licences_of(building.kept_photos()),
        source=building.source.to_json(),
        files=files,
        synthetic=options.synthetic,
        copy_distance=culled.copy_distance,
        history=(built,),
    )
    (staging / MANIFEST_NAME).write_bytes(manifest.to_bytes())
    sync_files(staging)
    return staging


def write_culled_segment(
    building: Building,
    path: Path,
    folder: str,
    extractor: Extractor,
    pack: Pack | None = None,
    *,
    already_there: Sequence[int] = (),
) -> tuple[SegmentRecord, CullingResult]:
    """Write what the building's state holds as a segment into ``path``, less copies and what is over the caps.

    Both are listed there. ``pack`` is the one that the photos are appended to, and ``already_there`` the rows of
    those it has; ``folder`` is what the pack will call the segment.
    """
    state, options = building.state, building.options
    state.leave_out(already_there)
    with _vectors(building, extractor) as vectors:
        culled = cull(
            Culled(state.kept_count(), building.kept_photos, vectors, state.thumbnail_finder()),
            options.culling,
            pack=pack,
            described_now=any(sha256 for _, sha256 in islice(building.kept_photos(), 1)),
            scratch=state.folder,
            progress=building.progress,
        )
        culled.write_lists(path)
        left_out = culled.left_out_rows()
        if not left_out:
            return _write_segment(building, path, folder, vectors), culled
    left = np.setdiff1d(np.arange(state.described_count()), np.array(already_there, np.int64))
    state.leave_out(np.union1d(left[left_out], np.array(already_there, np.int64)).tolist())
    with _vectors(building, extractor) as vectors:
        return _write_segment(building, path, folder, vectors), culled


def _write_segment(
    building: Building, path: Path, folder: str, vectors: NDArray[np.float32]
) -> SegmentRecord:
    state, options = building.state, building.options
    contents = SegmentContents(
        count=state.kept_count(),
        photos=building.kept_photos,
        vectors=vectors,
        thumbnails=state.thumbnails if options.thumbnails else None,
        rejected=state.rejected,
    )
    return write_segment(path, folder, contents, seed=options.seed, progress=building.progress)


@contextmanager
def _vectors(building: Building, extractor: Extractor) -> Iterator[NDArray[np.float32]]:
    """Give the descriptors that are kept, in the order of the source, mapped from disk."""
    state = building.state
    if state.holds_in_order(REST_PART):
        yield state.vectors(REST_PART)[: state.kept_count()]
        return
    scratch = state.folder / "vectors.f32"
    vectors = _vectors_in_order(state, scratch, extractor)
    try:
        yield vectors
    finally:
        del vectors
        scratch.unlink(missing_ok=True)


def _vectors_in_order(state: BuildState, scratch: Path, extractor: Extractor) -> NDArray[np.float32]:
    """Return every descriptor that is kept in the order of the source, in a file of their own."""
    shape = (state.kept_count(), extractor.dimension)
    vectors: NDArray[np.float32] = np.memmap(scratch, dtype="<f4", mode="w+", shape=shape)
    parts = {name: state.vectors(name) for name in (_SAMPLE_PART, REST_PART)}
    for block in _blocks(state):
        for name, part in parts.items():
            mine = [(photo.row, slot) for photo, _, of_part, slot in block if of_part == name]
            if not mine:
                continue
            stored = np.asarray(part[[slot for _, slot in mine]])
            if name == _SAMPLE_PART and extractor.projection is not None:
                stored = extractor.projection.apply(stored)
            vectors[[row for row, _ in mine]] = stored
    return vectors


def _blocks(state: BuildState) -> Iterator[list[tuple[ReferencePhoto, str, str, int]]]:
    photos = state.photos()
    while block := list(islice(photos, _WRITE_BLOCK)):
        yield block
