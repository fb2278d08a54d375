"""The ways along which pipelines are laid: streets and country roads, and places beside their middles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sample_gis.blocks import unit_vector
from sample_gis.dice import Floats, Ints
from sample_gis.mesh import Mask
from sample_gis.pipes.lines import Line
from sample_gis.road_rows import road_names
from sample_gis.roads import LOCAL, MOTORWAY, WIDTH_M, Network
from sample_gis.settlements import Settlements
from sample_gis.warp import Warp

#: Nothing branches off nearer than this to where the outermost line of the crossing street runs.
_CORNER_M = 9.0
_STEP_M = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Ways:
    """k crossings and the m ways between them; motorways have no pipelines.

    Parameters
    ----------
    warp
        The bend of the sheet on which streets run straight north or east.
    sheet
        (k, 2) crossings on the sheet.
    half_m
        (k, 2) half the carriageway of the street that runs north there, and of the one that runs east.
    town
        (k,) town of each crossing, -1 in the country.
    edge, rank, north, street
        (m, 2) ends of each way, its class, whether it runs north, and whether it is a street of a town.
    name
        (m,) names of the streets.
    """

    warp: Warp
    sheet: Floats
    half_m: Floats
    town: Ints
    edge: Ints
    rank: Ints
    north: Mask
    street: Mask
    name: npt.NDArray[np.object_]

    @classmethod
    def of(cls, settlements: Settlements, network: Network, warp: Warp) -> Ways:
        """Take the roads that have pipelines."""
        kept = network.rank != MOTORWAY
        edge, rank, line = network.edge[kept], network.rank[kept], network.line[kept]
        street, north = line[:, 0] >= 0, line[:, 1] == 1
        width = np.full((len(settlements.sheet), 2), WIDTH_M[LOCAL])
        for column, along in enumerate((north, ~north)):
            chosen = street & along
            np.maximum.at(width[:, column], edge[chosen].ravel(), WIDTH_M[rank[chosen]].repeat(2))
        town = np.full(len(settlements.sheet), -1)
        for number, each in enumerate(settlements.towns):
            town[each.number[each.number >= 0]] = number
        return cls(
            warp=warp,
            sheet=settlements.sheet,
            half_m=width / 2,
            town=town,
            edge=edge,
            rank=rank,
            north=north,
            street=street,
            name=road_names(line),
        )

    def take(self, kept: Mask) -> Ways:
        """Some of the ways."""
        names = ("edge", "rank", "north", "street", "name")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def turned(self, back: Mask) -> Ways:
        """The same ways, some of them from their end to their start."""
        return replace(self, edge=np.where(back[:, None], self.edge[:, ::-1], self.edge))

    @property
    def length_m(self) -> Floats:
        """(m,) lengths as the crow flies."""
        x, y = (self.middle[self.edge[:, 0]] - self.middle[self.edge[:, 1]]).T
        length: Floats = np.sqrt(x * x + y * y)
        return length

    @property
    def middle(self) -> Floats:
        """(k, 2) crossings, metres from the seat."""
        return self.warp.bend(self.sheet)

    @property
    def outwards(self) -> Floats:
        """(k, 2) from the middle of their town to the crossings of towns, metres; nothing in the country."""
        from_middle = np.zeros_like(self.sheet)
        for town in range(int(self.town.max()) + 1):
            at = self.town == town
            from_middle[at] = self.middle[at] - self.middle[at].mean(axis=0)
        return from_middle

    @property
    def corner_m(self) -> Floats:
        """(m, 2) how much of each way belongs to the crossings at its ends."""
        across = self.half_m[self.edge, np.where(self.north, 1, 0)[:, None]]
        return np.minimum(across + _CORNER_M, 0.3 * self.length_m[:, None])

    def far_to(self, direction: tuple[float, float]) -> Floats:
        """(k,) how far each crossing lies in a direction."""
        return self.sheet[:, 0] * direction[0] + self.sheet[:, 1] * direction[1]

    def at_crossings(self, line: Line) -> Floats:
        """(k, 2) where a line passes each crossing."""
        return self._beside(self.sheet, line.offset_m(self.half_m))

    def along(self, line: Line, way: Ints, share: Floats, *, offset_m: Floats | None = None) -> Floats:
        """(n, 2) places on a line, or beside it.

        Parameters
        ----------
        line
            The line.
        way, share
            (n,) ways, and shares of the way along each.
        offset_m
            (n,) how far east or north of the middle of the street; as the line runs by default.
        """
        ends = self.edge[way]
        own = line.offset_m(WIDTH_M[self.rank[way]] / 2) if offset_m is None else offset_m
        sheet = self.sheet[ends[:, 0]] + share[:, None] * (self.sheet[ends[:, 1]] - self.sheet[ends[:, 0]])
        across = np.zeros((len(way), 2))
        across[np.arange(len(way)), np.where(self.north[way], 0, 1)] = own
        ahead = unit_vector(self.sheet[ends[:, 1]] - self.sheet[ends[:, 0]]) * _STEP_M
        heading = unit_vector(self.warp.bend(sheet + ahead) - self.warp.bend(sheet - ahead))
        left = np.stack([-heading[:, 1], heading[:, 0]], axis=1)
        in_country = self.warp.bend(sheet) + own[:, None] * left
        return np.where(self.street[way][:, None], self._beside(sheet, across), in_country)

    def _beside(self, sheet: Floats, across: Floats) -> Floats:
        """Places so far from the street that runs north and from the one that runs east, measured at right angles."""
        east, north = (
            unit_vector(self.warp.bend(sheet + step) - self.warp.bend(sheet - step))
            for step in (np.array([_STEP_M, 0.0]), np.array([0.0, _STEP_M]))
        )
        slant = east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0]
        return self.warp.bend(sheet) + (across[:, :1] * east + across[:, 1:] * north) / slant[:, None]
