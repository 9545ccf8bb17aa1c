"""What every extractor must hold, whatever is behind it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from geolocdesk.features.extractor import Extractor, ExtractorIdentity


def random_pictures(extractor: Extractor, count: int, seed: int = 7) -> NDArray[np.uint8]:
    """Return smooth random pictures of the size an extractor takes, no two alike."""
    side = extractor.rendition.square_px
    assert side is not None
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 8, 8, 3))
    fine = np.kron(coarse, np.ones((1, side // 8, side // 8, 1)))
    noise = generator.integers(-20, 21, fine.shape)
    return np.asarray(np.clip(fine + noise, 0, 255), np.uint8)


class ExtractorContract:
    """Inherit and give an ``extractor`` fixture."""

    count = 33
    """Pictures in a batch, at least 3."""

    @pytest.fixture(scope="class")
    @classmethod
    def pictures(cls, extractor: Extractor) -> NDArray[np.uint8]:
        return random_pictures(extractor, cls.count)

    @pytest.fixture(scope="class")
    @classmethod
    def descriptors(cls, extractor: Extractor, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return extractor.describe(pictures)

    def test_it_is_an_extractor(self, extractor: Extractor) -> None:
        assert extractor.dimension == extractor.identity.dimension > 0
        assert extractor.device
        extractor.warm_up()

    def test_descriptors_are_float32_of_unit_length(
        self, extractor: Extractor, descriptors: NDArray[np.float32]
    ) -> None:
        assert descriptors.dtype == np.float32
        assert descriptors.shape == (self.count, extractor.dimension)
        np.testing.assert_allclose(np.linalg.norm(descriptors, axis=1), 1.0, atol=1e-5)

    def test_different_pictures_have_different_descriptors(self, descriptors: NDArray[np.float32]) -> None:
        assert len(np.unique(descriptors, axis=0)) == len(descriptors)

    def test_the_batch_size_changes_nothing_but_rounding(
        self, extractor: Extractor, pictures: NDArray[np.uint8], descriptors: NDArray[np.float32]
    ) -> None:
        rows = [0, self.count - 1]
        alone = np.concatenate([extractor.describe(pictures[row : row + 1]) for row in rows])
        np.testing.assert_allclose(alone, descriptors[rows], rtol=0, atol=1e-4)
        np.testing.assert_allclose(extractor.describe(pictures[1:]), descriptors[1:], rtol=0, atol=1e-4)

    def test_the_same_picture_alone_gives_the_same_bits(
        self, extractor: Extractor, pictures: NDArray[np.uint8]
    ) -> None:
        first = extractor.describe(pictures[:1])
        extractor.describe(pictures[1:2])
        assert extractor.describe(pictures[:1].copy()).tobytes() == first.tobytes()

    def test_no_picture_gives_no_descriptor(self, extractor: Extractor, pictures: NDArray[np.uint8]) -> None:
        assert extractor.describe(pictures[:0]).shape == (0, extractor.dimension)

    def test_read_only_pictures_are_taken_and_left_alone(
        self, extractor: Extractor, pictures: NDArray[np.uint8], descriptors: NDArray[np.float32]
    ) -> None:
        mine = pictures[:2].copy()
        mine.flags.writeable = False
        np.testing.assert_allclose(extractor.describe(mine), descriptors[:2], rtol=0, atol=1e-4)
        np.testing.assert_array_equal(mine, pictures[:2])

    def test_pictures_that_do_not_lie_in_a_row_are_taken(
        self, extractor: Extractor, pictures: NDArray[np.uint8], descriptors: NDArray[np.float32]
    ) -> None:
        np.testing.assert_allclose(extractor.describe(pictures[6::-3]), descriptors[6::-3], rtol=0, atol=1e-4)

    @pytest.mark.parametrize("wrong", ["float", "one picture", "grey", "too small"])
    def test_anything_else_is_refused(
        self, extractor: Extractor, pictures: NDArray[np.uint8], wrong: str
    ) -> None:
        given: NDArray[np.uint8] = {
            "float": pictures[:1].astype(np.float32),
            "one picture": pictures[0],
            "grey": pictures[:1, :, :, :1],
            "too small": pictures[:1, ::2, ::2],
        }[wrong]
        with pytest.raises(ValueError, match="pictures"):
            extractor.describe(given)

    def test_the_identity_survives_json(self, extractor: Extractor) -> None:
        identity = extractor.identity
        again = ExtractorIdentity.from_json(identity.to_json())
        assert again == identity
        assert again.extractor_id == identity.extractor_id

    def test_the_projection_is_named_in_the_identity(self, extractor: Extractor) -> None:
        projection = extractor.projection
        named = extractor.identity.projection_sha256
        assert named == (None if projection is None else projection.sha256)
        assert not (extractor.takes_projection and projection is not None)


def assert_closes(extractor: Extractor) -> None:
    """Check that a closed extractor describes nothing more and may be closed again."""
    pictures = random_pictures(extractor, 1)
    extractor.close()
    extractor.close()
    with pytest.raises(RuntimeError, match="closed"):
        extractor.describe(pictures)
