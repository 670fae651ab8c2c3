"""Facial parameters of the four classes."""

import random
from dataclasses import dataclass

LABELS = ("Bored", "Confused", "Focused", "Tired")


@dataclass(frozen=True)
class Expression:
    """Facial parameters. Lengths are in units of half the face's height."""

    openness: tuple[float, float]
    """Opening of the left and the right eye, 0 to 1."""
    gaze: tuple[float, float]
    """Horizontal and vertical pupil offset, -1 to 1; positive is right and down."""
    brow_lift: tuple[float, float]
    brow_slant: tuple[float, float]
    """Positive lowers the inner end."""
    mouth_width: float
    mouth_curve: float
    """Positive is a smile."""
    mouth_skew: float
    mouth_open: float
    bags: float
    """Darkness of the skin below the eyes, 0 to 1."""
    tilt: float
    """Head tilt in degrees, added to the random pose of every face."""


def draw_expression(label: str, rng: random.Random) -> Expression:
    """Draw random parameters of a face of class `label`, one of LABELS. Raises ValueError otherwise."""

    def near(value: float, spread: float) -> float:
        return rng.uniform(value - spread, value + spread)

    sign = rng.choice((-1, 1))
    if label == "Bored":
        lid = near(0.42, 0.07)
        return Expression(
            openness=(lid, lid),
            gaze=(sign * near(0.75, 0.2), near(-0.25, 0.3)),
            brow_lift=(near(0.02, 0.02), near(0.02, 0.02)),
            brow_slant=(near(-0.02, 0.03), near(-0.02, 0.03)),
            mouth_width=near(0.24, 0.03),
            mouth_curve=near(-0.04, 0.02),
            mouth_skew=sign * near(0.035, 0.02),
            mouth_open=0.0,
            bags=near(0.1, 0.1),
            tilt=sign * near(8, 5),
        )
    if label == "Confused":
        lifted = (near(0.13, 0.03), near(0.0, 0.02))
        opened = (near(0.95, 0.05), near(0.68, 0.06))
        slants = (near(-0.02, 0.03), near(0.09, 0.03))
        if sign < 0:
            lifted, opened, slants = lifted[::-1], opened[::-1], slants[::-1]
        return Expression(
            openness=opened,
            gaze=(near(0, 0.3), near(-0.2, 0.3)),
            brow_lift=lifted,
            brow_slant=slants,
            mouth_width=near(0.15, 0.03),
            mouth_curve=near(-0.06, 0.03),
            mouth_skew=-sign * near(0.07, 0.02),
            mouth_open=rng.choice((0.0, near(0.05, 0.02))),
            bags=near(0.05, 0.05),
            tilt=sign * near(7, 5),
        )
    if label == "Focused":
        lid = near(0.7, 0.06)
        slant = near(0.085, 0.02)
        lift = near(-0.05, 0.015)
        return Expression(
            openness=(lid, lid),
            gaze=(near(0, 0.12), near(0.1, 0.12)),
            brow_lift=(lift, lift),
            brow_slant=(slant, slant),
            mouth_width=near(0.2, 0.03),
            mouth_curve=near(0.0, 0.015),
            mouth_skew=0.0,
            mouth_open=0.0,
            bags=near(0.05, 0.05),
            tilt=near(0, 2),
        )
    if label == "Tired":
        lid = near(0.12, 0.1)
        yawns = rng.random() < 0.4
        return Expression(
            openness=(lid, lid),
            gaze=(near(0, 0.2), near(0.4, 0.2)),
            brow_lift=(near(0.03, 0.02), near(0.03, 0.02)),
            brow_slant=(near(-0.09, 0.03), near(-0.09, 0.03)),
            mouth_width=near(0.15 if yawns else 0.2, 0.03),
            mouth_curve=near(-0.07, 0.02),
            mouth_skew=0.0,
            mouth_open=near(0.16, 0.04) if yawns else 0.0,
            bags=near(0.75, 0.2),
            tilt=near(0, 7),
        )
    raise ValueError(f"no drawn face for {label!r}: one of {', '.join(LABELS)}")
