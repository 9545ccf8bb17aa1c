import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.casefile import codec
from geolocdesk.errors import CaseError
from geolocdesk.estimation.location import Region, SphericalPolygon
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary, ExifTag
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue, canonical_json
from geolocdesk.reference.search_area import SearchArea
from geolocdesk.unavailable import Unavailable
from tests.doubles.analyses import FIJI, NORTH_POLE, ZAGREB, make_analysis, make_record


def through_json(value: JsonValue) -> JsonValue:
    import json

    stored: JsonValue = json.loads(canonical_json(value))
    return stored


def again(value: object) -> object:
    return codec.decode(type(value), through_json(codec.encode(value)))


def assert_same_analysis(first: Analysis, second: Analysis) -> None:
    """Compare bit by bit what ``==`` cannot: values that hold arrays."""
    assert first.evidence == second.evidence
    assert first.exclusions == second.exclusions
    assert first.neighbours == second.neighbours
    assert first.provenance == second.provenance
    assert first.exif_distance_km == second.exif_distance_km
    assert first.analysis_id == second.analysis_id
    assert first.descriptor.extractor_id == second.descriptor.extractor_id
    assert first.descriptor.vector.tobytes() == second.descriptor.vector.tobytes()
    assert first.estimate.weights.tobytes() == second.estimate.weights.tobytes()
    assert first.estimate.levels == second.estimate.levels
    assert first.estimate.modes == second.estimate.modes
    assert first.estimate.position == second.estimate.position
    assert first.estimate.parameters == second.estimate.parameters
    for one, other in zip(first.estimate.regions, second.estimate.regions, strict=True):
        assert (one.mass, one.area_km2) == (other.mass, other.area_km2)
        for part, other_part in zip(one.parts, other.parts, strict=True):
            assert part.exterior.tobytes() == other_part.exterior.tobytes()
            assert [hole.tobytes() for hole in part.holes] == [hole.tobytes() for hole in other_part.holes]


@pytest.mark.parametrize("position", [ZAGREB, FIJI, NORTH_POLE], ids=["city", "date line", "pole"])
@pytest.mark.parametrize("bare", [False, True], ids=["full", "bare"])
def test_an_analysis_comes_back_bit_for_bit(position: Position, bare: bool) -> None:
    analysis = make_analysis(position, bare=bare)

    stored = codec.decode(Analysis, through_json(codec.encode(analysis)))

    assert_same_analysis(analysis, stored)


def test_arrays_come_back_read_only() -> None:
    stored = codec.decode(Analysis, through_json(codec.encode(make_analysis())))

    assert not stored.descriptor.vector.flags.writeable
    assert not stored.estimate.weights.flags.writeable
    assert not stored.estimate.regions[0].parts[0].exterior.flags.writeable


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(hypothesis_numpy.arrays(np.float64, st.tuples(st.integers(0, 9), st.just(2)), elements=finite))
def test_every_float64_survives(ring: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    region = Region(0.5, 1.0, (SphericalPolygon(ring),))

    stored = again(region)

    assert isinstance(stored, Region)
    assert stored.parts[0].exterior.shape == ring.shape
    assert stored.parts[0].exterior.tobytes() == ring.tobytes()


@given(hypothesis_numpy.arrays(np.float32, st.integers(0, 30), elements=st.floats(width=32)))
def test_every_float32_survives(vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    stored = again(Descriptor(vector, "extractor"))

    assert isinstance(stored, Descriptor)
    assert stored.vector.tobytes() == vector.tobytes()


text = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(
        ExifSummary,
        position=st.one_of(
            st.sampled_from(Unavailable), st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
        ),
        altitude_m=st.one_of(st.sampled_from(Unavailable), finite),
        camera=st.one_of(st.sampled_from(Unavailable), text),
        tags=st.lists(st.builds(ExifTag, text, text)).map(tuple),
        remark=text,
    )
)
def test_every_exif_summary_survives(exif: ExifSummary) -> None:
    assert again(exif) == exif


def test_negative_zero_and_whole_numbers_stay_floats() -> None:
    stored = again(Position(-0.0, 12.0))

    assert isinstance(stored, Position)
    assert math.copysign(1.0, stored.latitude) == -1.0
    assert isinstance(stored.longitude, float)


def test_exclusions_with_an_area_survive() -> None:
    exclusions = Exclusions(
        frozenset({"b", "a"}), frozenset({"p"}), within=SearchArea("area.geojson", '{"geometries":[]}')
    )

    assert again(exclusions) == exclusions


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"file-bytes:x.jpg", "日本.jpg".encode()])
def test_a_path_keeps_its_bytes(name: bytes) -> None:
    import os

    path = Path(os.fsdecode(b"/evidence/" + name))

    assert codec.path_from_text(codec.path_to_text(path)) == path
    codec.path_to_text(path).encode("utf-8")


def test_a_record_with_text_no_encoding_knows_can_be_stored() -> None:
    record = make_record()
    hostile = ExifSummary(camera="bad \udcff camera")
    stored = codec.decode(
        EvidenceRecord,
        through_json(codec.encode(EvidenceRecord(**{**_fields(record), "exif": hostile}))),  # type: ignore[arg-type]
    )

    assert stored.exif.camera == "bad ? camera"


def _fields(record: EvidenceRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__slots__}


@dataclass(frozen=True)
class Older:
    name: str


@dataclass(frozen=True)
class Newer:
    name: str
    remark: str = "none given"
    kind: Literal["a", "b"] = "a"
    pair: tuple[int, float] = (1, 2.0)


def test_a_field_added_later_reads_with_its_default() -> None:
    assert codec.decode(Newer, through_json(codec.encode(Older("x")))) == Newer("x")


def test_choices_and_fixed_tuples_survive() -> None:
    value = Newer("x", "y", "b", (7, 0.5))

    assert again(value) == value


@pytest.mark.parametrize(
    "stored",
    [
        {"latitude": "45", "longitude": 15.0},
        {"latitude": 45.0},
        {"latitude": 95.0, "longitude": 15.0},
        {"latitude": True, "longitude": 15.0},
        [45.0, 15.0],
        None,
    ],
)
def test_damaged_json_is_named(stored: JsonValue) -> None:
    with pytest.raises(CaseError, match="damaged Position"):
        codec.decode(Position, stored)


def test_what_no_case_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold a complex"):
        codec.encode(1j)
    with pytest.raises(TypeError, match="array of int64"):
        codec.encode(np.arange(3))
