import re
from dataclasses import replace

import numpy as np
import pytest

from geolocdesk.errors import ModelError
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.features.extractor import Extractor, ExtractorIdentity, ProjectedExtractor, with_projection
from geolocdesk.features.preparation import AUTHORS, Preparation
from geolocdesk.features.projection import Projection, fit_projection
from geolocdesk.provenance import JsonValue
from tests.doubles.extractor import HistogramExtractor
from tests.unit.features.extractor_contract import ExtractorContract, assert_closes, random_pictures


def fitted(dimension: int = 24) -> Projection:
    extractor = HistogramExtractor()
    return fit_projection(extractor.describe(random_pictures(extractor, 200)), dimension)


class TestHistogramExtractor(ExtractorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def extractor(cls) -> Extractor:
        return HistogramExtractor()


class TestProjectedExtractor(ExtractorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def extractor(cls) -> Extractor:
        return with_projection(HistogramExtractor(takes_projection=True), fitted())


def test_projected_extractor_closes_with_its_inner_one() -> None:
    inner = HistogramExtractor()
    assert_closes(ProjectedExtractor(inner, fitted()))
    assert inner.closed


def test_projected_descriptors_are_the_projection_of_the_inner_ones() -> None:
    inner, projection = HistogramExtractor(), fitted()
    pictures = random_pictures(inner, 5, seed=1)
    projected = with_projection(inner, projection)
    np.testing.assert_array_equal(projected.describe(pictures), projection.apply(inner.describe(pictures)))
    assert projected.dimension == 24
    assert projected.rendition is inner.rendition
    assert projected.projection is projection


def test_without_a_projection_the_extractor_stays_itself() -> None:
    extractor = HistogramExtractor()
    assert with_projection(extractor, None) is extractor


def test_a_second_projection_is_refused() -> None:
    once = with_projection(HistogramExtractor(), fitted())
    with pytest.raises(ModelError, match="projection already"):
        with_projection(once, fitted())


def test_a_projection_of_another_length_is_refused() -> None:
    other = Projection(np.zeros(3, np.float32), np.eye(3, dtype=np.float32), 10)
    with pytest.raises(ModelError, match="descriptors of 3 numbers, but histogram makes 80"):
        with_projection(HistogramExtractor(), other)


def test_every_part_of_the_identity_changes_the_id() -> None:
    identity = HistogramExtractor().identity
    other_rendition = replace(identity.preparation.rendition, jpeg_scaling=True)
    others = [
        replace(identity, name="other"),
        replace(identity, architecture="other"),
        replace(identity, weights_sha256="1" * 64),
        replace(identity, preparation=AUTHORS),
        replace(identity, preparation=Preparation(other_rendition, identity.preparation.normalisation)),
        replace(identity, pooling=()),
        replace(identity, projection_sha256="2" * 64),
        replace(identity, dimension=81),
    ]
    ids = {identity.extractor_id, *(other.extractor_id for other in others)}
    assert len(ids) == len(others) + 1


def test_the_id_is_the_name_and_twelve_digits_of_the_hash() -> None:
    identity = HistogramExtractor(name="some-model").identity
    assert re.fullmatch(r"some-model-[0-9a-f]{12}", identity.extractor_id)
    assert identity.sha256.startswith(identity.extractor_id[-12:])


@pytest.mark.parametrize("missing", ["name", "weights_sha256", "preparation", "pooling", "dimension"])
def test_a_damaged_identity_is_refused(missing: str) -> None:
    value: dict[str, JsonValue] = HistogramExtractor().identity.to_json()
    del value[missing]
    with pytest.raises(ModelError, match=f"“{missing}” is missing"):
        ExtractorIdentity.from_json(value)


def test_the_rendition_is_part_of_the_identity_as_json() -> None:
    value = HistogramExtractor().identity.to_json()["preparation"]
    assert isinstance(value, dict)
    assert value["rendition"] == Rendition(short_side_px=64, square_px=64).to_json()
