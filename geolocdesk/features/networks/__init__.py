"""The only package that knows torch, torchvision and timm: networks are built, loaded and run here, nowhere else."""

from geolocdesk.features.networks.network import Network, load_network
from geolocdesk.features.networks.state import read_tensors

__all__ = ["Network", "load_network", "read_tensors"]
