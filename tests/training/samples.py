"""Runs that the tests of training share."""

import os
import sys
from typing import Any

from bot.core.experiment import ModelState, Optimizer, Spec
from bot.training.labels import Labels, PictureWords

HOUSES: dict[str, Any] = {
    "x": (48.0, 62.0, 75.0, 90.0, 105.0, 128.0, 150.0),
    "y": (165.0, 190.0, 255.0, 270.0, 340.0, 385.0, 470.0),
}
WORDS = PictureWords(
    before="before",
    after="after",
    data="data",
    losses="Loss over the steps",
    loss="Loss",
    step="Step",
    least="least possible",
    blew_up="blew up at step {step}",
)
LABELS = Labels(title="House prices", x_label="Size", x_unit="m²", y_label="Price", y_unit="k€", words=WORDS)


def houses(
    optimizer: Optimizer = Optimizer.SGD,
    *,
    rate: float = 0.1,
    steps: int = 10,
    start: ModelState | None = None,
    **data: Any,
) -> Spec:
    """A run on the first lesson's house prices, from zero unless a start is given."""
    start = start or ModelState.fresh(optimizer, 0.0, 0.0)
    return Spec(**{**HOUSES, **data}, optimizer=optimizer, rate=rate, steps=steps, start=start)


def garble(garbage: bytes) -> None:
    """Run in a worker: write this into the pipe that its results go through."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:  # pebble's, in the frame of the worker's loop
        assert frame.f_back is not None
        frame = frame.f_back
    os.write(frame.f_locals["channel"].writer.fileno(), garbage)
