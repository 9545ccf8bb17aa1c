"""How much one photo may cost before it is given up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """The limits that one photo is taken in under."""

    max_bytes: int = 512 * 2**20
    max_pixels: int = 250_000_000
    """As stored, and also of every picture it is scaled to."""
    timeout_s: float = 30.0
    """For reading the file, and once more for decoding it."""
    metadata_timeout_s: float = 5.0
    """For its metadata, without which the photo is still taken in."""
    memory_bytes: int = 2 * 2**30
    """Of the whole decoding process: address space on Linux, elsewhere memory in use."""
