"""All that is needed to open the same extractor again: in a model folder, or in a reference pack's manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from geolocdesk.features.architecture import (
    Architecture,
    Pooling,
    Precision,
    architecture_named,
    precision_named,
)
from geolocdesk.features.extractor import ExtractorIdentity
from geolocdesk.features.fields import Fields
from geolocdesk.features.preparation import Preparation
from geolocdesk.features.weights import WeightsSource
from geolocdesk.provenance import JsonValue


@dataclass(frozen=True, slots=True)
class ModelProjection:
    """The projection that belongs to a model, as against one fitted on a pack's photos."""

    path: str
    sha256: str
    """Of the projection's numbers, not of the file."""
    dimension: int

    def to_json(self) -> dict[str, JsonValue]:
        """Return the reference as plain JSON values."""
        return {"path": self.path, "sha256": self.sha256, "dimension": self.dimension}

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> Self:
        """Return the reference that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "projection")
        return cls(fields.local_path("path"), fields.text("sha256"), fields.count("dimension"))


@dataclass(frozen=True, slots=True)
class ModelClasses:
    """The classification heads of a trained model."""

    path: str
    sha256: str
    """Of the heads' numbers, not of the file."""
    cells: tuple[int, ...]
    """How many cells each head tells apart, in rising order."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return the reference as plain JSON values."""
        return {"path": self.path, "sha256": self.sha256, "cells": [*self.cells]}

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> Self:
        """Return the reference that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "classes")
        return cls(fields.local_path("path"), fields.text("sha256"), fields.counts("cells"))


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model: its network, weights, preparation and pooling, and whose they are."""

    name: str
    architecture: str
    weights: WeightsSource
    preparation: Preparation
    pooling: tuple[Pooling, ...]
    fits_projection: bool
    """Whether a projection is to be fitted on each new pack's own photos."""
    projection: ModelProjection | None
    """The model's own, or None."""
    licence: str
    """Of the weights."""
    source: str
    """Where the weights come from, in words."""
    classes: ModelClasses | None = None
    """The heads of a model trained on classes of places, or None."""
    feature_maps: Mapping[str, int] = field(default_factory=dict)
    """The feature maps of a library's network and their channels, in the order in which they are computed."""
    softmax_scale: float | None = None
    """For a model trained to tell places apart by a softmax: what the cosine is multiplied by in it."""
    precision: Precision = "float32"
    """What its network computes in; another than float32 was asked for when the pack was built."""

    @property
    def network(self) -> Architecture:
        """Return the architecture. Raises ModelError where this version does not know it."""
        return architecture_named(self.architecture, self.feature_maps)

    def identity(self) -> ExtractorIdentity:
        """Return the identity of the network's descriptors before any projection. Raises ModelError."""
        return ExtractorIdentity(
            name=self.name,
            architecture=self.architecture,
            weights_sha256=self.weights.sha256,
            preparation=self.preparation,
            pooling=self.pooling,
            projection_sha256=None,
            dimension=self.network.dimension(self.pooling),
            precision=self.precision,
        )

    def to_json(self) -> dict[str, JsonValue]:
        """Return the record as plain JSON values; feature maps only where they are recorded."""
        recorded: dict[str, JsonValue] = {}
        if self.feature_maps:
            recorded["feature_maps"] = dict(self.feature_maps)
        if self.softmax_scale is not None:
            recorded["softmax_scale"] = self.softmax_scale
        if self.precision != "float32":
            recorded["precision"] = self.precision
        return {
            "name": self.name,
            "architecture": self.architecture,
            "weights": self.weights.to_json(),
            "preparation": self.preparation.to_json(),
            "pooling": [part.to_json() for part in self.pooling],
            "fits_projection": self.fits_projection,
            "projection": None if self.projection is None else self.projection.to_json(),
            "licence": self.licence,
            "source": self.source,
            "classes": None if self.classes is None else self.classes.to_json(),
            **recorded,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue]) -> "ModelRecord":
        """Return the record that ``to_json`` wrote. Raises ModelError on other input."""
        fields = Fields(value, "record")
        projection = fields.optional_mapping("projection")
        classes = fields.optional_mapping("classes") if "classes" in value else None
        maps = Fields(fields.mapping("feature_maps") if "feature_maps" in value else {}, "feature maps")
        return cls(
            name=fields.text("name"),
            architecture=fields.text("architecture"),
            weights=WeightsSource.from_json(fields.mapping("weights")),
            preparation=Preparation.from_json(fields.mapping("preparation")),
            pooling=tuple(Pooling.from_json(part) for part in fields.items("pooling")),
            fits_projection=fields.flag("fits_projection"),
            projection=None if projection is None else ModelProjection.from_json(projection),
            licence=fields.text("licence"),
            source=fields.text("source"),
            classes=None if classes is None else ModelClasses.from_json(classes),
            feature_maps={name: maps.count(name) for name in maps.values},
            softmax_scale=fields.number("softmax_scale") if "softmax_scale" in value else None,
            precision=precision_named(fields.text("precision") if "precision" in value else "float32"),
        )
