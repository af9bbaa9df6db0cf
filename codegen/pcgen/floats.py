"""Floats of 32 bits, which Python has only on the wire."""

from __future__ import annotations

import struct

SINGLE_MAX = (2 - 2**-23) * 2.0**127


def single(value: float) -> float:
    """The nearest float of 32 bits. Raises OverflowError where a finite value has none."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def shortest(value: float) -> float:
    """A float of 32 bits as the shortest decimal that means it; another as it is."""
    if abs(value) > SINGLE_MAX or single(value) != value:
        return value
    for digits in range(1, 9):
        short = float(f"{value:.{digits}g}")
        if abs(short) <= SINGLE_MAX and single(short) == value:
            return short
    return value
