"""A network in an ONNX file as a stage: its output is the one feature map."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geolocdesk.errors import ModelError
from geolocdesk.features.networks.backbone import Backbone
from geolocdesk.features.networks.stages import stage
from geolocdesk.features.onnx_session import OnnxSession

if TYPE_CHECKING:
    import torch

_SPELT = re.compile(r"onnx/output-(\d{1,2});layout=(NCHW|NHWC);prefix_tokens=(\d{1,2})")


@dataclass(frozen=True, slots=True)
class OnnxName:
    """What a model says of its ONNX network besides the file itself."""

    output: int
    layout: str
    prefix_tokens: int

    def __str__(self) -> str:
        return f"onnx/output-{self.output};layout={self.layout};prefix_tokens={self.prefix_tokens}"

    @classmethod
    def parse(cls, text: str) -> "OnnxName":
        """Return the name that ``str`` spelt. Raises ModelError on any other text."""
        found = _SPELT.fullmatch(text)
        if found is None:
            message = f"“{text}” does not describe an ONNX network; the model's description is damaged."
            raise ModelError(message)
        return cls(int(found[1]), found[2], int(found[3]))


def onnx_network(text: str, content: bytes, file: Path) -> tuple[Backbone, str]:
    """Return the network in an ONNX file's bytes, and what runs it. Raises ModelError."""
    from torch import nn

    name = OnnxName.parse(text)
    session = OnnxSession(content, file, name.output)

    def output(values: "torch.Tensor") -> "torch.Tensor":
        import torch

        ordered = values if name.layout == "NCHW" else values.permute(0, 2, 3, 1)
        return torch.from_numpy(session.run(np.ascontiguousarray(ordered.numpy())))

    return Backbone([("output", stage(nn.Identity(), output))], name.prefix_tokens), session.version
