"""Appending photos to a pack: they are described, and become a segment of their own beside the others."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from geolocdesk.errors import OutputError, PackError
from geolocdesk.features.extractor import Extractor, with_projection
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue, current_program_version, sha256_of_file, sha256_of_json
from geolocdesk.reference.build import (
    REST_PART,
    Building,
    BuildOptions,
    DescribePart,
    count_of,
    describe_here,
    nothing_usable,
    read_rejected,
    recipe_for,
    write_culled_segment,
)
from geolocdesk.reference.build_described import projection_in_the_way, take_over_rows
from geolocdesk.reference.build_state import BuildState, FinishedRows, RejectedRow
from geolocdesk.reference.changing import APPEND_NAME, PackChanging, changing, sync_files
from geolocdesk.reference.compaction import join_youngest
from geolocdesk.reference.culling import CullingOptions
from geolocdesk.reference.manifest import REJECTED_NAME, RENAMED_NAME, Manifest, PackChange
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.renaming import free_ids
from geolocdesk.reference.segment_writer import added_up, described, licences_of, write_table
from geolocdesk.reference.sources.source import AnySource, DescribedSource, Source, SourceRow
from geolocdesk.whole_file import whole_file

ALREADY_THERE = "the pack has this photo already"

_ID_NAME = "append.id"


@dataclass(frozen=True, slots=True)
class AppendOptions:
    """How photos are appended."""

    workers: int = 1
    """Decoding processes beside the network."""
    thumbnails: bool | None = None
    """None to keep small pictures where the pack has some."""
    resume: bool = False
    seed: int = 2017
    """Draws which photos are kept under a cap, and trains the segment's index."""
    culling: CullingOptions = field(default_factory=CullingOptions)


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What appending did."""

    folder: Path
    references: int
    """Those the pack has now."""
    added: int
    already_there: int
    """Photos that the pack had under the same id, with the same content."""
    rejected: tuple[RejectedRow, ...]
    renamed: int
    """Photos whose id another photo of the pack has; they got a new one, listed in renamed.csv."""
    duplicates: int
    left_out: int
    lists: Path
    """The folder with rejected.csv, duplicates.csv and so on of the new photos; the pack's where there are none."""


def append_to_pack(
    folder: Path,
    source: Source,
    *,
    extractor: Extractor,
    clock: Callable[[], str],
    options: AppendOptions | None = None,
    progress: ProgressCallback = ignore_progress,
    describe_part: DescribePart | None = None,
) -> AppendResult:
    """Add every usable photo of the source to the pack in ``folder``.

    ``extractor`` is the pack's model without the pack's projection. An interrupted append leaves the pack as it
    was and its own state in it; ``resume`` goes on from there without describing any photo again. ``describe_part`` says who describes:
    this process, unless it is given. Raises
    SourceError, PackError or OutputError; Cancelled passes through.
    """

    def describe(building: Building, pack: Pack, final: Extractor) -> None:
        offered = _OfferedRows(source, pack, building.state.finished())
        (describe_part or describe_here)(building, offered, REST_PART, final, lambda _number: True)

    return _append(
        describe, folder, source, extractor, options or AppendOptions(), clock=clock, progress=progress
    )


def append_described_to_pack(
    folder: Path,
    source: DescribedSource,
    *,
    extractor: Extractor,
    clock: Callable[[], str],
    options: AppendOptions | None = None,
    progress: ProgressCallback = ignore_progress,
) -> AppendResult:
    """Add every usable row of a source that brings its descriptors, as ``append_to_pack`` does with photos.

    The pack must have no projection, because the descriptors have gone through none.
    """

    def take_over(building: Building, _pack: Pack, final: Extractor) -> None:
        take_over_rows(building, source, final.dimension)

    if extractor.projection is not None:
        raise projection_in_the_way(extractor, source)
    options = replace(options or AppendOptions(), thumbnails=False)
    return _append(take_over, folder, source, extractor, options, clock=clock, progress=progress)


def _append(
    describe: "_Describe",
    folder: Path,
    source: AnySource,
    extractor: Extractor,
    options: AppendOptions,
    *,
    clock: Callable[[], str],
    progress: ProgressCallback,
) -> AppendResult:
    with changing(folder, since=clock()) as change, Pack(folder) as pack:
        appending = _Appending(change, pack, source, _final(extractor, pack), options, clock, progress)
        try:
            return appending.run(describe)
        except (OSError, sqlite3.OperationalError) as error:
            raise _cannot_append(folder, error) from error


def unfinished_append(folder: Path) -> Path | None:
    """Return where an unfinished append to the pack lies, or None where there is none."""
    path = folder / APPEND_NAME
    return path if path.is_dir() else None


@dataclass(frozen=True, slots=True)
class _Appending:
    """One append, with the right to change the pack."""

    change: PackChanging
    pack: Pack
    source: AnySource
    extractor: Extractor
    options: AppendOptions
    clock: Callable[[], str]
    progress: ProgressCallback

    def run(self, describe: "_Describe") -> AppendResult:
        partial = self.change.folder / APPEND_NAME
        recipe = recipe_for(self.source, self.extractor, self.extractor.projection, self._build_options())
        append_id = self._append_id(partial, recipe)
        finished = _entry_with(append_id, self.change.manifest)
        if finished is not None:  # the run to be resumed was killed after its last step
            shutil.rmtree(partial, ignore_errors=True)
            return self._result(finished)
        with closing(BuildState(partial, recipe)) as state:
            building = Building(state, self.source, self._build_options(), self.clock, self.progress)
            describe(building, self.pack, self.extractor)
            result = self._write(building, append_id)
        shutil.rmtree(partial, ignore_errors=True)
        join_youngest(self.change, clock=self.clock, progress=self.progress)
        return result

    def _build_options(self) -> BuildOptions:
        options = self.options
        has_some = self.pack.manifest.thumbnails > 0
        thumbnails = has_some if options.thumbnails is None else options.thumbnails
        return BuildOptions(
            options.workers, thumbnails, options.resume, options.seed, culling=options.culling
        )

    def _append_id(self, partial: Path, recipe: dict[str, JsonValue]) -> str:
        """Return what names this append in the pack's history, the same after it was interrupted.

        Raises PackError where an unfinished one is in the way.
        """
        path = partial / _ID_NAME
        if path.is_file():
            if not self.options.resume:
                message = f"An unfinished append lies in {partial}; add --resume to go on with it, or delete that folder."
                raise PackError(message)
            return path.read_text(encoding="ascii")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        append_id = sha256_of_json({"pack_id": self.change.pack_id, "recipe": recipe})
        with whole_file(path) as content:
            content.write_text(append_id, encoding="ascii")
        return append_id

    def _write(self, building: Building, append_id: str) -> AppendResult:
        """Write the new segment and make it the pack's; nothing is changed where no photo is new."""
        state = building.state
        already_there, renamed = self._clashes(state)
        rejected = tuple(row for row in state.rejected() if row.reason != ALREADY_THERE)
        already_rejected = state.rejected_count() - len(rejected)
        if state.described_count() == 0 and not already_rejected:
            raise nothing_usable(self.source, rejected)
        building = replace(building, renamed=renamed)
        name, path = self.change.new_segment()
        record, culled = write_culled_segment(
            building, path, name, self.extractor, self.pack, already_there=already_there
        )
        if record.references == 0:
            shutil.rmtree(path, ignore_errors=True)
            return AppendResult(
                folder=self.change.folder,
                references=self.pack.count,
                added=0,
                already_there=already_rejected + len(already_there),
                rejected=rejected,
                renamed=0,
                duplicates=len(culled.copies),
                left_out=len(culled.left_out_rows()),
                lists=self.change.folder,
            )
        if renamed:
            write_table(path / RENAMED_NAME, ("reference_id", "renamed_to"), renamed.items())
        sync_files(path)
        record, files = described(self.change.folder, record)
        entry = PackChange(
            action="appended",
            at=self.clock(),
            program_version=current_program_version(),
            previous_pack_id=self.change.pack_id,
            details={
                "append_id": append_id,
                "source": self.source.to_json(),
                "segment": name,
                "added": record.references,
                "already_there": already_rejected + len(already_there),
                "rejected": len(rejected),
                "renamed": len(renamed),
                **culled.to_json(),
            },
        )
        manifest = self.change.manifest
        self.change.commit(
            replace(
                manifest,
                segments=(*manifest.segments, record),
                references=manifest.references + record.references,
                rejected=manifest.rejected + record.rejected,
                thumbnails=manifest.thumbnails + record.thumbnails,
                licences=added_up(dict(manifest.licences), licences_of(building.kept_photos())),
                files=(*manifest.files, *files),
                copy_distance=self.pack.copy_distance(),
                history=(*manifest.history, entry),
            )
        )
        return self._result(entry)

    def _clashes(self, state: BuildState) -> tuple[list[int], dict[str, str]]:
        """Return the rows of photos that the pack has, and new ids for photos whose id another one has there."""
        already_there: list[int] = []
        clashing: list[str] = []
        for photo, sha256, _, _ in state.photos():
            rows = self.pack.metadata.rows_with(reference_ids=[photo.reference_id])
            if len(rows) == 0:
                continue
            if sha256 and sha256 == self.pack.metadata.hashes(rows.tolist())[0]:
                already_there.append(photo.row)
            else:
                clashing.append(photo.reference_id)

        def is_taken(name: str) -> bool:
            return state.has_id(name) or len(self.pack.metadata.rows_with(reference_ids=[name])) > 0

        return already_there, free_ids(clashing, is_taken)

    def _result(self, entry: PackChange) -> AppendResult:
        """Return what an append did, as the pack's history tells it."""
        manifest = self.change.manifest
        segment = str(entry.details["segment"])
        if all(record.folder != segment for record in manifest.segments):  # joined since
            segment = manifest.segments[-1].folder
        lists = self.change.folder / segment
        rejected = tuple(row for row in read_rejected(lists / REJECTED_NAME) if row.reason != ALREADY_THERE)
        return AppendResult(
            folder=self.change.folder,
            references=manifest.references,
            added=count_of(entry.details, "added"),
            already_there=count_of(entry.details, "already_there"),
            rejected=rejected,
            renamed=count_of(entry.details, "renamed"),
            duplicates=count_of(entry.details, "duplicates_found"),
            left_out=count_of(entry.details, "left_out"),
            lists=lists,
        )


_Describe = Callable[[Building, Pack, Extractor], None]
"""Records the descriptors of what is to be appended in the building's state."""


class _OfferedRows:
    """A source whose photos that the pack has already, under the same id, are marked as rejected."""

    def __init__(self, source: Source, pack: Pack, finished: FinishedRows) -> None:
        self._source = source
        self._pack = pack
        self._finished = finished

    @property
    def name(self) -> str:
        return self._source.name

    def count(self) -> int:
        return self._source.count()

    def to_json(self) -> dict[str, JsonValue]:
        return self._source.to_json()

    def rows(self) -> Iterator[SourceRow]:
        for row in self._source.rows():
            known = row.number not in self._finished and not row.rejected and self._is_known(row)
            yield replace(row, rejected=ALREADY_THERE) if known else row

    def _is_known(self, row: SourceRow) -> bool:
        if not isinstance(row.path, Path):
            return False  # found out once its bytes are read
        rows = self._pack.metadata.rows_with(reference_ids=[row.reference_id])
        try:
            return len(rows) > 0 and sha256_of_file(row.path) == self._pack.metadata.hashes(rows.tolist())[0]
        except OSError:
            return False  # the intake will say what is wrong with it


def _final(extractor: Extractor, pack: Pack) -> Extractor:
    """Return the extractor with the pack's projection. Raises PackError where it is not the pack's."""
    final = extractor
    if extractor.projection is None:
        final = with_projection(extractor, pack.projection())
    if final.identity.extractor_id != pack.manifest.extractor_id:
        message = (
            f"The pack {pack.folder} was built with the extractor {pack.manifest.extractor_id}, and this is "
            f"{final.identity.extractor_id}; only the pack's own model can add to it."
        )
        raise PackError(message)
    return final


def _entry_with(append_id: str, manifest: Manifest) -> PackChange | None:
    return next((entry for entry in manifest.history if entry.details.get("append_id") == append_id), None)


def _cannot_append(folder: Path, error: Exception) -> OutputError:
    return OutputError(
        f"The pack {folder} cannot be added to ({error}); check the folder's rights and room. The pack is as it "
        f"was; what is finished is kept in {folder / APPEND_NAME}, and --resume goes on with it."
    )
