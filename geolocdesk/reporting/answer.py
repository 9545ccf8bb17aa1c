"""What a report says about one analysis, in ready sentences: plain, and never surer than the numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from geolocdesk.analysis import NO_EXCLUSIONS, Analysis
from geolocdesk.cartography.coordinates import decimal_text, dms_text, list_notations
from geolocdesk.cartography.place_names import find_place
from geolocdesk.casefile.exhibit import AnalysisSummary
from geolocdesk.estimation.carriers import CARRIED_SHARE, find_carriers
from geolocdesk.estimation.location import Familiarity, LevelAnswer, Region, resembles_nothing
from geolocdesk.geodesy import Position, great_circle_km
from geolocdesk.quantities import area_text, count_text, distance_text, radius_text, share_text
from geolocdesk.reference.neighbours import Neighbour, ReferencePhoto
from geolocdesk.reporting.facts import Fact, exclusion_facts, provenance_facts
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text


@dataclass(frozen=True, slots=True)
class LevelLine:
    """The answer at one level."""

    answer: LevelAnswer
    name: str
    radius: str
    position: str
    place: str
    probability: str
    calibration: str
    """What the probability was calibrated on, or ``not calibrated``."""

    @property
    def calibrated_on(self) -> str:
        """Return the same as a remark that stands by itself: ``calibrated on …`` or ``not calibrated``."""
        return f"calibrated on {self.calibration}" if self.is_calibrated else self.calibration

    @property
    def calibration_photos(self) -> str:
        """Return on how many photos it was calibrated, for a place with little room, or ``not calibrated``."""
        calibration = self.answer.calibration
        return (
            self.calibration
            if isinstance(calibration, Unavailable)
            else count_text(calibration.photos, "photo")
        )

    @property
    def is_calibrated(self) -> bool:
        """Return whether the probability was compared with how often such answers are right."""
        return not isinstance(self.answer.calibration, Unavailable)


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourLine:
    """One reference photo that resembles the query."""

    neighbour: Neighbour
    rank: int
    weight: float
    """Its share (0–1) of the neighbours' weights."""
    place: str
    """As its pack names the place, or ``place not stated``."""
    position: str
    descriptor_distance: str
    from_answer: str
    credit: str
    """Licence and photographer, or that they are not available."""
    is_carrier: bool
    """Whether the answer rests on it, among others."""
    thumbnail: bytes | None
    """A JPEG, where the case holds one."""


@dataclass(frozen=True, slots=True, eq=False)
class AnswerReport:
    """Everything a report says about one analysis."""

    analysis: Analysis
    summary: AnalysisSummary
    position: str
    """In decimal degrees."""
    place: str
    """The place in a whole sentence, with distance, direction and any remark on the area's status."""
    place_short: str
    notations: tuple[tuple[str, str], ...]
    certainty: str
    warning: str
    """That the photo resembles nothing in the pack; empty where it does, or where nothing is known of it."""
    calibration: str
    levels: tuple[LevelLine, ...]
    regions: tuple[str, ...]
    claim: str
    """The file's own GPS position beside the answer."""
    basis: str
    """On which neighbours the answer rests."""
    neighbours: tuple[NeighbourLine, ...]
    """The first ones, as many as were asked for."""
    neighbours_in_all: int
    exclusions: tuple[Fact, ...]
    provenance: tuple[Fact, ...]
    is_synthetic: bool
    """Whether the reference pack holds drawn photos: the answer is then practice, not a lead."""

    @property
    def assessment(self) -> str:
        """Return the warning, if any, and the certainty in one text."""
        return f"{self.warning} {self.certainty}" if self.warning else self.certainty

    @property
    def calibrated_on(self) -> str:
        """Return in a sentence what the levels were calibrated on, once for all of them; empty where none was."""
        sources = dict.fromkeys(line.calibration for line in self.levels if line.is_calibrated)
        return f"Calibrated on {'; '.join(sources)}." if sources else ""


def answer_report(
    analysis: Analysis,
    summary: AnalysisSummary,
    *,
    neighbours: int,
    thumbnail: Callable[[int], bytes | None],
) -> AnswerReport:
    """Return what is said about an analysis, with its first ``neighbours``; ``thumbnail`` looks rows up."""
    estimate = analysis.estimate
    place = find_place(estimate.position)
    carriers = find_carriers(analysis.neighbours, estimate)
    return AnswerReport(
        analysis=analysis,
        summary=summary,
        position=decimal_text(estimate.position),
        place=place.full,
        place_short=place.short,
        notations=list_notations(estimate.position),
        certainty=certainty_sentence(estimate.levels),
        warning=unfamiliar_sentence(estimate.familiarity),
        calibration=calibration_badge(estimate.levels),
        levels=tuple(map(_level_line, estimate.levels)),
        regions=tuple(map(region_sentence, sorted(estimate.regions, key=lambda region: region.mass))),
        claim=claim_sentence(analysis),
        basis=basis_sentence(carriers, len(analysis.neighbours.items)),
        neighbours=tuple(
            _neighbour_line(item, analysis, carriers, thumbnail(item.reference.row))
            for item in analysis.neighbours.items[:neighbours]
        ),
        neighbours_in_all=len(analysis.neighbours.items),
        exclusions=(*exclusion_facts(analysis.exclusions), *_limits(analysis)),
        provenance=provenance_facts(analysis.analysis_id, analysis.provenance, summary),
        is_synthetic=names_synthetic_pack(analysis.provenance.pack_name),
    )


def names_synthetic_pack(pack_name: str) -> bool:
    """Return whether a pack's recorded name says that its photos are drawn; every synthetic pack's does."""
    return "synthetic" in pack_name.casefold()


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


def unfamiliar_sentence(familiarity: Familiarity | Unavailable) -> str:
    """Return the warning for a photo that resembles nothing in the pack; empty for any other."""
    if not resembles_nothing(familiarity):
        return ""
    return (
        "This photo resembles nothing in the reference pack: it is further from its neighbours than "
        f"{share_text(familiarity.share_nearer)} of the {count_text(familiarity.photos, 'photo')} the pack was "
        "calibrated on. Neither the answer nor its probabilities can be relied on."
    )


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
        return f"The file's own GPS position: {claimed}. Nothing to compare the answer with."
    where = f"The file claims {decimal_text(claimed)} ({dms_text(claimed)}; {find_place(claimed).short})"
    if isinstance(analysis.exif_distance_km, Unavailable):
        return f"{where}; its distance from the answer is {analysis.exif_distance_km}."
    apart = distance_text(analysis.exif_distance_km)
    return f"{where}, {apart} from the answer. The claim is untrusted and took no part in the answer."


def _limits(analysis: Analysis) -> tuple[Fact, ...]:
    """Return what the exclusions left to be found, where that is fewer than was asked for."""
    text = analysis.neighbours.limits_text()
    return (Fact("Neighbours left", text),) if text and analysis.exclusions != NO_EXCLUSIONS else ()


def basis_sentence(carriers: dict[int, float], neighbours: int) -> str:
    """Return on how many of the neighbours most of the answer rests, and on which."""
    ranks = sorted(carriers)
    if not ranks:
        return "The answer rests on what the model learned of classes of places, not on the neighbours."
    if len(ranks) == 1:
        return f"The answer rests on neighbour {ranks[0]} alone ({share_text(sum(carriers.values()))} of it)."
    named = ", ".join(map(str, ranks[:12])) + (" …" if len(ranks) > 12 else "")
    return (
        f"At least {share_text(CARRIED_SHARE)} of the answer rests on {len(ranks)} of "
        f"{count_text(neighbours, 'neighbour')}: numbers {named}."
    )


def credit_text(reference: ReferencePhoto) -> str:
    """Return licence and photographer; what is missing is written out."""
    licence, photographer = reference.licence, reference.photographer
    if isinstance(licence, Unavailable) and isinstance(photographer, Unavailable):
        return "licence and photographer not available"
    first = "licence not available" if isinstance(licence, Unavailable) else visible_text(licence)
    second = (
        "photographer not available" if isinstance(photographer, Unavailable) else visible_text(photographer)
    )
    return f"{first} · {second}"


def _level_line(answer: LevelAnswer) -> LevelLine:
    calibration = answer.calibration
    return LevelLine(
        answer=answer,
        name=answer.level.name,
        radius=radius_text(answer.level.radius_km),
        position=decimal_text(answer.position),
        place=find_place(answer.position).short,
        probability=share_text(answer.probability),
        calibration="not calibrated"
        if isinstance(calibration, Unavailable)
        else f"{count_text(calibration.photos, 'photo')} ({visible_text(calibration.source)}), "
        f"{visible_text(calibration.method)}",
    )


def _neighbour_line(
    item: Neighbour, analysis: Analysis, carriers: dict[int, float], thumbnail: bytes | None
) -> NeighbourLine:
    weights = analysis.estimate.weights
    reference = item.reference
    place = reference.place
    return NeighbourLine(
        neighbour=item,
        rank=item.rank,
        weight=float(weights[item.rank - 1]) if item.rank <= len(weights) else 0.0,
        place="place not stated" if isinstance(place, Unavailable) else visible_text(place),
        position=decimal_text(reference.position),
        descriptor_distance=f"{item.distance:.3f}",
        from_answer=distance_text(_distance_km(reference.position, analysis.estimate.position)),
        credit=credit_text(reference),
        is_carrier=item.rank in carriers,
        thumbnail=thumbnail,
    )


def _distance_km(first: Position, second: Position) -> float:
    return float(great_circle_km(first.latitude, first.longitude, second.latitude, second.longitude))
