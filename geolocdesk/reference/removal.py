"""Removing references from a pack: from then on no search finds them; compacting erases their data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geolocdesk.errors import PackError
from geolocdesk.provenance import current_program_version
from geolocdesk.reference.changing import changing
from geolocdesk.reference.manifest import PackChange
from geolocdesk.reference.pack import Pack
from geolocdesk.reference.removed_rows import described_removed, write_removed
from geolocdesk.reference.segment_writer import licences_of

_IDS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class RemoveResult:
    """What removing did."""

    folder: Path
    references: int
    """Those that are left."""
    removed: int
    not_found: tuple[str, ...]
    """Ids that no reference of the pack has, in the order in which they were named."""


def remove_from_pack(
    folder: Path, reference_ids: Sequence[str], *, source: str, clock: Callable[[], str]
) -> RemoveResult:
    """Remove the references with these ids, at once or, after a kill, not at all.

    ``source`` says in the pack's history where the ids come from. Their data stays on disk until the pack is
    compacted. Raises PackError, also where nothing would be left, or OutputError.
    """
    with changing(folder, since=clock()) as change:
        manifest = change.manifest
        with Pack(folder) as pack:
            rows = pack.metadata.rows_with(reference_ids=reference_ids)
            gone: set[str] = set()
            licences = dict(manifest.licences)
            thumbnails = 0
            for start in range(0, len(rows), _IDS_AT_ONCE):
                photos = pack.metadata.photos(rows[start : start + _IDS_AT_ONCE].tolist())
                gone.update(photo.reference_id for photo in photos)
                for licence, count in licences_of((photo, "") for photo in photos).items():
                    licences[licence] = licences.get(licence, 0) - count
                thumbnails += sum(pack.has_thumbnail(photo.row) for photo in photos)
            removed = np.union1d(pack.removed, rows)
        not_found = tuple(dict.fromkeys(name for name in reference_ids if name not in gone))
        left = manifest.rows - len(removed)
        if left == 0:
            message = f"Nothing would be left of the pack {folder}; delete the folder if that is meant."
            raise PackError(message)
        if len(rows) == 0:
            return RemoveResult(folder, left, 0, not_found)
        name = write_removed(folder, removed)
        entry = PackChange(
            action="removed",
            at=clock(),
            program_version=current_program_version(),
            previous_pack_id=change.pack_id,
            details={"source": source, "removed": len(rows), "not_found": len(not_found)},
        )
        change.commit(
            replace(
                manifest,
                references=left,
                thumbnails=manifest.thumbnails - thumbnails,
                licences={licence: count for licence, count in licences.items() if count},
                files=(
                    *(file for file in manifest.files if file.name != manifest.removed),
                    *described_removed(folder, name),
                ),
                removed=name,
                history=(*manifest.history, entry),
            )
        )
        return RemoveResult(folder, left, len(rows), not_found)
