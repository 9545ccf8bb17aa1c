"""What the engine keeps between two jobs."""

from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.errors import PackError

if TYPE_CHECKING:
    from geolocdesk.analysis import Analyser


class Workshop:
    """The open model and reference pack, if there are any."""

    def __init__(self) -> None:
        self._analyser: Analyser | None = None

    @property
    def analyser(self) -> "Analyser":
        """Return the analyser. Raises PackError where no pack is open."""
        if self._analyser is None:
            message = "No reference pack is open. Open one, then analyse again."
            raise PackError(message)
        return self._analyser

    def open(self, pack: Path, *, model: str | None, device: str, workers: int) -> "Analyser":
        """Open a pack and its model in place of the ones before. Raises PackError or ModelError.

        Where the new one cannot be opened the old one stays.
        """
        from geolocdesk.analysis import Analyser

        opened = Analyser.open(pack, model=model, device=device, workers=workers)
        self.close()
        self._analyser = opened
        return opened

    def close(self) -> None:
        """Close what is open."""
        if self._analyser is not None:
            self._analyser.close()
            self._analyser = None
