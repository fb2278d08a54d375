"""Models of which the store keeps shapes: where each stands, and what is drawn of it from near and from close by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bim.packing import unpack_placed
from bim.placed import Placed
from tiles.scenes.content import write_content
from tiles.scenes.encoding import Encoding
from tiles.scenes.properties import Column, read_columns
from tiles.scenes.shapes import draw_shapes
from twin.crs import CRS84, transform
from twin.earth import Place
from twin.frame import Frame
from twin.heights import GeoidOffset
from twin.solids import KeptModels
from twin.store import Store

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

#: From near a model shows what is at least so long, the largest first, up to so many triangles.
_LEAST_M, _MOST_TRIANGLES = 2.0, 30_000
#: Property sets by their names, in JSON.
_SETS = "properties"
#: What is not told of an element from near.
_KEPT_CLOSE = (_SETS, "shape_digest", "outcome")
SHELL, WHOLE = "shell", "whole"


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """A model that is drawn.

    Parameters
    ----------
    digest
        Of its shapes, by which its contents are named.
    instead_of
        The key of the feature that gives way to it.
    place
        Where its shapes are measured from.
    box
        West, south, bottom, east, north and top, metres from there.
    """

    digest: str
    instead_of: str | None
    place: Place
    box: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelStage:
    """The models of a layer, ready to be drawn.

    Parameters
    ----------
    frame, elements
        Their rows, and those of what they consist of.
    kept
        What the layer says of them.
    store
        What keeps their shapes.
    geoid
        How high their heights lie above the ellipsoid.
    """

    frame: Frame
    elements: Frame
    kept: KeptModels
    store: Store
    geoid: GeoidOffset

    @classmethod
    def of(cls, frame: Frame, elements: Frame, store: Store, geoid: GeoidOffset) -> ModelStage:
        """The stage of a frame, made once."""
        kept = frame.layer.models
        assert kept is not None
        name = f"scenes {geoid.offset_m!r} {elements.revision}"
        return frame.keep(name, lambda: cls(frame=frame, elements=elements, kept=kept, store=store, geoid=geoid))

    @cached_property
    def standing(self) -> Mapping[str, Standing]:
        """The models of which something is drawn, by digest."""
        rows = self.frame.data
        there = rows[rows[self.kept.shapes].notna()]
        named = zip(there[self.kept.shapes].astype(str), there[self.kept.instead_of[1]], strict=True)
        found = (self._stand(digest, str(key) if isinstance(key, str) else None) for digest, key in named)
        return {each.digest: each for each in found if each is not None}

    @cached_property
    def _columns(self) -> tuple[Column, ...]:
        columns = read_columns(self.elements)
        return tuple(replace(each, is_split=each.field.name == _SETS) for each in columns)

    def draw(self, digest: str, form: str, encoding: Encoding) -> bytes:
        """Draw a model: its ``shell``, or the ``whole`` of it with all that its elements say."""
        placed = unpack_placed(self.store.kept(digest))
        rows = self._rows_of(placed)
        if form == SHELL:
            rows = np.where(_is_large(placed, rows >= 0), rows, -1)
        told, owners = np.unique(rows[rows >= 0], return_inverse=True)
        positions = np.full(len(rows), -1)
        positions[rows >= 0] = owners
        parts = draw_shapes(placed.shapes, positions, repeat=encoding.edition == "1.1")
        columns = [each for each in self._columns if form == WHOLE or each.field.name not in _KEPT_CLOSE]
        return write_content(parts, self.standing[digest].box, columns, told, self.elements.layer.id, encoding)

    def _stand(self, digest: str, instead_of: str | None) -> Standing | None:
        placed = unpack_placed(self.store.kept(digest))
        drawn = self._rows_of(placed) >= 0
        if not drawn.any():
            return None
        x, y, height_m = placed.origin
        lon, lat = transform(np.array([x]), np.array([y]), self.frame.crs, CRS84)
        bounds = placed.bounds_m[drawn]
        return Standing(
            digest=digest,
            instead_of=instead_of,
            place=Place(lon=float(lon[0]), lat=float(lat[0]), height_m=height_m + self.geoid.offset_m),
            box=np.concatenate([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)]),
        )

    def _rows_of(self, placed: Placed) -> Numbers:
        """(s,) the row of the element of each instance; -1 of what is not drawn, and of elements that are gone."""
        rows = np.asarray(self.elements.data.index.get_indexer(list(placed.element_ids)), dtype=np.int64)
        rows[(rows >= 0) & ~self._is_drawn[rows]] = -1
        return rows[placed.shapes.elements]

    @cached_property
    def _is_drawn(self) -> npt.NDArray[np.bool_]:
        """(n,) of the rows of elements."""
        name, values = self.kept.drawn
        is_drawn: npt.NDArray[np.bool_] = self.elements.data[name].isin(values).to_numpy(bool)
        return is_drawn


def _is_large(placed: Placed, drawn: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(s,) which instances are seen from near: the largest, at least one."""
    shapes, bounds = placed.shapes, placed.bounds_m
    sizes = np.where(drawn, np.linalg.norm(bounds[:, 1] - bounds[:, 0], axis=1), -1.0)
    order = np.argsort(-sizes, kind="stable")
    triangles = np.diff(shapes.triangle_offsets)[shapes.meshes[order]]
    seen = (sizes[order] >= _LEAST_M) & (np.cumsum(triangles) <= _MOST_TRIANGLES)
    seen[0] = True
    large = np.zeros(len(sizes), dtype=bool)
    large[order] = seen
    return large & drawn
