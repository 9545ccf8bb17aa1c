"""The sentences of the answer panel: plain, and never surer than the numbers."""

from collections.abc import Sequence

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.estimation.location import LevelAnswer, Region
from geolocdesk.quantities import area_text, count_text, distance_text, radius_text, share_text
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text


def certainty_sentence(answers: Sequence[LevelAnswer]) -> str:
    """Return how near the truth may be: the finest level that holds at least half, or that none does."""
    held = [answer for answer in answers if answer.probability >= 0.5]
    if not held:
        return (
            f"A weak lead: no level reaches {share_text(0.5)}. "
            "Look at the neighbours before relying on any of it."
        )
    finest = min(held, key=lambda answer: answer.level.radius_km)
    share = share_text(finest.probability)
    radius = radius_text(finest.level.radius_km)
    if isinstance(finest.calibration, Unavailable):
        return (
            f"{share} of the evidence lies within {radius} ({finest.level.name} level). "
            "Not calibrated: this is not yet the chance of being right."
        )
    return f"Right within {radius} in about {share} of comparable cases ({finest.level.name} level)."


def calibration_badge(answers: Sequence[LevelAnswer]) -> str:
    """Return what the probabilities were calibrated on."""
    photos = {
        answer.calibration.photos for answer in answers if not isinstance(answer.calibration, Unavailable)
    }
    if not photos:
        return "not calibrated"
    missing = sum(isinstance(answer.calibration, Unavailable) for answer in answers)
    calibrated = f"calibrated on {count_text(min(photos), 'photo')}"
    return f"{calibrated}, {count_text(missing, 'level')} not calibrated" if missing else calibrated


def region_sentence(region: Region) -> str:
    """Return how large the smallest area is that holds a share of the density."""
    parts = len(region.parts)
    split = f", in {parts} parts" if parts > 1 else ""
    return f"{share_text(region.mass)} region: {area_text(region.area_km2)}{split}"


def claim_sentence(analysis: Analysis) -> str:
    """Return the file's own GPS position and its distance from the answer, or that there is none."""
    claimed = analysis.evidence.exif.position
    if isinstance(claimed, Unavailable):
        return f"GPS position: {claimed}."
    where = f"GPS position {decimal_text(claimed)}"
    if isinstance(analysis.exif_distance_km, Unavailable):
        return f"{where}; its distance from the answer is {analysis.exif_distance_km}."
    return f"{where}, {distance_text(analysis.exif_distance_km)} from the answer."


def exclusions_sentence(exclusions: Exclusions) -> str:
    """Return what was left out of the search; empty when nothing was."""
    counts = (
        (len(exclusions.reference_ids), "photo"),
        (len(exclusions.places), "place"),
        (len(exclusions.photographers), "photographer"),
    )
    named = [count_text(count, noun) for count, noun in counts if count]
    if exclusions.within is not None:
        named.append(f"everything outside {visible_text(exclusions.within.name)}")
    if not named:
        return ""
    return f"Excluded from this answer: {', '.join(named)}."
