"""How a model is trained: every choice there is, as it is kept beside the unfinished work and in the model."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from geolocdesk.errors import UsageError
from geolocdesk.provenance import JsonValue

Loss = Literal["classification", "ranking", "contrastive", "whitening"]
Whitening = Literal["pca", "places"]
Schedule = Literal["cosine", "step", "constant"]
Similar = Literal["distance", "class"]
Augmentation = Literal["crop", "flip", "colour", "jpeg", "blur"]

FREEZE_ALL = "all"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What decides the weights besides the photos, the cells and the model it starts from."""

    loss: Loss = "classification"
    widths: tuple[int, ...] = (512,)
    """Outputs of the learned embedding's layers; none leaves the descriptor as the backbone's."""
    freeze: int | Literal["all"] = "all"
    """How many of the backbone's lowest layers stay as they are."""
    epochs: int = 40
    batch: int = 256
    rate: float = 1e-3
    """The learning rate at its highest."""
    backbone_rate: float = 0.1
    """The backbone's share of it."""
    schedule: Schedule = "cosine"
    warm_up: float = 0.1
    """Share of the steps over which the rate rises from nothing."""
    weight_decay: float = 1e-4
    dropout: float = 0.5
    smooth_km: float = 0.0
    """Cells count as right by exp(−d / smooth_km), where d is how much farther than its own cell's middle one lies."""
    balance: float = 0.0
    """0 takes each photo once an epoch; 1 takes each cell equally often; between, a power of the cells' counts."""
    mix: float = 0.0
    """α of the Beta distribution by which pairs of photos are mixed (mixup); 0 mixes none."""
    margin: float = 0.2
    similar: Similar = "distance"
    similar_km: float = 1.0
    different_km: float = 25.0
    mined: int = 20
    """Among so many nearest photos of other places one is drawn as the different one; 0 draws from all."""
    augmentation: tuple[Augmentation, ...] = ()
    views: int = 1
    """How many versions of each photo there are, the first as it is; without frozen layers, 0 makes one an epoch."""
    keep: float = 0.0
    """Length of a second part of the descriptor, which is what the backbone sees, whitened; 0 for none."""
    whitening: Whitening = "pca"
    """Whether that is half whitened by all photos, or wholly by how photos of one place differ."""
    validation: float = 0.1
    """Share of the photos kept apart, by whole places and photographers."""
    mixed_precision: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("--loss", self.loss, Loss),
            ("--schedule", self.schedule, Schedule),
            ("--similar", self.similar, Similar),
            ("--whitening", self.whitening, Whitening),
            *(("--augment", each, Augmentation) for each in self.augmentation),
        ):
            if value not in get_args(choices):
                message = f"{name} is one of {', '.join(get_args(choices))}, not {value!r}."
                raise UsageError(message)
        self._check_numbers()
        if self.freeze == FREEZE_ALL and not self.widths:
            message = "With the whole backbone frozen and no embedding (--embedding 0) the descriptor cannot change."
            if self.loss in ("ranking", "contrastive"):
                raise UsageError(message)
        if self.loss == "whitening" and (self.freeze != FREEZE_ALL or self.widths or self.keep == 0.0):
            message = "--loss whitening takes the network as it is: with --freeze all, --embedding 0 and a --keep above 0."
            raise UsageError(message)
        if self.keep > 0.0 and self.loss != "whitening" and not self.widths:
            message = (
                "--keep joins the backbone's own descriptor to a learned one, which --embedding 0 leaves out."
            )
            raise UsageError(message)
        if self.views == 0 and self.freeze != 0:
            message = "--views 0 draws new versions of each photo in every epoch, which needs --freeze 0."
            raise UsageError(message)
        if self.views > 1 and not self.augmentation:
            message = f"--views {self.views} without --augment would be the same photo {self.views} times."
            raise UsageError(message)

    def _check_numbers(self) -> None:
        for name, value, least, most in (
            ("--epochs", self.epochs, 1, math.inf),
            ("--batch", self.batch, 2, math.inf),
            ("--rate", self.rate, 1e-12, 100.0),
            ("--backbone-rate", self.backbone_rate, 0.0, 100.0),
            ("--warm-up", self.warm_up, 0.0, 0.9),
            ("--weight-decay", self.weight_decay, 0.0, 100.0),
            ("--dropout", self.dropout, 0.0, 0.95),
            ("--smooth-km", self.smooth_km, 0.0, 20000.0),
            ("--balance", self.balance, 0.0, 1.0),
            ("--mix", self.mix, 0.0, 100.0),
            ("--margin", self.margin, 1e-6, 2.0),
            ("--similar-km", self.similar_km, 0.0, 20000.0),
            ("--different-km", self.different_km, self.similar_km, 20000.0),
            ("--mined", self.mined, 0, math.inf),
            ("--views", self.views, 0, 64),
            ("--keep", self.keep, 0.0, 100.0),
            ("--validation", self.validation, 0.0, 0.5),
            *(("--embedding", width, 1, 1 << 16) for width in self.widths),
            *((("--freeze", self.freeze, 0, math.inf),) if isinstance(self.freeze, int) else ()),
        ):
            if not least <= value <= most:
                message = f"{name} lies from {least:g} to {most:g}, not at {value:g}."
                raise UsageError(message)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the plan as plain JSON values."""
        value: Mapping[str, JsonValue] = asdict(self)
        return {
            **value,
            "widths": [*self.widths],
            "augmentation": [*self.augmentation],
        }
