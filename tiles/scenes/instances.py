"""The same mesh in many places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Instances:
    """Where a mesh stands m times.

    Parameters
    ----------
    translations
        (m, 3) east, north and up, metres.
    rotations
        (m, 4) quaternions x, y, z and w.
    scales
        (m, 3) along the axes of the mesh, before it is turned.
    owners
        (m,) what each belongs to.
    """

    translations: Floats
    rotations: Floats
    scales: Floats
    owners: Numbers
