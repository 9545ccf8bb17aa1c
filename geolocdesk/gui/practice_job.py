"""The engine's job that makes the practice world ready. Nothing here may import Qt: the engine runs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geolocdesk.engine.jobs import utc_now
from geolocdesk.engine.workshop import Workshop
from geolocdesk.practice.prepared import PreparedPractice
from geolocdesk.progress import ProgressCallback


@dataclass(frozen=True, slots=True)
class PreparePractice:
    """Draw the practice world and build its pack where they are missing; yields one PreparedPractice."""

    folder: Path
    device: str = "auto"

    subject = None
    prepares = False

    def run(self, _workshop: Workshop, progress: ProgressCallback) -> Iterator[PreparedPractice]:
        """Draw and build; what is there already is kept."""
        from geolocdesk.practice.pack import prepare_practice

        yield prepare_practice(self.folder, clock=utc_now, device=self.device, progress=progress)
