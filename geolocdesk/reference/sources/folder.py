"""A folder of photos whose EXIF says where they were taken."""

from collections.abc import Iterator
from pathlib import Path

from geolocdesk.errors import SourceError
from geolocdesk.evidence.intake import expand_paths
from geolocdesk.progress import ProgressCallback
from geolocdesk.reference.sources.listed import ListedSource
from geolocdesk.reference.sources.source import SourceRow
from geolocdesk.unavailable import Unavailable


def open_folder(folder: Path, progress: ProgressCallback) -> ListedSource:
    """Return every photo below a folder, in the order of its path. Raises SourceError where it is none."""
    if not folder.is_dir():
        message = f"{folder} is not a folder; name a folder of photos, or use --format csv for a table."
        raise SourceError(message)

    def list_rows() -> Iterator[SourceRow]:
        for path in expand_paths([folder]):
            relative = path.relative_to(folder).as_posix()
            yield SourceRow(
                number=0,
                file=relative,
                path=path,
                reference_id=relative,
                position=Unavailable.NOT_AVAILABLE,
            )

    return ListedSource("folder", folder.resolve().name, list_rows, progress=progress)
