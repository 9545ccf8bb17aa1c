"""Merging packs of one extractor into a new one; nothing is described again."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import OutputError, PackError
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue, current_program_version, sha256_of_bytes
from geolocdesk.reference.changing import sync_files
from geolocdesk.reference.copy_distance import SEED
from geolocdesk.reference.culling import Culled, CullingOptions, CullingResult, cull
from geolocdesk.reference.joining import Part, join_lists, joined, thumbnail_finder
from geolocdesk.reference.manifest import (
    MANIFEST_NAME,
    PROJECTION_NAME,
    RENAMED_NAME,
    Manifest,
    PackChange,
    PackFile,
    SegmentRecord,
    describe_file,
)
from geolocdesk.reference.pack import Pack, open_pack
from geolocdesk.reference.renaming import free_ids
from geolocdesk.reference.segment_writer import described, licences_of, write_segment, write_table
from geolocdesk.whole_file import sync_folder

_MERGING_SUFFIX = ".merging"

_PARTS_OF_IDENTITY = {
    "architecture": "network",
    "weights_sha256": "weights",
    "preparation": "preparation of photos",
    "pooling": "pooling",
    "projection_sha256": "projection",
    "dimension": "length of descriptors",
    "name": "model's name",
}


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """How packs are merged."""

    name: str = ""
    """Defaults to the name of the new pack's folder."""
    source: dict[str, JsonValue] | None = None
    """What the new pack's manifest names as its source; by default the packs."""
    culling: CullingOptions = field(default_factory=CullingOptions)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What merging wrote."""

    folder: Path
    references: int
    same_photos: int
    """Photos that an earlier one of the packs has with the same content; each is taken once."""
    renamed: int
    """Photos whose id another photo of an earlier pack has; listed with their new ids in renamed.csv."""
    duplicates: int
    left_out: int


def merge_packs(
    paths: Sequence[Path],
    out: Path,
    *,
    clock: Callable[[], str],
    options: MergeOptions | None = None,
    progress: ProgressCallback = ignore_progress,
) -> MergeResult:
    """Write a new pack to ``out`` with the references of all the packs, in their order.

    A photo that several packs have with the same content is taken from the first. Where two photos have one id,
    the later one gets a new id, ``ID~2``. A killed run leaves no pack at ``out``, and the next one starts afresh.
    Raises PackError, also where the packs' extractors differ, or OutputError.
    """
    options = options or MergeOptions()
    if out.exists():
        message = f"There is something at {out} already; choose another --out, or delete it first."
        raise PackError(message)
    with ExitStack() as opened:
        packs = [opened.enter_context(open_pack(path)) for path in paths]
        for pack in packs[1:]:
            check_same_extractor(packs[0], pack)
        try:
            with _staging(out) as staging:
                merging = _Merging(packs, staging, options, clock, progress)
                manifest = merging.write(options.name or out.name)
                sync_files(staging)
                staging.replace(out)
                sync_folder(out.parent)
        except (OSError, sqlite3.OperationalError) as error:
            message = f"The pack {out} cannot be written ({error}); check the folder's rights and room."
            raise OutputError(message) from error
    return _result_of(out, manifest)


def check_same_extractor(first: Pack, second: Pack) -> None:
    """Raise PackError, naming what differs, where two packs' descriptors cannot be compared."""
    one, other = first.manifest, second.manifest
    if one.extractor_id == other.extractor_id:
        return
    differing = [
        word
        for key, word in _PARTS_OF_IDENTITY.items()
        if one.extractor.get(key) != other.extractor.get(key)
        and not (
            key == "dimension"
            and one.extractor.get("projection_sha256") != other.extractor.get("projection_sha256")
        )
    ]
    what = " and ".join(differing) or "extractor"
    message = (
        f"The packs {first.folder} and {second.folder} cannot be joined, because they differ in the {what} "
        f"({one.extractor_id} and {other.extractor_id}); build one of them again with --model and the other."
    )
    raise PackError(message)


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Give an empty folder beside ``out``; what a killed run left there goes first."""
    staging = out.with_name(out.name + _MERGING_SUFFIX)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _result_of(out: Path, manifest: Manifest) -> MergeResult:
    details = manifest.history[0].details
    counts = {name: value for name, value in details.items() if isinstance(value, int)}
    return MergeResult(
        folder=out,
        references=manifest.references,
        same_photos=counts["same_photos"],
        renamed=counts["renamed"],
        duplicates=counts["duplicates_found"],
        left_out=counts["left_out"],
    )


@dataclass(frozen=True, slots=True)
class _Merging:
    """One merge of open packs of one extractor."""

    packs: Sequence[Pack]
    staging: Path
    options: MergeOptions
    clock: Callable[[], str]
    progress: ProgressCallback

    def write(self, name: str) -> Manifest:
        """Write the new pack's files and return its manifest, which is written last."""
        parts, same_photos = self._parts()
        renamed = {
            old.reference_id: part.renamed[old.row]
            for part in parts
            for old in part.pack.metadata.photos(sorted(part.renamed))
        }
        record, culled, licences = self._write_segment(parts)
        if renamed:
            write_table(self.staging / RENAMED_NAME, ("reference_id", "renamed_to"), renamed.items())
        culled.write_lists(self.staging)
        join_lists(parts, self.staging)
        record, files = described(self.staging, record)
        manifest = self._manifest(
            name,
            record=record,
            files=(*files, *self._projection()),
            culled=culled,
            licences=licences,
            same_photos=same_photos,
            renamed=len(renamed),
        )
        (self.staging / MANIFEST_NAME).write_bytes(manifest.to_bytes())
        return manifest

    def _write_segment(self, parts: Sequence[Part]) -> tuple[SegmentRecord, CullingResult, dict[str, int]]:
        with joined(parts, self.staging, self.progress) as contents:
            photos = Culled(contents.count, contents.photos, contents.vectors, thumbnail_finder(parts))
            culled = cull(
                photos,
                self.options.culling,
                pack=None,
                described_now=False,
                scratch=self.staging,
                progress=self.progress,
            )
            left_out = np.array(culled.left_out_rows(), np.int64)
            if len(left_out) == 0:
                record = write_segment(self.staging, "", contents, seed=SEED, progress=self.progress)
                return record, culled, licences_of(contents.photos())
        with joined(_without(parts, left_out), self.staging, self.progress) as contents:
            record = write_segment(self.staging, "", contents, seed=SEED, progress=self.progress)
            return record, culled, licences_of(contents.photos())

    def _parts(self) -> tuple[list[Part], int]:
        """Return what to take of each pack, and how many photos are left out as known from an earlier pack."""
        self.progress(Progress("Comparing ids and contents", 0, None))
        known = _Known(self.packs)
        parts: list[Part] = []
        same_photos = 0
        for place, pack in enumerate(self.packs):
            same, clashing = known.of(place)
            rows = np.setdiff1d(np.arange(pack.rows), pack.removed, assume_unique=True)
            same_photos += len(same)
            clashing = np.setdiff1d(clashing, same)
            photos = pack.metadata.photos(clashing.tolist())
            new_ids = free_ids((photo.reference_id for photo in photos), known.is_taken)
            known.take(new_ids.values())
            renamed = {photo.row: new_ids[photo.reference_id] for photo in photos}
            parts.append(Part(pack, 0, np.setdiff1d(rows, same, assume_unique=True), renamed))
        return parts, same_photos

    def _projection(self) -> tuple[PackFile, ...]:
        projection = self.packs[0].projection()
        if projection is None:
            return ()
        projection.save(self.staging / PROJECTION_NAME)
        return (describe_file(self.staging, PROJECTION_NAME),)

    def _manifest(
        self,
        name: str,
        *,
        record: SegmentRecord,
        files: tuple[PackFile, ...],
        culled: CullingResult,
        licences: dict[str, int],
        same_photos: int,
        renamed: int,
    ) -> Manifest:
        packs: list[JsonValue] = [
            {
                "name": pack.manifest.name,
                "pack_id": pack.pack_id,
                "references": pack.count,
                "source": dict(pack.manifest.source),
            }
            for pack in self.packs
        ]
        merged = PackChange(
            action="merged",
            at=self.clock(),
            program_version=current_program_version(),
            previous_pack_id="",
            details={
                "packs": packs,
                "added": record.references,
                "rejected": record.rejected,
                "same_photos": same_photos,
                "renamed": renamed,
                **culled.to_json(),
            },
        )
        return replace(
            self.packs[0].manifest,
            name=name,
            created_at=merged.at,
            program_version=merged.program_version,
            segments=(record,),
            references=record.references,
            rejected=record.rejected,
            thumbnails=record.thumbnails,
            licences=licences,
            source=self.options.source or {"format": "packs", "packs": packs},
            files=files,
            synthetic=any(pack.manifest.synthetic for pack in self.packs),
            removed="",
            copy_distance=culled.copy_distance,
            history=(merged,),
            superseded=(),
        )


def _without(parts: Sequence[Part], left_out: NDArray[np.int64]) -> list[Part]:
    """Return the parts less the rows, ascending, of what they join to."""
    fewer: list[Part] = []
    first = 0
    for part in parts:
        start, end = np.searchsorted(left_out, (first, first + len(part.rows)))
        fewer.append(replace(part, rows=np.delete(part.rows, left_out[start:end] - first)))
        first += len(part.rows)
    return fewer


class _Known:
    """Which ids and contents several packs have in common, found by their hashes in 24 bytes a photo."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._packs = packs
        self._given: set[str] = set()
        rows: list[NDArray[np.int64]] = []
        ids: list[NDArray[np.uint64]] = []
        contents: list[NDArray[np.uint64]] = []
        for pack in packs:
            row, id_hash, content = _hashes(pack)
            rows.append(row)
            ids.append(id_hash)
            contents.append(content)
        self._rows = rows
        places = np.repeat(np.arange(len(packs)), [len(row) for row in rows])
        self._repeated_ids = np.split(_in_earlier(np.concatenate(ids)[:, np.newaxis], places), _ends(rows))
        hashes = np.concatenate(contents)
        self._repeated_contents = np.split(_in_earlier(hashes, places) & hashes.any(axis=1), _ends(rows))

    def of(self, place: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of a pack whose content, and those whose id, an earlier pack has as well."""
        rows = self._rows[place]
        return rows[self._repeated_contents[place]], rows[self._repeated_ids[place]]

    def is_taken(self, reference_id: str) -> bool:
        """Return whether any photo has this id, in its pack or by being given it."""
        return reference_id in self._given or any(
            len(pack.metadata.rows_with(reference_ids=[reference_id])) for pack in self._packs
        )

    def take(self, reference_ids: Iterable[str]) -> None:
        """Note ids that are given to photos now."""
        self._given.update(reference_ids)


def _hashes(pack: Pack) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]:
    """Return a pack's rows, and hashes of the ids uint64[n] and of the contents uint64[n, 2], 0 where unknown."""
    rows = np.empty(pack.count, np.int64)
    ids = np.empty(pack.count, np.uint64)
    contents = np.zeros((pack.count, 2), np.uint64)
    for place, (photo, sha256) in enumerate(pack.metadata.all_with_hashes()):
        rows[place] = photo.row
        ids[place] = int(sha256_of_bytes(photo.reference_id.encode("utf-8", "surrogatepass"))[:16], 16)
        if sha256:
            contents[place] = np.frombuffer(bytes.fromhex(sha256)[:16], np.uint64)
    return rows, ids, contents


def _in_earlier(hashes: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return bool[n]: whether a pack at an earlier place has the same hash as well."""
    order = np.lexsort((places, *hashes.T))
    ordered = hashes[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first_place = places[order][np.flatnonzero(begins)][np.cumsum(begins) - 1]
    repeated = np.empty(len(order), np.bool_)
    repeated[order] = first_place < places[order]
    return repeated


def _ends(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.cumsum([len(row) for row in rows])[:-1]
