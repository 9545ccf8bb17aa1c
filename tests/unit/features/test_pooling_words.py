import pytest

from geolocdesk.errors import UsageError
from geolocdesk.features.architecture import Pooling, architecture_named
from geolocdesk.features.pooling_words import parse_pooling

MAPS = {"early": 8, "late": 16, "embedding": 4}


def test_parts_are_of_the_last_map_that_is_not_pooled_unless_one_is_named() -> None:
    assert parse_pooling("mean + gem:2.5@early + own", MAPS) == (
        Pooling("late", "mean"),
        Pooling("early", "gem", 2.5),
        Pooling("embedding", "own"),
    )


def test_every_is_all_maps_at_once() -> None:
    assert parse_pooling(" every ", MAPS) == (
        Pooling("late", "mean"),
        Pooling("early", "mean"),
        Pooling("early", "std"),
    )
    lite0 = architecture_named("efficientnet-lite0")
    assert lite0.dimension(parse_pooling("every", lite0.channels)) == 1280 + 2 * (80 + 112 + 112 + 192 + 320)
    assert parse_pooling("every", {"embedding": 4}) == (Pooling("embedding", "mean"),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("every+max", "or every alone"),
        ("median", "or every alone"),
        ("mean+mean", "twice"),
        ("mean@nowhere", "not “nowhere”"),
        ("gem:much", "cannot be used"),
    ],
)
def test_other_words_are_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_pooling(text, MAPS)
