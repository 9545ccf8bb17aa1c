"""Poolings as a user writes them: ``cls+mean``, ``gem:3``, ``rmac@final``."""

from collections.abc import Mapping
from typing import cast, get_args

from geolocdesk.errors import UsageError
from geolocdesk.features.architecture import Pooling, Statistic

USUAL_PARAMETERS: Mapping[str, float] = {"gem": 3.0, "rmac": 3.0, "netvlad": 64.0}
"""The exponent of GeM, the scales of R-MAC and the clusters of NetVLAD where none is named."""


EVERY = "every"
"""All of a network's maps at once."""

_MEAN_AND_STD: tuple[Statistic, ...] = ("mean", "std")


def parse_pooling(text: str, feature_maps: Mapping[str, int]) -> tuple[Pooling, ...]:
    """Return the poolings in ``text``, joined by ``+``, each STATISTIC, STATISTIC:PARAMETER or either with @MAP.

    Without a map, ``own`` is of the last of the network's maps and the others of the last that is not pooled.
    ``every`` alone is the mean of that one and the mean and deviation of every map before it. Raises UsageError.
    """
    if text.strip() == EVERY:
        *earlier, last = _spatial(feature_maps)
        return (Pooling(last, "mean"), *(Pooling(one, kind) for one in earlier for kind in _MEAN_AND_STD))
    parts = tuple(_part(word.strip(), feature_maps) for word in text.split("+"))
    if len(set(parts)) != len(parts):
        message = f"The pooling “{text}” names one part twice."
        raise UsageError(message)
    return parts


def _part(word: str, feature_maps: Mapping[str, int]) -> Pooling:
    kind, _, feature_map = word.partition("@")
    name, colon, value = kind.partition(":")
    if name not in get_args(Statistic):
        message = f"“{word}” is no pooling; choose from {', '.join(get_args(Statistic))}, or {EVERY} alone."
        raise UsageError(message)
    try:
        parameter = float(value) if colon else USUAL_PARAMETERS.get(name)
        part = Pooling(feature_map or _usual_map(name, feature_maps), cast("Statistic", name), parameter)
    except ValueError as error:
        message = f"The pooling “{word}” cannot be used: {error}."
        raise UsageError(message) from error
    if part.feature_map not in feature_maps:
        message = f"The network has the feature maps {', '.join(feature_maps)}, not “{part.feature_map}”."
        raise UsageError(message)
    return part


def _usual_map(name: str, feature_maps: Mapping[str, int]) -> str:
    spatial = _spatial(feature_maps)
    if name == "own":
        return list(feature_maps)[-1]
    if name == "netvlad":
        return next((one for one in spatial if one.endswith("-linear")), spatial[-1])
    return spatial[-1]


def _spatial(feature_maps: Mapping[str, int]) -> list[str]:
    """Return the maps that are not pooled, or all where there are no others."""
    return [one for one in feature_maps if one != "embedding"] or list(feature_maps)
