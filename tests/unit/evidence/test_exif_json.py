import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.evidence.exif_json import summary_from_json, summary_to_json
from geolocdesk.evidence.messages import MessageError
from geolocdesk.evidence.record import ExifSummary, ExifTag
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue
from geolocdesk.unavailable import Unavailable

FULL = ExifSummary(
    position=Position(-33.5, 151.25),
    altitude_m=12.5,
    image_direction_deg=0.0,
    captured_at="2020-02-29T23:59:59+01:00",
    gps_time="2020-02-29T22:59:59Z",
    camera="Maker Model",
    lens="unreadable",
    software="1.0",
    tags=(ExifTag("Image Make", "Maker"), ExifTag("GPS GPSStatus", "A")),
    remark="The image direction is measured from magnetic north.",
)


@pytest.mark.parametrize(
    "summary", [FULL, ExifSummary(), ExifSummary(camera=Unavailable.UNREADABLE, altitude_m=-3.0)]
)
def test_a_summary_comes_through(summary: ExifSummary) -> None:
    sent = json.loads(json.dumps(summary_to_json(summary)))
    assert summary_from_json(sent) == summary


def test_every_field_is_sent() -> None:
    assert set(summary_to_json(FULL)) == {field.name for field in fields(ExifSummary)}


NONSENSE: list[JsonValue] = [
    None,
    True,
    {},
    [],
    {"unavailable": "NO"},
    {"unavailable": ["NOT_AVAILABLE"]},
    [1, 2, 3],
]


@pytest.mark.parametrize("name", sorted(summary_to_json(FULL)))
@pytest.mark.parametrize("nonsense", NONSENSE, ids=str)
def test_nonsense_in_a_field_is_refused(name: str, nonsense: JsonValue) -> None:
    if name == "tags" and nonsense == []:
        nonsense = ["not a pair"]
    with pytest.raises(MessageError):
        summary_from_json(summary_to_json(FULL) | {name: nonsense})


@pytest.mark.parametrize(
    ("name", "nonsense"),
    [
        ("position", [91.0, 0.0]),
        ("position", [float("nan"), 0.0]),
        ("position", ["1", "2"]),
        ("position", [10**400, 0.0]),
        ("altitude_m", 10**400),
        ("position", [True, False]),
        ("altitude_m", float("inf")),
        ("image_direction_deg", "12"),
        ("tags", [["name"]]),
        ("tags", ["na"]),
    ],
)
def test_impossible_values_are_refused(name: str, nonsense: JsonValue) -> None:
    with pytest.raises(MessageError):
        summary_from_json(summary_to_json(FULL) | {name: nonsense})


@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_texts_are_cleaned_once_more(untrusted: str) -> None:
    sent = summary_to_json(FULL) | {
        "camera": untrusted,
        "remark": untrusted,
        "tags": [[untrusted, untrusted]],
    }
    received = summary_from_json(sent)
    assert str(received.camera).isprintable()
    assert len(str(received.camera)) <= 250
    assert received.remark.isprintable()
    assert all(tag.name.isprintable() and tag.value.isprintable() for tag in received.tags)
