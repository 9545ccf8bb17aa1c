"""A folder of photos whose EXIF says where they were taken."""

from collections.abc import Iterator
from pathlib import Path

from geolocdesk.evidence.intake import expand_paths
from geolocdesk.provenance import JsonValue
from geolocdesk.reference.sources.source import SourceRow
from geolocdesk.unavailable import Unavailable


class FolderSource:
    """Every photo below a folder, in the order of its path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self._folder.resolve().name

    def count(self) -> int:
        """Return how many photos there are."""
        return sum(1 for _ in expand_paths([self._folder]))

    def rows(self) -> Iterator[SourceRow]:
        """Yield a row a photo; its position is left to its EXIF."""
        for number, path in enumerate(expand_paths([self._folder])):
            relative = path.relative_to(self._folder).as_posix()
            yield SourceRow(
                number=number,
                file=relative,
                path=path,
                reference_id=relative,
                position=Unavailable.NOT_AVAILABLE,
            )

    def to_json(self) -> dict[str, JsonValue]:
        """Return the format and the folder."""
        return {"format": "folder", "name": self.name}
