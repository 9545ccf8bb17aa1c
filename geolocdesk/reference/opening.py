"""Opening the model a pack is built with: a model by name, or the model and projection of another pack."""

from dataclasses import dataclass
from pathlib import Path

from geolocdesk.features.embedding import DescriptorMap
from geolocdesk.features.extractor import Extractor
from geolocdesk.features.model_pack import DEFAULT_MODEL, ModelRecord, extractor_from_record, find_model
from geolocdesk.reference.manifest import MANIFEST_NAME
from geolocdesk.reference.pack import open_pack


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model ready to describe a source."""

    record: ModelRecord
    extractor: Extractor
    """Without a projection, but for one that belongs to the model itself."""
    projection: DescriptorMap | None
    """Another pack's, to be used again; None to have one fitted."""

    def close(self) -> None:
        """Let go of the model's memory."""
        self.extractor.close()


def open_for_building(model: str | None, *, device: str = "auto") -> OpenedModel:
    """Return the model that ``model`` names: a built-in one (the default), a model folder, or a pack.

    Raises ModelError or PackError.
    """
    if model is not None and (Path(model) / MANIFEST_NAME).is_file():
        with open_pack(Path(model)) as pack:
            record, projection = ModelRecord.from_json(pack.manifest.model), pack.projection()
    else:
        record, projection = find_model(model or DEFAULT_MODEL), None
    if record.projection is not None:  # the model's own comes with its extractor; a pack holds a copy of it
        return OpenedModel(record, extractor_from_record(record, projection, device=device), None)
    return OpenedModel(record, extractor_from_record(record, None, device=device), projection)
