"""What an array must be that was read from a file, before anything is made of it."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike


def expect_array(
    name: str,
    value: Any,
    dtype: DTypeLike,
    shape: tuple[int, ...],
    *,
    gaps: bool = False,
) -> None:
    """Refuse what is no array of this type and shape, or holds no proper values.

    Args:
        name: What it is called in the message.
        value: What was read.
        dtype: The type that it must have.
        shape: The shape that it must have.
        gaps: Whether values may be missing.

    Raises:
        ValueError: It is another one.
    """
    if type(value) is not np.ndarray or value.dtype != dtype or value.shape != shape:
        found = (getattr(value, "dtype", type(value)), getattr(value, "shape", ()))
        raise ValueError(f"{name}: got {found}, expected {(np.dtype(dtype), shape)}")
    if not (np.isfinite(value) | (gaps & np.isnan(value))).all():
        raise ValueError(f"{name}: got values that are no finite numbers or dates")
