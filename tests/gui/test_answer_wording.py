from dataclasses import replace

import pytest

from geolocdesk.analysis import Exclusions
from geolocdesk.estimation.location import LEVELS, Calibration, LevelAnswer, Region
from geolocdesk.gui.answer_wording import claim_sentence, exclusions_sentence, search_sentences
from geolocdesk.quantities import NO_BREAK
from geolocdesk.reporting.answer import calibration_badge, certainty_sentence, region_sentence
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import ZAGREB, make_analysis

CALIBRATION = Calibration(1830, "isotonic regression", "held-out photos")


def answers(
    *probabilities: float, calibration: Calibration | Unavailable = CALIBRATION
) -> tuple[LevelAnswer, ...]:
    return tuple(
        LevelAnswer(level, ZAGREB, probability, calibration)
        for level, probability in zip(LEVELS, probabilities, strict=True)
    )


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def test_the_finest_level_that_is_more_likely_right_than_wrong_is_named() -> None:
    sentence = plain(certainty_sentence(answers(0.03, 0.1, 0.5, 0.8, 0.95)))
    assert sentence == "Right within 200 km in about 50 % of comparable cases (region level)."


def test_an_uncalibrated_share_is_not_called_a_chance() -> None:
    uncalibrated = answers(0.03, 0.1, 0.4, 0.71, 0.95, calibration=Unavailable.NOT_AVAILABLE)
    sentence = plain(certainty_sentence(uncalibrated))
    assert sentence.startswith("71 % of the evidence lies within 750 km (country level).")
    assert "not yet the chance of being right" in sentence


def test_a_weak_lead_is_called_one() -> None:
    assert certainty_sentence(answers(0.0, 0.1, 0.2, 0.3, 0.499)).startswith("A weak lead")


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        (answers(0.1, 0.1, 0.1, 0.1, 0.1), "calibrated on 1,830 photos"),
        (answers(0.1, 0.1, 0.1, 0.1, 0.1, calibration=Unavailable.NOT_AVAILABLE), "not calibrated"),
        ((), "not calibrated"),
    ],
)
def test_the_badge_says_what_probabilities_were_calibrated_on(
    probabilities: tuple[LevelAnswer, ...], expected: str
) -> None:
    assert plain(calibration_badge(probabilities)) == expected


def test_the_badge_does_not_hide_levels_without_a_calibration() -> None:
    mixed = (
        *answers(0.1, 0.1, 0.1, 0.1, 0.1)[:3],
        *answers(0.1, 0.1, 0.1, 0.1, 0.1, calibration=Unavailable.NOT_AVAILABLE)[3:],
    )
    assert plain(calibration_badge(mixed)) == "calibrated on 1,830 photos, 2 levels not calibrated"


def test_regions_name_their_area_and_their_parts() -> None:
    part = make_analysis().estimate.regions[0].parts[0]
    assert plain(region_sentence(Region(0.5, 184_123.0, (part,)))) == "50 % region: 184,000 km²"
    assert plain(region_sentence(Region(0.9, 1.2e6, (part, part)))).endswith(", in 2 parts")


def test_the_files_claim_is_measured_or_missing() -> None:
    analysis = make_analysis()
    assert plain(claim_sentence(analysis)) == "GPS position 45.813100, 15.977200, 12 km from the answer."
    assert claim_sentence(make_analysis(bare=True)) == "GPS position: not available."
    unmeasured = replace(analysis, exif_distance_km=Unavailable.NOT_APPLICABLE)
    assert claim_sentence(unmeasured).endswith("its distance from the answer is not applicable.")


def test_exclusions_are_never_silent() -> None:
    assert exclusions_sentence(Exclusions()) == ""
    sentence = exclusions_sentence(Exclusions(frozenset("ab"), frozenset("p"), frozenset("xyz")))
    assert plain(sentence) == "Excluded from this answer: 2 photos, 1 place, 3 photographers."


def test_a_search_that_found_too_few_says_so() -> None:
    everything = make_analysis(neighbours=3)
    assert search_sentences(everything) == ""
    exclusions = Exclusions(countries=frozenset({"SI", "HR"}), own_copies=True)
    few = replace(
        everything,
        exclusions=exclusions,
        neighbours=replace(everything.neighbours, wanted=100, eligible=3, copies=1),
    )
    assert search_sentences(few) == (
        "Excluded from this answer: everything outside HR, SI, copies of the photo itself. Only 3 of 100 neighbours, "
        "as no more references are left to be found; 1\N{NO-BREAK SPACE}copy of the photo itself passed over."
    )
