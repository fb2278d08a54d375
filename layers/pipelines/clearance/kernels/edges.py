"""How two straight pieces of lines lie to one another, in the plane and in space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.compiled import step

Floats = npt.NDArray[np.float64]


@step
def meet_in_plan(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Where two edges are nearest in plan: squared distance, and how far along each, 0 to 1.

    Parameters
    ----------
    a, b
        x, y, z of start and end each.
    """
    ux, uy = a[3] - a[0], a[4] - a[1]
    vx, vy = b[3] - b[0], b[4] - b[1]
    wx, wy = b[0] - a[0], b[1] - a[1]
    cross = ux * vy - uy * vx
    if cross != 0:
        s = (wx * vy - wy * vx) / cross
        t = (wx * uy - wy * ux) / cross
        if 0 <= s <= 1 and 0 <= t <= 1:
            return 0.0, s, t
    uu, vv = ux * ux + uy * uy, vx * vx + vy * vy
    best, best_s, best_t = np.inf, 0.0, 0.0
    for end in range(2):  # an end of b, nearest on a
        s = _clamp(((wx + end * vx) * ux + (wy + end * vy) * uy) / uu) if uu > 0 else 0.0
        dx, dy = wx + end * vx - s * ux, wy + end * vy - s * uy
        if dx * dx + dy * dy < best:
            best, best_s, best_t = dx * dx + dy * dy, s, float(end)
    for end in range(2):  # an end of a, nearest on b
        t = _clamp(((end * ux - wx) * vx + (end * uy - wy) * vy) / vv) if vv > 0 else 0.0
        dx, dy = wx + t * vx - end * ux, wy + t * vy - end * uy
        if dx * dx + dy * dy < best:
            best, best_s, best_t = dx * dx + dy * dy, float(end), t
    return best, best_s, best_t


@step
def meet_in_space(a: Floats, b: Floats) -> float:
    """Squared distance of two edges in space.

    References
    ----------
    C. Ericson, Real-Time Collision Detection (2005), 5.1.9.
    """
    ux, uy, uz = a[3] - a[0], a[4] - a[1], a[5] - a[2]
    vx, vy, vz = b[3] - b[0], b[4] - b[1], b[5] - b[2]
    wx, wy, wz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    uu, vv, uv = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, ux * vx + uy * vy + uz * vz
    uw, vw = ux * wx + uy * wy + uz * wz, vx * wx + vy * wy + vz * wz
    apart = uu * vv - uv * uv
    s = _clamp((uw * vv - vw * uv) / apart) if apart > 1e-12 * uu * vv else 0.0
    t = (uv * s - vw) / vv if vv > 0 else 0.0
    if t < 0 or t > 1 or vv == 0:
        t = _clamp(t)
        s = _clamp((uv * t + uw) / uu) if uu > 0 else 0.0
    dx, dy, dz = wx + t * vx - s * ux, wy + t * vy - s * uy, wz + t * vz - s * uz
    return dx * dx + dy * dy + dz * dz


@step
def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)
