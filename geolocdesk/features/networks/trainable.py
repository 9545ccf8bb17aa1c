"""A backbone cut in two for training: a frozen lower part, whose outputs are kept on disk, and what is learned above."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.architecture import Pooling
from geolocdesk.features.model_record import ModelRecord
from geolocdesk.features.networks.network import build_backbone, split_state
from geolocdesk.features.networks.pooling import pooler
from geolocdesk.features.networks.state import read_state
from geolocdesk.features.networks.tuned import tuned_name

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.pooling import Pool

    Layer = tuple[str, str, nn.Module]
    """The beginning of its tensors' names, the feature map it ends, or an empty text, and the module."""


class TrainableBackbone:
    """A network's layers, the lowest ``frozen`` of them fixed.

    What the lower part computes of a photo is one row of numbers: the pooled feature maps that lie within it,
    then the map at the cut.
    """

    def __init__(
        self,
        layers: "list[Layer]",
        poolers: "Mapping[Pooling, Pool]",
        frozen: int,
        device: "torch.device",
        side_px: int,
    ) -> None:
        import torch

        if not 0 <= frozen < len(layers):
            message = (
                f"The network has {len(layers)} layers; freeze 0 to {len(layers) - 1} of them, or all, which leaves "
                "the network as it is and learns only what follows it."
            )
            raise UsageError(message)
        self.device = device
        self.frozen = frozen
        self.layers = len(layers)
        self._poolers = dict(poolers)
        self._lower, self._upper = layers[:frozen], layers[frozen:]
        for _, _, module in self._lower:
            module.requires_grad_(False)
        for _, _, module in self._upper:
            module.requires_grad_(True)
        blank = torch.zeros((1, 3, side_px, side_px), device=device)
        with torch.inference_mode():
            pooled, cut = self._run_lower(blank)
        self._pooled_lengths = {part: int(values.shape[1]) for part, values in pooled.items()}
        self._cut_shape = tuple(int(side) for side in cut.shape[1:])
        self.row_length = sum(self._pooled_lengths.values()) + int(np.prod(self._cut_shape))
        """How many numbers the lower part makes of a photo."""

    def lower(self, pictures: NDArray[np.float32]) -> NDArray[np.float16]:
        """Return float16[n, row_length] from normalised float32[n, height, width, 3]."""
        import torch

        with torch.inference_mode():
            values = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2)
            pooled, cut = self._run_lower(values)
            parts = [*pooled.values(), cut.flatten(1)]
            return np.asarray(torch.cat(parts, dim=1).half().cpu().numpy(), np.float16)

    def trained_module(self) -> "nn.Module":
        """Return what is learned of the backbone, as a module from rows to descriptors of unit length."""
        import torch
        from torch.nn import functional

        backbone = self

        class Upper(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layers = torch.nn.ModuleList([module for _, _, module in backbone._upper])

            def forward(self, rows: "torch.Tensor") -> "torch.Tensor":
                parts = backbone._pooled_of(rows)
                return functional.normalize(torch.cat([functional.normalize(part) for part in parts], dim=1))

        return Upper()

    def tuned_weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the learned layers' weights under the names that ``load_network`` looks for."""
        return {
            tuned_name(name, tensor): np.asarray(values.detach().float().cpu().numpy(), np.float32)
            for name, _, module in self._upper
            for tensor, values in module.state_dict().items()
        }

    def _run_lower(self, values: "torch.Tensor") -> "tuple[dict[Pooling, torch.Tensor], torch.Tensor]":
        return self._run(self._lower, values)

    def _run(
        self, layers: "list[Layer]", values: "torch.Tensor"
    ) -> "tuple[dict[Pooling, torch.Tensor], torch.Tensor]":
        pooled = {}
        for _, feature_map, module in layers:
            values = module(values)
            for part, pool in self._poolers.items():
                if part.feature_map == feature_map:
                    pooled[part] = pool(values)
        return pooled, values

    def _pooled_of(self, rows: "torch.Tensor") -> "list[torch.Tensor]":
        """Return every pooled part, in the model's order, from rows of the lower part."""
        pooled = {}
        start = 0
        for part, length in self._pooled_lengths.items():
            pooled[part] = rows[:, start : start + length]
            start += length
        cut = rows[:, start:].reshape(len(rows), *self._cut_shape)
        pooled.update(self._run(self._upper, cut)[0])
        return [pooled[part] for part in self._poolers]


def open_trainable(record: ModelRecord, frozen: int, device: "torch.device") -> TrainableBackbone:
    """Return a record's network ready to be trained above its ``frozen`` lowest layers.

    Raises ModelError, and UsageError where there are not so many layers.
    """
    architecture = record.network
    require_trainable(record)
    file = record.weights.locate()
    state, tuned, tensors = split_state(read_state(record.weights.read(), file))
    backbone = build_backbone(architecture, state, file, tuned)
    wanted = {part.feature_map for part in record.pooling}
    layers: list[Layer] = []
    for feature_map, stage in backbone.stages:
        layers += _layers_of(feature_map, stage)
    last = max(number for number, (_, feature_map, _) in enumerate(layers) if feature_map in wanted)
    poolers = {
        part: pooler(
            part,
            {name: tensor.to(device) for name, tensor in tensors.items()},
            prefix_tokens=backbone.prefix_tokens,
            channels=architecture.channels[part.feature_map],
        )
        for part in record.pooling
    }
    placed = [
        (name, feature_map, module.eval().to(device)) for name, feature_map, module in layers[: last + 1]
    ]
    return TrainableBackbone(placed, poolers, frozen, device, record.preparation.side_px)


def _layers_of(feature_map: str, stage: "nn.Module") -> "list[Layer]":
    """Return a stage's layers one by one where it is a plain sequence of them, else the stage as one layer."""
    from torch import nn

    if not isinstance(stage, nn.Sequential):
        return [(feature_map, feature_map, stage)]
    children = list(stage.named_children())
    return [
        (f"{feature_map}.{name}", feature_map if number == len(children) else "", module)
        for number, (name, module) in enumerate(children, start=1)
    ]


def require_trainable(record: ModelRecord) -> None:
    """Raise ModelError where a record's network can only be used as it is."""
    if record.architecture.startswith("onnx"):
        message = (
            f"The network of {record.name} is an ONNX file, which can be run but not trained further; freeze all of "
            "it and learn what follows it."
        )
        raise ModelError(message)
