"""What is learned, and one step of learning it: an embedding and heads on a backbone's rows, perhaps its upper layers.

Arrays in, arrays out, so that what decides the course of a training need not know torch.
"""

import io
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geolocdesk.features.embedding import Embedding, EmbeddingPart, Layer
from geolocdesk.features.networks.losses import classification_loss, contrastive_loss, ranking_loss

if TYPE_CHECKING:
    import torch
    from torch import nn

    from geolocdesk.features.networks.trainable import TrainableBackbone

Loss = Literal["classification", "ranking", "contrastive", "whitening"]
Rows = NDArray[np.floating[Any]]
Targets = Sequence[NDArray[np.int64] | NDArray[np.float32]]
"""For each head, the cells int64[n], or shares of its cells float32[n, c]."""

_LONGEST_GRADIENT = 5.0


@dataclass(frozen=True, slots=True)
class LearnerPlan:
    """What is learned, and how."""

    inputs: int
    """Length of the backbone's descriptor."""
    widths: tuple[int, ...]
    """Outputs of the embedding's layers; none leaves the descriptor as the backbone's."""
    cells: tuple[int, ...]
    """Cells of each head, in rising order."""
    loss: Loss = "classification"
    margin: float = 0.2
    """Of the ranking and the contrastive loss, in descriptor distance."""
    dropout: float = 0.5
    """Share of the embedding's outputs that the heads do not see in each step."""
    weight_decay: float = 1e-4
    backbone_rate: float = 0.1
    """The backbone's learning rate as a share of that of what follows it."""
    mixed_precision: bool = False
    seed: int = 0


class Learner:
    """The learned part of a model on a device. For one thread at a time."""

    def __init__(
        self, plan: LearnerPlan, backbone: "TrainableBackbone | None", device: "torch.device"
    ) -> None:
        """Start from random weights, which the plan's seed decides, above the backbone's own."""
        import torch

        self.plan = plan
        self._backbone = backbone
        self._device = device
        torch.manual_seed(plan.seed)
        self._parts = _build(plan, backbone)
        self._module = self._parts.module.to(device)
        own = [tensor for part in (*self._parts.layers, *self._parts.heads) for tensor in part.parameters()]
        upper = [] if self._parts.upper is None else [*self._parts.upper.parameters()]
        shares = ((own, 1.0), (upper, plan.backbone_rate))
        groups: list[dict[str, Any]] = [
            {"params": tensors, "share": share} for tensors, share in shares if tensors
        ]
        self._optimiser = torch.optim.AdamW(groups, lr=1e-3, weight_decay=plan.weight_decay)
        self._scaler = torch.amp.GradScaler(
            device.type, enabled=plan.mixed_precision and device.type == "cuda"
        )
        self._parallel: nn.Module = self._module
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            self._parallel = torch.nn.parallel.DistributedDataParallel(self._module)

    def classify(self, rows: Rows, targets: Targets, *, rate: float, seed: int) -> float:
        """Take one step down the summed classification losses and return the loss before it."""
        import torch

        def loss() -> "torch.Tensor":
            _, scores = self._parallel(self._tensor(rows))
            given = [self._tensor(target) for target in targets]
            losses = [classification_loss(*pair) for pair in zip(scores, given, strict=True)]
            return torch.stack(losses).sum()

        return self._step(loss, rate, seed)

    def rank(self, anchors: Rows, similar: Rows, different: Rows, *, rate: float, seed: int) -> float:
        """Take one step down the ranking or contrastive loss of triplets and return the loss before it."""
        compare = ranking_loss if self.plan.loss == "ranking" else contrastive_loss

        def loss() -> "torch.Tensor":
            together = self._tensor(np.concatenate([anchors, similar, different]))
            descriptors, _ = self._parallel(together)
            size = len(anchors)
            return compare(
                descriptors[:size], descriptors[size : 2 * size], descriptors[2 * size :], self.plan.margin
            )

        return self._step(loss, rate, seed)

    def _step(self, loss_of: "Callable[[], torch.Tensor]", rate: float, seed: int) -> float:
        import torch

        torch.manual_seed(seed)
        self._parts.dropout.train()
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self._optimiser.zero_grad(set_to_none=True)
        with self._precision():
            loss = loss_of()
        value = self._mean_of_all_processes(loss)
        if not math.isfinite(value):
            return value  # the weights are still those of the step before
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch's own
        self._scaler.unscale_(self._optimiser)
        torch.nn.utils.clip_grad_norm_(self._module.parameters(), _LONGEST_GRADIENT)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return value

    def _mean_of_all_processes(self, loss: "torch.Tensor") -> float:
        """Return the loss of the whole batch, the same in all processes, so that all stop where it runs away."""
        import torch

        if self._parallel is self._module:
            return float(loss.detach())
        total = loss.detach().float()
        torch.distributed.all_reduce(total)
        return float(total) / torch.distributed.get_world_size()

    def _precision(self) -> "torch.autocast":
        import torch

        dtype = torch.float16 if self._device.type == "cuda" else torch.bfloat16
        return torch.autocast(self._device.type, dtype=dtype, enabled=self.plan.mixed_precision)

    def _tensor(self, array: NDArray[Any]) -> "torch.Tensor":
        import torch

        tensor = torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
        return tensor.float() if tensor.is_floating_point() else tensor

    def describe(self, rows: Rows) -> NDArray[np.float32]:
        """Return float32[n, d], the descriptors of unit length as learned so far."""
        return self._evaluate(rows)[0]

    def scores(self, rows: Rows) -> list[NDArray[np.float32]]:
        """Return each head's scores float32[n, c]."""
        return self._evaluate(rows)[1]

    def base_descriptors(self, rows: Rows) -> NDArray[np.float32]:
        """Return float32[n, inputs], what the backbone as learned so far makes of rows."""
        import torch

        if self._parts.upper is None:
            return np.asarray(rows, np.float32)
        with torch.inference_mode():
            return _array(self._parts.upper(self._tensor(rows)))

    def _evaluate(self, rows: Rows) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        import torch

        with torch.inference_mode():
            self._parts.dropout.eval()
            descriptors, scores = self._module(self._tensor(rows))
            return _array(descriptors), [_array(head) for head in scores]

    def state(self) -> bytes:
        """Return weights and the optimiser's state: all that the next step depends on."""
        import torch

        buffer = io.BytesIO()
        torch.save(
            {
                "model": self._module.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "scaler": self._scaler.state_dict(),
            },
            buffer,
        )
        return buffer.getvalue()

    def restore(self, state: bytes) -> None:
        """Take up what ``state`` returned."""
        import torch

        loaded = torch.load(io.BytesIO(state), map_location=self._device, weights_only=True)
        self._module.load_state_dict(loaded["model"])
        self._optimiser.load_state_dict(loaded["optimiser"])
        self._scaler.load_state_dict(loaded["scaler"])

    def start_from(self, embedding: Embedding | None, heads: Sequence[tuple[Any, Any] | None]) -> None:
        """Take up another model's embedding, and for each head its weight and bias where there are some.

        Raises ValueError where the embedding has other layers than the plan.
        """
        import torch

        with torch.no_grad():
            if embedding is not None:
                self._take_embedding(embedding)
            for own, given in zip(self._parts.heads, heads, strict=True):
                if given is not None:
                    own.weight.copy_(torch.from_numpy(given[0] / np.float32(_HEAD_SCALE)))
                    own.bias.copy_(torch.from_numpy(given[1].copy()))

    def _take_embedding(self, embedding: Embedding) -> None:
        import torch

        learned = embedding.parts[0]
        found = tuple(int(layer.matrix.shape[1]) for layer in learned.layers)
        if found != self.plan.widths or embedding.input_dimension != self.plan.inputs:
            message = f"its embedding has layers of {found}, not of {self.plan.widths}"
            raise ValueError(message)
        for number, (own, given) in enumerate(zip(self._parts.layers, learned.layers, strict=True)):
            scale = math.sqrt(self.plan.inputs) if number == 0 else 1.0
            matrix = np.ascontiguousarray(given.matrix.T / np.float32(scale), np.float32)
            own.weight.copy_(torch.from_numpy(matrix))
            own.bias.copy_(torch.from_numpy(given.bias.copy()))

    def embedding_part(self) -> EmbeddingPart | None:
        """Return the learned layers, None where the descriptor is the backbone's own."""
        if not self._parts.layers:
            return None
        scale = math.sqrt(self.plan.inputs)
        layers = []
        for number, layer in enumerate(self._parts.layers):
            matrix = _array(layer.weight).T * np.float32(scale if number == 0 else 1.0)
            layers.append(Layer(np.ascontiguousarray(matrix, np.float32), _array(layer.bias)))
        return EmbeddingPart(tuple(layers), rectified=True)

    def head_weights(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return each head's weight float32[c, d] over the descriptor and bias float32[c]."""
        return [
            (_array(head.weight) * np.float32(_HEAD_SCALE), _array(head.bias)) for head in self._parts.heads
        ]

    def tuned_weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the backbone's learned layers under the names that a model's file has them."""
        return {} if self._backbone is None else self._backbone.tuned_weights()


class _Parts(NamedTuple):
    """The learned module, and the parts of it that are read and set one by one."""

    module: "nn.Module"
    upper: "nn.Module | None"
    layers: "list[nn.Linear]"
    heads: "list[nn.Linear]"
    dropout: "nn.Dropout"


def _build(plan: LearnerPlan, backbone: "TrainableBackbone | None") -> _Parts:
    """Return the module from rows to descriptors and each head's scores."""
    import torch
    from torch.nn import functional

    upper = None if backbone is None else backbone.trained_module()
    widths = (plan.inputs, *plan.widths)
    layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(widths)]
    for layer in layers:
        torch.nn.init.kaiming_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    dropout = torch.nn.Dropout(plan.dropout)
    heads = [torch.nn.Linear(widths[-1], cells) for cells in plan.cells]
    scale = math.sqrt(plan.inputs)

    class Learned(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.upper = upper
            self.layers = torch.nn.ModuleList(layers)
            self.heads = torch.nn.ModuleList(heads)

        def forward(self, rows: "torch.Tensor") -> "tuple[torch.Tensor, list[torch.Tensor]]":
            values = rows if upper is None else upper(rows)
            for number, layer in enumerate(layers):
                values = functional.relu(layer(values * scale if number == 0 else values))
            descriptors = functional.normalize(values) if layers else values
            seen = dropout(descriptors * _HEAD_SCALE)
            return descriptors, [head(seen) for head in heads]

    return _Parts(Learned(), upper, layers, heads, dropout)


def _array(tensor: "torch.Tensor") -> NDArray[np.float32]:
    return np.asarray(tensor.detach().float().cpu().numpy(), np.float32)


_HEAD_SCALE = 16.0
"""Descriptors have unit length; heads see them this much longer, so that a few steps can make one cell certain."""
