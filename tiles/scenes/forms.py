"""In which forms solids are drawn, from far to close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from twin.extrude import extrude
from twin.mesh import Mesh
from twin.solids import Blocks, End, Solids, Sweeps
from twin.sweep import sweep


@dataclass(frozen=True, kw_only=True)
class Form:
    """One of them.

    Parameters
    ----------
    name
        What it is called in addresses.
    error_m
        How far what is drawn is from the truth, metres: the lesser, the closer one must be to see the next form.
    in_full
        Whether features say all that they know; otherwise their key and what is a code.
    draw
        What makes meshes of n solids; their owners are the numbers of the solids.
    """

    name: str
    error_m: float
    in_full: bool
    draw: Callable[[Solids], tuple[Mesh, ...]]


def draw_axes(solids: Solids) -> tuple[Mesh, ...]:
    """The axes of n sweeps as lines."""
    assert isinstance(solids, Sweeps)
    owners = solids.owners
    starts = np.flatnonzero(owners[:-1] == owners[1:])
    corners = np.column_stack([starts, starts + 1]).ravel()
    return (Mesh(points=solids.axes, normals=None, owners=owners, corners=corners),)


def draw_tubes(solids: Solids, *, sides: int, ends: tuple[End, ...]) -> tuple[Mesh, ...]:
    """The surfaces of n sweeps, and their axes, which are seen where a surface is thinner than a pixel.

    Ends of other kinds stay open; what is round has so many sides.
    """
    assert isinstance(solids, Sweeps)
    drawn = np.where(np.isin(solids.ends, ends), solids.ends, np.uint8(End.OPEN))
    return sweep(replace(solids, ends=drawn), sides=sides), *draw_axes(solids)


def draw_blocks(solids: Solids) -> tuple[Mesh, ...]:
    """The walls and roofs of n blocks."""
    assert isinstance(solids, Blocks)
    return (extrude(solids),)


#: On a screen of 1080 lines a form gives way to the next at 60 times its error: lines to tubes at half a kilometre,
#: these to what has joints at 60 m.
FAR = Form(name="far", error_m=8.0, in_full=False, draw=draw_axes)
NEAR = Form(name="near", error_m=1.0, in_full=True, draw=partial(draw_tubes, sides=6, ends=(End.FLAT,)))
CLOSE = Form(name="close", error_m=0.0, in_full=True, draw=partial(draw_tubes, sides=12, ends=(End.FLAT, End.JOINT)))
#: Blocks have one form: what is far away is drawn by squares that are quartered, which show the largest only.
BLOCK = Form(name="block", error_m=0.0, in_full=True, draw=draw_blocks)


def forms_of(solids: Solids, *, quartered: bool) -> tuple[Form, ...]:
    """In which forms a square of solids is drawn, from far to close."""
    if isinstance(solids, Blocks):
        return (BLOCK,)
    return (FAR,) if quartered else (FAR, NEAR, CLOSE)
