"""The learning rate from step to step."""

import math

from geolocdesk.training.plan import TrainingPlan

_STEPS_AT = (0.5, 0.75, 0.9)
_STEP = 0.1


def rate_at(step: int, steps: int, plan: TrainingPlan) -> float:
    """Return the rate of one of ``steps`` steps, counted from 0: it rises evenly, then falls by the schedule."""
    warm_up = round(plan.warm_up * steps)
    if step < warm_up:
        return plan.rate * (step + 1) / warm_up
    share = (step - warm_up) / max(1, steps - warm_up)
    match plan.schedule:
        case "cosine":
            return plan.rate * 0.5 * (1.0 + math.cos(math.pi * share))
        case "step":
            return plan.rate * _STEP ** sum(share >= at for at in _STEPS_AT)
        case "constant":
            return plan.rate
