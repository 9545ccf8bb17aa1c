"""How far two analyses of one photo agree."""

from dataclasses import dataclass

from geolocdesk.analysis import Analysis
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.provenance import Provenance

TOLERANCE_M = 1.0
"""Positions closer than this agree: the rounding of another processor moves them by less."""

PROBABILITY_TOLERANCE = 0.001


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether a recomputed answer is the stored one."""

    agrees: bool
    difference_m: float
    """The farthest that the position or a level's answer moved."""
    explanation: str


def compare_analyses(stored: Analysis, again: Analysis) -> Agreement:
    """Return how far the answers agree: position, each level's position and probability."""
    before, after = stored.estimate, again.estimate
    moved = [_distance_m(before.position, after.position)]
    moved += [
        _distance_m(old.position, new.position) for old, new in zip(before.levels, after.levels, strict=False)
    ]
    difference_m = max(moved)
    faults = []
    if difference_m > TOLERANCE_M:
        faults.append(f"an answer moved by {difference_m:,.0f} m")
    if [answer.level for answer in before.levels] != [answer.level for answer in after.levels]:
        faults.append("the levels are others")
    for old, new in zip(before.levels, after.levels, strict=False):
        if abs(old.probability - new.probability) > PROBABILITY_TOLERANCE:
            faults.append(
                f"the probability at the {old.level.name} level is {new.probability:.3f}, not {old.probability:.3f}"
            )
    remarks = [*_neighbour_remarks(stored, again), *_provenance_remarks(stored.provenance, again.provenance)]
    return Agreement(not faults, difference_m, _sentence(faults, remarks, difference_m))


def _sentence(faults: list[str], remarks: list[str], difference_m: float) -> str:
    if faults:
        verdict = f"Recomputed, {', '.join(faults)}."
    elif difference_m == 0.0:
        verdict = "Recomputed: the same answer to the last digit."
    else:
        verdict = f"Recomputed: the same answer to within {max(difference_m, 0.001):.3f} m."
    return " ".join([verdict, *remarks])


def _neighbour_remarks(stored: Analysis, again: Analysis) -> list[str]:
    before = [item.reference.reference_id for item in stored.neighbours.items]
    after = [item.reference.reference_id for item in again.neighbours.items]
    if before == after:
        return []
    first = next(
        (rank for rank, (old, new) in enumerate(zip(before, after, strict=False), start=1) if old != new),
        min(len(before), len(after)) + 1,
    )
    return [f"The neighbours differ from rank {first} on."]


def _provenance_remarks(before: Provenance, after: Provenance) -> list[str]:
    changed = []
    if before.program_version != after.program_version:
        changed.append(f"geolocdesk {after.program_version} (was {before.program_version})")
    for name in sorted(before.libraries.keys() | after.libraries.keys()):
        old, new = before.libraries.get(name, "none"), after.libraries.get(name, "none")
        if old != new:
            changed.append(f"{name} {new} (was {old})")
    if before.device != after.device:
        changed.append(f"device {after.device} (was {before.device})")
    return [f"Recomputed with {', '.join(changed)}."] if changed else []


def _distance_m(first: Position, second: Position) -> float:
    distance_km = great_circle_km(first.latitude, first.longitude, second.latitude, second.longitude)
    return float(distance_km) * 1000.0
