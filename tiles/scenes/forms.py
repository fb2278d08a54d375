"""In which forms solids are drawn, from far to close."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tiles.scenes.mesh import Mesh
from tiles.scenes.sweep import sweep
from twin.solids import End, Solids


@dataclass(frozen=True, kw_only=True)
class Form:
    """One of them.

    Parameters
    ----------
    name
        What it is called in addresses.
    error_m
        How far what is drawn is from the truth, metres: the lesser, the closer one must be to see the next form.
    sides
        Of what is round; 0 where only axes are drawn.
    ends
        The kinds of ends that are drawn; others stay open.
    in_full
        Whether features say all that they know; otherwise their key and what is a code.
    """

    name: str
    error_m: float
    sides: int
    ends: tuple[End, ...]
    in_full: bool

    def draw(self, solids: Solids) -> tuple[Mesh, ...]:
        """Draw n solids: their surfaces, and their axes, which are seen where a surface is thinner than a pixel.

        Owners of the meshes are the numbers of the solids.
        """
        axes = draw_axes(solids)
        if not self.sides:
            return (axes,)
        ends = np.where(np.isin(solids.ends, self.ends), solids.ends, np.uint8(End.OPEN))
        return sweep(replace(solids, ends=ends), sides=self.sides), axes


def draw_axes(solids: Solids) -> Mesh:
    """The axes of n solids as lines."""
    owners = solids.owners
    starts = np.flatnonzero(owners[:-1] == owners[1:])
    corners = np.column_stack([starts, starts + 1]).ravel()
    return Mesh(points=solids.axes, normals=None, owners=owners, corners=corners)


#: On a screen of 1080 lines a form gives way to the next at 60 times its error: lines to tubes at half a kilometre,
#: these to what has joints at 60 m.
FAR = Form(name="far", error_m=8.0, sides=0, ends=(), in_full=False)
NEAR = Form(name="near", error_m=1.0, sides=6, ends=(End.FLAT,), in_full=True)
CLOSE = Form(name="close", error_m=0.0, sides=12, ends=(End.FLAT, End.JOINT), in_full=True)

FORMS = {form.name: form for form in (FAR, NEAR, CLOSE)}
