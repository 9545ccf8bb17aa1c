"""What is ready once the practice world is drawn and built. Light: the window knows it before any drawing starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geolocdesk.practice.world import PracticeWorld


@dataclass(frozen=True, slots=True)
class PreparedPractice:
    """A practice world with its reference pack."""

    world: "PracticeWorld"
    pack: Path
    queries: tuple[Path, ...]
    """The photos to be analysed, the planted unreadable one among them."""
