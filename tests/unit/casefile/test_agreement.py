from dataclasses import replace

import pytest

from geolocdesk.analysis import Analysis
from geolocdesk.casefile.agreement import compare_analyses
from geolocdesk.geodesy import Position
from geolocdesk.reference.neighbours import Neighbours
from tests.doubles.analyses import FIJI, make_analysis


def moved(analysis: Analysis, longitude: float, level: int | None = None) -> Analysis:
    """Return the analysis with its position, or one level's, at another longitude."""
    estimate = analysis.estimate
    there = Position(estimate.position.latitude, longitude)
    if level is None:
        return replace(analysis, estimate=replace(estimate, position=there))
    levels = list(estimate.levels)
    levels[level] = replace(levels[level], position=there)
    return replace(analysis, estimate=replace(estimate, levels=tuple(levels)))


def test_equal_analyses_agree() -> None:
    agreement = compare_analyses(make_analysis(), make_analysis())

    assert agreement.agrees
    assert agreement.difference_m == 0.0


def test_rounding_is_not_a_difference() -> None:
    stored = make_analysis()

    agreement = compare_analyses(stored, moved(stored, stored.estimate.position.longitude + 1e-6))

    assert agreement.agrees
    assert 0 < agreement.difference_m < 0.2
    assert "to within 0.0" in agreement.explanation


@pytest.mark.parametrize("level", [None, 0, 4])
def test_a_moved_answer_differs_at_every_level(level: int | None) -> None:
    stored = make_analysis()

    agreement = compare_analyses(stored, moved(stored, stored.estimate.position.longitude + 1, level))

    assert not agreement.agrees
    assert agreement.difference_m > 70_000


def test_the_date_line_is_no_distance() -> None:
    stored = moved(make_analysis(FIJI), 180.0)

    assert compare_analyses(stored, moved(stored, -180.0)).agrees


def test_another_probability_differs() -> None:
    stored = make_analysis()
    levels = list(stored.estimate.levels)
    levels[1] = replace(levels[1], probability=0.2)

    agreement = compare_analyses(
        stored, replace(stored, estimate=replace(stored.estimate, levels=tuple(levels)))
    )

    assert not agreement.agrees
    assert "the probability at the city level is 0.200, not 0.118" in agreement.explanation


def test_missing_levels_differ() -> None:
    stored = make_analysis()
    fewer = replace(stored, estimate=replace(stored.estimate, levels=stored.estimate.levels[:2]))

    assert not compare_analyses(stored, fewer).agrees


def test_other_neighbours_and_versions_are_remarked() -> None:
    stored = make_analysis()
    items = stored.neighbours.items
    libraries = {**stored.provenance.libraries, "torch": "3.0", "extra": "1"}
    again = replace(
        stored,
        neighbours=Neighbours((items[0], items[2], items[1], *items[3:]), stored.neighbours.pack_id),
        provenance=replace(stored.provenance, program_version="2.0", libraries=libraries, device="cuda"),
    )

    agreement = compare_analyses(stored, again)

    assert agreement.agrees
    assert agreement.explanation.endswith(
        "The neighbours differ from rank 2 on. Recomputed with geolocdesk 2.0 (was 0.1.0), extra 1 (was none), "
        "torch 3.0 (was 2.14.1), device cuda (was cpu)."
    )


def test_fewer_neighbours_are_remarked_after_the_last_common_one() -> None:
    stored = make_analysis(neighbours=5)
    again = replace(stored, neighbours=Neighbours(stored.neighbours.items[:3], stored.neighbours.pack_id))

    assert "from rank 4 on" in compare_analyses(stored, again).explanation
