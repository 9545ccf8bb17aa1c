from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from geolocdesk.errors import ModelError
from geolocdesk.features.descriptor import FloatArray, unit_rows
from geolocdesk.features.embedding import Embedding, EmbeddingPart, Layer, load_descriptor_map
from geolocdesk.features.projection import Projection


def random_layer(generator: np.random.Generator, inputs: int, outputs: int) -> Layer:
    return Layer(
        generator.standard_normal((inputs, outputs), np.float32),
        generator.standard_normal(outputs, np.float32),
    )


def random_embedding(seed: int = 5) -> Embedding:
    generator = np.random.default_rng(seed)
    deep = EmbeddingPart((random_layer(generator, 12, 9), random_layer(generator, 9, 4)), 1.0)
    return Embedding((deep, EmbeddingPart((random_layer(generator, 12, 5),), 0.25, rectified=True)), 77)


def random_descriptors(count: int = 6) -> FloatArray:
    return unit_rows(np.random.default_rng(1).standard_normal((count, 12)))


def as_torch(embedding: Embedding, descriptors: FloatArray) -> FloatArray:
    import torch

    given = torch.from_numpy(descriptors)
    parts = []
    for part in embedding.parts:
        modules: list[torch.nn.Module] = []
        for layer in part.layers:
            linear = torch.nn.Linear(*layer.matrix.shape)
            linear.weight.data = torch.from_numpy(layer.matrix.T.copy())
            linear.bias.data = torch.from_numpy(layer.bias.copy())
            modules += [linear, torch.nn.ReLU()]
        out = torch.nn.Sequential(*(modules if part.rectified else modules[:-1]))(given)
        parts.append(part.weight * torch.nn.functional.normalize(out))
    joined: FloatArray = torch.nn.functional.normalize(torch.cat(parts, 1)).detach().numpy()
    return joined


def test_it_is_what_torch_computes_from_the_same_layers() -> None:
    embedding, descriptors = random_embedding(), random_descriptors()
    found = embedding.apply(descriptors)
    assert (embedding.input_dimension, embedding.dimension, str(found.dtype)) == (12, 9, "float32")
    np.testing.assert_allclose(found, as_torch(embedding, descriptors), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)


def test_rows_do_not_depend_on_their_companions() -> None:
    embedding, descriptors = random_embedding(), random_descriptors()
    for row in range(len(descriptors)):
        alone = embedding.apply(descriptors[row : row + 1])
        assert alone.tobytes() == embedding.apply(descriptors)[row : row + 1].tobytes()


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    embedding = random_embedding()
    embedding.save(tmp_path / "embedding")
    again = load_descriptor_map(tmp_path / "embedding")
    assert isinstance(again, Embedding)
    assert (again.sha256, again.photos) == (embedding.sha256, 77)
    assert again.apply(random_descriptors()).tobytes() == embedding.apply(random_descriptors()).tobytes()


def test_a_projection_in_the_same_place_is_told_apart(tmp_path: Path) -> None:
    projection = Projection(np.zeros(12, np.float32), np.eye(12, 3, dtype=np.float32), 2000)
    projection.save(tmp_path / "projection")
    again = load_descriptor_map(tmp_path / "projection")
    assert isinstance(again, Projection)
    assert again.sha256 == projection.sha256


def test_the_hash_covers_every_number() -> None:
    assert random_embedding(1).sha256 != random_embedding(2).sha256
    first = random_embedding()
    other_weight = Embedding((first.parts[0], EmbeddingPart(first.parts[1].layers, 0.5)), 77)
    assert other_weight.sha256 != first.sha256


@pytest.mark.parametrize("fault", ["no file", "no tensors", "a layer missing", "not finite", "other width"])
def test_a_damaged_file_is_refused(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "embedding"
    random_embedding().save(path)
    tensors = safetensors.numpy.load(path.read_bytes())
    match fault:
        case "no file":
            path.unlink()
        case "no tensors":
            path.write_bytes(b"rubbish")
        case "a layer missing":
            del tensors["part.0.layer.0.bias"]
        case "not finite":
            tensors["part.0.layer.0.bias"][0] = np.nan
        case "other width":
            tensors["part.0.layer.1.matrix"] = np.ones((3, 4), np.float32)
    if path.exists() and fault != "no tensors":
        path.write_bytes(safetensors.numpy.save(tensors))
    with pytest.raises(ModelError, match=r"damaged|cannot be read"):
        load_descriptor_map(path)
