"""What a manifest says of an index, and which files the index consists of."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from geolocdesk.provenance import JsonValue

IndexKind = Literal["flat", "ivf_rabitq"]

RECALL_NEIGHBOURS = 100
"""Recall is counted among this many nearest."""


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """What a pack's manifest says of its index; the rest is 0 or 1 for an exact one."""

    kind: IndexKind
    dimension: int
    count: int
    lists: int = 0
    """Inverted lists."""
    probes: int = 0
    """Lists visited per query; where ``reach`` decides, the middle one of the numbers measured."""
    measured_recall: float = 1.0
    """Recall at 100 against exact search, measured at build time with ``reach`` and ``depth``."""
    depth: int = 0
    """Candidates compared exactly, for up to 100 neighbours."""
    recall_target: float = 1.0
    """What ``measured_recall`` was to reach."""
    recall_queries: int = 0
    """How many descriptors it was measured with, each searched as if it were not in the index."""
    reach: float = 0.0
    """A list is visited where its centre's squared distance from the query is larger by at most this than that of the
    nearest one; 0: the nearest ``probes`` lists are."""
    query_bits: int = 8
    """Bits to which a component of the query is rounded where it is compared with codes of one bit."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the description as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "IndexDescription":
        """Return what ``to_json`` wrote. Raises KeyError, TypeError or ValueError on other input."""
        kind = value["kind"]
        if kind not in ("flat", "ivf_rabitq"):
            message = f"unknown index kind {kind!r}"
            raise ValueError(message)
        return cls(
            kind=kind,
            dimension=int(value["dimension"]),
            count=int(value["count"]),
            lists=int(value["lists"]),
            probes=int(value["probes"]),
            measured_recall=float(value["measured_recall"]),
            depth=int(value.get("depth", 0)),
            recall_target=float(value.get("recall_target", 1.0)),
            recall_queries=int(value.get("recall_queries", 0)),
            reach=float(value.get("reach", 0.0)),
            query_bits=int(value.get("query_bits", 8)),
        )


def originals_path(path: Path) -> Path:
    """Return where the originals of the compressed index ``path`` lie."""
    return path.with_suffix(".float16")


def index_files(path: Path, description: IndexDescription) -> tuple[Path, ...]:
    """Return every file of the index that was built as ``path``; all lie beside it and begin with its stem."""
    return (path,) if description.kind == "flat" else (path, originals_path(path))
