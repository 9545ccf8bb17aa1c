"""The sentences of the answer panel: plain, and never surer than the numbers."""

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.quantities import count_text, distance_text
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text


def claim_sentence(analysis: Analysis) -> str:
    """Return the file's own GPS position and its distance from the answer, or that there is none."""
    claimed = analysis.evidence.exif.position
    if isinstance(claimed, Unavailable):
        return f"GPS position: {claimed}."
    where = f"GPS position {decimal_text(claimed)}"
    if isinstance(analysis.exif_distance_km, Unavailable):
        return f"{where}; its distance from the answer is {analysis.exif_distance_km}."
    return f"{where}, {distance_text(analysis.exif_distance_km)} from the answer."


def search_sentences(analysis: Analysis) -> str:
    """Return what was left out of the search and how many neighbours that left; empty when nothing was."""
    excluded = exclusions_sentence(analysis.exclusions)
    limits = analysis.neighbours.limits_text()
    return f"{excluded} {limits[0].upper()}{limits[1:]}." if excluded and limits else excluded


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
    if exclusions.countries:
        named.append(f"everything outside {', '.join(sorted(exclusions.countries))}")
    if exclusions.own_copies:
        named.append("copies of the photo itself")
    if not named:
        return ""
    return f"Excluded from this answer: {', '.join(named)}."
