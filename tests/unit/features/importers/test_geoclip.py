"""GeoCLIP imported from its own wheel's files, against the package's own code, with a small CLIP tower."""

import importlib
import json
import sys
import types
import warnings
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from geolocdesk.cli.commands import run
from geolocdesk.errors import ModelError, UsageError
from geolocdesk.features.importers.geoclip import import_geoclip
from geolocdesk.features.importers.imported_model import ImportOptions
from geolocdesk.features.model_pack import open_model, open_place_encoder
from geolocdesk.geodesy import great_circle_km
from tests.requirement import lacking
from tests.unit.features.importers.photos import described, real_photos

Theirs: TypeAlias = Any
"""The package's own model, which mypy does not know."""

OPTIONS = ImportOptions()


@pytest.fixture(scope="module")
def package() -> Path:
    """Return the folder of the installed package; importing it here runs none of its code."""
    found = find_spec("geoclip")
    if found is None or found.origin is None:
        lacking("the Python package geoclip is not installed (pip install --no-deps geoclip)")
    return Path(found.origin).parent


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a small CLIP with the width of embedding that GeoCLIP takes, as transformers saves it."""
    import torch
    import transformers

    torch.manual_seed(11)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = transformers.CLIPConfig(
        text_config={**sizes, "vocab_size": 64, "bos_token_id": 0, "eos_token_id": 2},
        vision_config={**sizes, "image_size": 56, "patch_size": 14},
        projection_dim=768,
    )
    folder = tmp_path_factory.mktemp("clip")
    transformers.CLIPModel(config).save_pretrained(folder)
    processor = transformers.CLIPImageProcessorPil(
        size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}
    )
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(package: Path, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("geoclip") / "model"
    import_geoclip(package, clip, out, OPTIONS)
    return out


@pytest.fixture(scope="module")
def theirs(package: Path, clip: Path) -> Iterator[Theirs]:
    """Return the package's own model on the small CLIP; its training code, which wants more packages, stays out."""
    import torch
    import transformers

    shell = types.ModuleType("geoclip")
    shell.__path__ = [str(package)]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's remarks on what the package uses
        patch.setitem(sys.modules, "geoclip", shell)
        patch.setattr(transformers, "AutoProcessor", transformers.CLIPImageProcessorPil)
        module = importlib.import_module("geoclip.model.GeoCLIP")
        made = module.GeoCLIP(clip_path=str(clip), queue_size=8)
        assert isinstance(made.image_encoder.image_processor, transformers.CLIPImageProcessorPil)
        assert not any(torch.isnan(parameter).any() for parameter in made.parameters())
        yield made.eval()


def test_the_gallery_and_the_scale_are_theirs(model: Path, theirs: Theirs) -> None:
    encoder = open_place_encoder(str(model))
    assert encoder.gallery.shape == (100_000, 2)
    np.testing.assert_array_equal(encoder.gallery, theirs.gps_gallery.double().numpy())
    record = json.loads((model / "model.json").read_text())
    assert record["softmax_scale"] == pytest.approx(float(theirs.logit_scale.exp()), rel=1e-6)


def test_places_are_encoded_as_the_package_does(model: Path, theirs: Theirs) -> None:
    import torch

    places = np.array(
        [[0.0, 0.0], [51.5, -0.1], [-33.9, 151.2], [65.0, -179.99], [90.0, 12.0], [-90.0, 180.0]]
    )
    ours = open_place_encoder(str(model)).encode(places)
    with torch.inference_mode():
        expected = theirs.location_encoder(torch.from_numpy(places.astype(np.float32))).numpy()
    assert np.abs(ours - expected).max() < 1e-4
    assert expected.std() > 0.01


@pytest.mark.shared
def test_photos_are_answered_as_the_package_answers(
    model: Path, theirs: Theirs, tmp_path: Path, shared_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line, over a pack of every 50th place: the package's order and probabilities."""
    import torch

    photos = real_photos(shared_folder)
    places = theirs.gps_gallery[::50]
    table = tmp_path / "places.csv"
    rows = [f"{latitude!r},{longitude!r}" for latitude, longitude in places.tolist()]
    table.write_text("\n".join(["latitude,longitude", *rows]), encoding="utf-8")
    pack = tmp_path / "pack"
    build = [
        "reference",
        "build",
        str(table),
        "--format",
        "geoclip",
        "--model",
        str(model),
        "--out",
        str(pack),
    ]
    assert run([*build, "--device", "cpu"]) == 0
    assert run(["reference", "verify", str(pack)]) == 0
    paths = [tmp_path / f"photo{number}.png" for number in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        photo.save(path)
    capsys.readouterr()
    arguments = ["analyse", *map(str, paths), "--reference", str(pack), "--device", "cpu", "--json"]
    assert run([*arguments, "--neighbours", "2000"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for photo, answer in zip(photos, answers, strict=True):
        with torch.inference_mode():
            logits = theirs(theirs.image_encoder.preprocess_image(photo), places)[0]
        probabilities = torch.softmax(logits, dim=0).numpy()
        best = np.argsort(-probabilities)
        found = [int(one["reference_id"].split("-")[1]) for one in answer["neighbours"]]
        assert probabilities[found[0]] == pytest.approx(probabilities[best[0]], rel=1e-3)
        np.testing.assert_allclose(probabilities[found], probabilities[best], rtol=1e-3)
        assert (answer["estimate"]["latitude"], answer["estimate"]["longitude"]) == pytest.approx(
            tuple(places[found[0]].tolist()), abs=1e-6
        )
        assert answer["provenance"]["parameters"]["estimator"] == "geoclip"
        assert answer["provenance"]["parameters"]["exponent"] == pytest.approx(39.687, abs=0.01)
        continent = answer["levels"][-1]
        distances = great_circle_km(
            continent["latitude"], continent["longitude"], places[:, 0].numpy(), places[:, 1].numpy()
        )
        assert continent["probability"] == pytest.approx(
            float(probabilities[distances < 2500].sum()), abs=0.1
        )


@pytest.mark.shared
def test_photos_are_described_as_the_package_does(model: Path, theirs: Theirs, shared_folder: Path) -> None:
    import torch

    photos = real_photos(shared_folder)
    extractor = open_model(str(model), device="cpu")
    ours = described(extractor, photos)
    extractor.close()
    pictures = torch.cat([theirs.image_encoder.preprocess_image(photo) for photo in photos])
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(theirs.image_encoder(pictures), dim=1).numpy()
    assert np.abs(ours - expected).max() < 1e-4
    assert np.abs(expected[0] - expected[1]).max() > 1e-3


def wheel_of(package: Path, path: Path, without: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        for name in (
            "weights/image_encoder_mlp_weights.pth",
            "weights/location_encoder_weights.pth",
            "weights/logit_scale_weights.pth",
            "gps_gallery/coordinates_100K.csv",
        ):
            if name != without:
                wheel.write(package / "model" / name, f"geoclip/model/{name}")
        wheel.writestr("../../outside.txt", "this must not be written anywhere")
    return path


def test_the_wheel_itself_is_read_without_unpacking_it(
    package: Path, clip: Path, model: Path, tmp_path: Path
) -> None:
    wheel = wheel_of(package, tmp_path / "geoclip-1.3.0-py3-none-any.whl")
    record = import_geoclip(wheel, clip, tmp_path / "model", OPTIONS).record
    assert (
        record.identity().weights_sha256
        == json.loads((model / "model.json").read_text())["weights"]["sha256"]
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["geoclip-1.3.0-py3-none-any.whl", "model"]
    assert not (tmp_path.parent / "outside.txt").exists()


def test_a_wheel_that_is_not_geoclips_is_refused(package: Path, clip: Path, tmp_path: Path) -> None:
    lacking = wheel_of(package, tmp_path / "a.whl", without="weights/location_encoder_weights.pth")
    (tmp_path / "b.whl").write_bytes(b"PK\x03\x04 no archive")
    for wheel in (lacking, tmp_path / "b.whl", tmp_path / "absent.whl"):
        with pytest.raises(ModelError, match=r"no wheel|cannot be read"):
            import_geoclip(wheel, clip, tmp_path / "model", OPTIONS)
    with pytest.raises(UsageError, match="--clip"):
        import_geoclip(lacking, None, tmp_path / "model", OPTIONS)


def test_another_clip_is_refused(package: Path, tmp_path: Path) -> None:
    import transformers

    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4}
    other = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(**sizes, image_size=56, patch_size=14, projection_dim=512)
    )
    other.save_pretrained(tmp_path / "clip")
    with pytest.raises(ModelError, match="embeddings of 512 numbers"):
        import_geoclip(package, tmp_path / "clip", tmp_path / "model", OPTIONS)
    assert not (tmp_path / "model").exists()
