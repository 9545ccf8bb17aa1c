"""The only module that knows ONNX Runtime: a network in an ONNX file, run on the CPU, one thread a picture."""

from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import ModelError

_ERRORS_ONLY = 3


class OnnxSession:
    """An open ONNX network. May be run by several threads at once; each computes on itself alone."""

    def __init__(self, content: bytes, file: Path, output: int) -> None:
        """Open the file's bytes. Raises ModelError where they are no network that can be run here."""
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except _errors() as error:
            message = f"{file} is no network that ONNX Runtime can run: {_first_line(error)}."
            raise ModelError(message) from error
        self._file = file
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type != "tensor(float)":
            message = f"{file} takes no single batch of pictures as float32 numbers; export the image encoder alone."
            raise ModelError(message)
        if output >= len(outputs):
            message = (
                f"{file} has {len(outputs)} outputs, and output {output} is asked for (they count from 0)."
            )
            raise ModelError(message)
        self._input, self._output = inputs[0].name, outputs[output].name
        self.input_shape = tuple(size if isinstance(size, int) else None for size in inputs[0].shape)
        """Four sizes, None for those the network leaves open."""
        self.output_names = tuple(one.name for one in outputs)
        self.version = f"onnxruntime {runtime.__version__}"

    def run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the chosen output for a batch in the network's own layout. Raises ModelError where it fails."""
        try:
            (made,) = self._session.run([self._output], {self._input: pictures})
        except _errors() as error:
            message = f"The network in {self._file} failed: {_first_line(error)}."
            raise ModelError(message) from error
        if not isinstance(made, np.ndarray) or made.dtype != np.float32 or made.ndim not in {2, 3, 4}:
            message = f"The network in {self._file} makes no feature map of float32 numbers."
            raise ModelError(message)
        return made


def _runtime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        message = (
            "Networks in ONNX files need ONNX Runtime: install the extra onnx (pip install geolocdesk[onnx])."
        )
        raise ModelError(message) from error
    onnxruntime.disable_telemetry_events()
    runtime: ModuleType = onnxruntime
    return runtime


def _errors() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises; its own errors share no class but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [
        value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)
    ]
    return (*own, RuntimeError, ValueError, TypeError, MemoryError)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300].rstrip(".")
