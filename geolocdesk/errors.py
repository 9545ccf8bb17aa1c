"""Typed errors for what the outside world got wrong; our own bugs are ordinary exceptions.

Each error carries the data a caller needs and reads as one sentence the user can act on.
"""

from pathlib import Path


class GeolocdeskError(Exception):
    """An input, file or environment is at fault, and the message says what to do about it."""

    kind: str = "error"
    """Stable machine-readable name, printed as ``error.kind`` in JSON."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(GeolocdeskError):
    """The command or request itself makes no sense; the command line exits with 2."""

    kind = "usage"


class EvidenceError(GeolocdeskError):
    """A photo could not be taken in; the batch goes on without it.

    ``kind`` is one of the names in ``EVIDENCE_ERROR_KINDS``; ``path`` names the file.
    """

    def __init__(self, kind: str, path: Path, message: str) -> None:
        if kind not in EVIDENCE_ERROR_KINDS:
            unknown = f"unknown evidence error kind: {kind!r}"
            raise ValueError(unknown)
        super().__init__(message)
        self.kind = kind
        self.path = path

    def __reduce__(self) -> tuple[type["EvidenceError"], tuple[str, Path, str]]:
        return (EvidenceError, (self.kind, self.path, self.message))


EVIDENCE_ERROR_KINDS = frozenset(
    {
        "not_found",  # no such file
        "unreadable",  # the operating system refused to read it
        "empty",  # zero bytes
        "too_large",  # more bytes than the intake accepts
        "unsupported_format",  # not on the allow-list, judged by content and not by name
        "too_many_pixels",  # over the pixel limit
        "damaged",  # on the allow-list, but the decoder could not make a picture of it
        "decoder_crashed",  # the decoding process died
        "decoder_timeout",  # the decoding process took too long and was stopped
        "decoder_memory",  # the decoding process hit its memory limit
    }
)


class ModelError(GeolocdeskError):
    """A model or its weights are missing, damaged or not what they say they are."""

    kind = "model"


class TrainingError(GeolocdeskError):
    """A training cannot go on; what it had learned by its last checkpoint is kept."""

    kind = "training"


class PackError(GeolocdeskError):
    """A reference pack is missing, damaged, of another version or of another extractor."""

    kind = "pack"


class CalibrationError(PackError):
    """A calibration that an answer names is missing or changed."""

    kind = "calibration"


class SourceError(GeolocdeskError):
    """A reference source (folder, CSV, …) cannot be used at all."""

    kind = "source"


class ClusterError(GeolocdeskError):
    """A cluster of workers cannot be reached, or is not set up like the program that uses it."""

    kind = "cluster"


class CaseError(GeolocdeskError):
    """A case file is missing, locked, damaged or of a version this program cannot use."""

    kind = "case"


class OutputError(GeolocdeskError):
    """A result could not be written; what was there before is untouched."""

    kind = "output"


class MapError(GeolocdeskError):
    """A file of map tiles is missing, damaged or of a kind this program cannot draw."""

    kind = "map"


class SettingsError(GeolocdeskError):
    """The settings file cannot be read or holds something this version does not know."""

    kind = "settings"


class EngineError(GeolocdeskError):
    """The process that computes ended or failed; what it finished before is kept."""

    kind = "engine"
