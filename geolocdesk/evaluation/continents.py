"""Accuracy by continent: where a system is good says as much as how good it is on the whole."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from geolocdesk.evaluation.evaluate import Evaluation, MethodResult
from geolocdesk.evaluation.metrics import Accuracy, accuracy_of
from geolocdesk.evaluation.test_set import Query
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue

CountryOf = Callable[[Position], str]
"""Returns the ISO 3166-1 alpha-2 code of the country at a position, or nothing."""

_CODES = {
    "Africa": (
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ "
        "NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW"
    ),
    "Antarctica": "AQ BV GS HM TF",
    "Asia": (
        "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP "
        "OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE"
    ),
    "Europe": (
        "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME "
        "MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"
    ),
    "North America": (
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX "
        "TC TT US VC VG VI"
    ),
    "Oceania": "AS AU CC CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
    "South America": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
}
_CONTINENTS = {code: continent for continent, codes in _CODES.items() for code in codes.split()}

UNKNOWN = "elsewhere"
"""For a query whose country is not known."""


@dataclass(frozen=True, slots=True)
class ContinentAccuracy:
    """The accuracy of one result on the queries of one continent."""

    system: str
    continent: str
    accuracy: Accuracy

    def to_json(self) -> dict[str, JsonValue]:
        """Return the accuracy as plain JSON values."""
        return {"system": self.system, "continent": self.continent, **self.accuracy.to_json()}


def continent_of(query: Query, country_of: CountryOf) -> str:
    """Return the continent of a query's country, as its table names it or else as the position tells."""
    return _CONTINENTS.get(query.country or country_of(query.position).upper(), UNKNOWN)


def by_continent(
    evaluation: Evaluation, country_of: CountryOf, *, seed: int = 2017
) -> tuple[ContinentAccuracy, ...]:
    """Return the accuracy of every result on every continent that has queries, continents by name."""
    continents: dict[str, str] = {}
    return tuple(
        found for result in evaluation.results for found in _of_result(result, continents, country_of, seed)
    )


def _of_result(
    result: MethodResult, continents: dict[str, str], country_of: CountryOf, seed: int
) -> Iterator[ContinentAccuracy]:
    rows: dict[str, list[int]] = defaultdict(list)
    for number, query in enumerate(result.queries):
        if query.file not in continents:
            continents[query.file] = continent_of(query, country_of)
        rows[continents[query.file]].append(number)
    for continent in sorted(rows):
        chosen = np.array(rows[continent])
        groups = [result.queries[number].group for number in rows[continent]]
        accuracy = accuracy_of(result.method, result.errors_km[chosen], groups, seed=seed)
        yield ContinentAccuracy(result.system, continent, accuracy)
