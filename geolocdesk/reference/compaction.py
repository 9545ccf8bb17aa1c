"""Keeping the number of a pack's segments small: several are written anew as one, without removed references."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.provenance import current_program_version
from geolocdesk.reference.changing import PackChanging, changing, sync_files
from geolocdesk.reference.copy_distance import SEED
from geolocdesk.reference.joining import Part, join_lists, joined
from geolocdesk.reference.manifest import PackChange
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.removed_rows import described_removed, write_removed
from geolocdesk.reference.segment_writer import described, write_segment

MOST_SEGMENTS = 8
"""Each is searched by itself, so that many would make a search slow; one more, and the youngest are joined."""


@dataclass(frozen=True, slots=True)
class CompactResult:
    """What compacting a pack did."""

    folder: Path
    references: int
    segments_joined: int
    """0 where there was nothing to do."""
    erased: int
    """Removed references whose data is gone from the disk now."""


def compact_pack(
    folder: Path, *, clock: Callable[[], str], progress: ProgressCallback = ignore_progress
) -> CompactResult:
    """Write a pack of several segments, or with removed references, anew as one segment without them.

    Nothing is described again. Until the end the old pack works, and it is what stays after a kill. Raises
    PackError or OutputError.
    """
    with changing(folder, since=clock()) as change:
        manifest = change.manifest
        erased = manifest.rows - manifest.references
        if len(manifest.segments) == 1 and not erased:
            return CompactResult(folder, manifest.references, 0, 0)
        joined_count = len(manifest.segments)
        _join_from(change, 0, clock, progress)
        return CompactResult(folder, manifest.references, joined_count, erased)


def join_youngest(change: PackChanging, *, clock: Callable[[], str], progress: ProgressCallback) -> None:
    """Join the youngest segments of a pack that has more than ``MOST_SEGMENTS``."""
    first = first_to_join([segment.references for segment in change.manifest.segments])
    if first is not None:
        _join_from(change, first, clock, progress)


def first_to_join(sizes: Sequence[int]) -> int | None:
    """Return from which segment on all are to be joined, or None where there are few enough.

    The last two are, and each one before that is no larger than what is being joined already: so a reference is
    written again only when the segment that holds it doubles.
    """
    if len(sizes) <= MOST_SEGMENTS:
        return None
    first = len(sizes) - 2
    total = sizes[first] + sizes[first + 1]
    while first > 0 and sizes[first - 1] <= total:
        first -= 1
        total += sizes[first]
    return first


def _join_from(
    change: PackChanging, first: int, clock: Callable[[], str], progress: ProgressCallback
) -> None:
    """Join all segments from the ``first`` on, and commit."""
    manifest = change.manifest
    name, path = change.new_segment()
    with Pack(change.folder) as pack:
        first_row = pack.segments[first].first_row
        kept = np.setdiff1d(np.arange(first_row, pack.rows), pack.removed, assume_unique=True)
        part = Part(pack, first_row, kept)
        with joined([part], path, progress) as contents:
            record = write_segment(path, name, contents, seed=SEED, progress=progress)
        join_lists([part], path)
        still_removed = pack.removed[pack.removed < first_row]
    sync_files(path)
    record, files = described(change.folder, record)
    gone = manifest.segments[first:]
    gone_files = {manifest.removed, *(name for segment in gone for name in segment.files)}
    removed = write_removed(change.folder, still_removed)
    entry = PackChange(
        action="compacted",
        at=clock(),
        program_version=current_program_version(),
        previous_pack_id=change.pack_id,
        details={
            "segments": len(gone),
            "references": record.references,
            "erased": manifest.rows - manifest.references - len(still_removed),
        },
    )
    change.commit(
        replace(
            manifest,
            segments=(*manifest.segments[:first], record),
            files=(
                *(file for file in manifest.files if file.name not in gone_files),
                *files,
                *described_removed(change.folder, removed),
            ),
            removed=removed,
            history=(*manifest.history, entry),
        )
    )
