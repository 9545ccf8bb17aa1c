"""The only package that knows torch, torchvision and timm: networks are built, loaded and run here, nowhere else."""

from geolocdesk.features.networks.checkpoint import Converted, convert, convert_tower, recognise
from geolocdesk.features.networks.geoclip import (
    GALLERY,
    HEAD_PREFIX,
    LOCATION_PREFIX,
    PLACE_DIMENSION,
    PlaceEncoder,
    check_place_encoder,
)
from geolocdesk.features.networks.network import Network, load_network
from geolocdesk.features.networks.onnx_network import OnnxName
from geolocdesk.features.networks.picture_config import (
    PictureConfig,
    picture_config_of,
    timm_picture_config,
    torchvision_picture_config,
)
from geolocdesk.features.networks.pooling import NETVLAD_TENSORS, TENSORS_PREFIX
from geolocdesk.features.networks.state import State, read_state, read_state_of, read_tensor, read_tensors
from geolocdesk.features.networks.timm_network import knows_timm
from geolocdesk.features.networks.transformers_layout import is_known_tower, timm_tower

__all__ = [
    "GALLERY",
    "HEAD_PREFIX",
    "LOCATION_PREFIX",
    "NETVLAD_TENSORS",
    "PLACE_DIMENSION",
    "TENSORS_PREFIX",
    "Converted",
    "Network",
    "OnnxName",
    "PictureConfig",
    "PlaceEncoder",
    "State",
    "check_place_encoder",
    "convert",
    "convert_tower",
    "is_known_tower",
    "knows_timm",
    "load_network",
    "picture_config_of",
    "read_state",
    "read_state_of",
    "read_tensor",
    "read_tensors",
    "recognise",
    "timm_picture_config",
    "timm_tower",
    "torchvision_picture_config",
]
