"""The blocks between the streets: their buildable ground, and what they are used for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.boundary import Division
from sample_gis.dice import Dice, Floats, Ints
from sample_gis.noise import Noise
from sample_gis.place import millimetres
from sample_gis.roads import WIDTH_M, Network
from sample_gis.settlements import Settlements
from sample_gis.warp import Warp

#: Uses of ordinary blocks; a key place gives its block its own.
OLD_TOWN, SLABS, TOWERS, CENTER, INDUSTRY, ROW_HOUSES = range(6)

#: Between the edge of the carriageway and the first building: pavement and setback.
_SETBACK_M = 6.0
#: Half the width of a lane where a street was left out.
_LANE_M = 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Blocks of all towns.

    Parameters
    ----------
    town
        (k,) the town of each block, 0 is the seat.
    ground
        (k, 4, 2) corners of the ground inside the streets, counterclockwise from the south-west, metres from the seat.
    use
        (k,) one of the uses above.
    """

    town: Ints
    ground: Floats
    use: Ints

    @classmethod
    def of(cls, seed: int, division: Division, settlements: Settlements, network: Network, warp: Warp) -> Blocks:
        """Cut the blocks out of the street grids."""
        dice = Dice(seed, "blocks")
        town = np.repeat(np.arange(len(settlements.towns)), [len(town.blocks) for town in settlements.towns])
        corner = np.concatenate([town.blocks for town in settlements.towns])
        ground = _ground(settlements, network, warp, corner)
        center = ground.mean(axis=1)
        return cls(town=town, ground=ground, use=_uses(dice, town, center, division.seats))

    @property
    def center(self) -> Floats:
        """(k, 2) middle of each block."""
        center: Floats = self.ground.mean(axis=1)
        return center


def _ground(settlements: Settlements, network: Network, warp: Warp, corner: Ints) -> Floats:
    """Move each side inwards by half its street, the setback and what the street bulges into the block."""
    size = len(settlements.sheet)
    width = {int(a * size + b): float(WIDTH_M[rank]) for (a, b), rank in zip(network.edge, network.rank, strict=True)}
    after = np.roll(corner, -1, axis=1)
    low, high = np.minimum(corner, after), np.maximum(corner, after)
    half = np.array([width.get(key, 2 * _LANE_M) for key in (low * size + high).ravel().tolist()]) / 2

    sheet = settlements.sheet
    start, end = warp.bend(sheet[corner]), warp.bend(sheet[after])
    middle = warp.bend((sheet[corner] + sheet[after]) / 2)
    along = unit_vector(end - start)
    inward = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    bulge = ((middle - start) * inward).sum(axis=-1).clip(min=0) * 1.3
    offset = (start * inward).sum(axis=-1) + half.reshape(corner.shape) + _SETBACK_M + bulge

    # Corner k is where the moved sides k - 1 and k meet.
    before, offset_before = np.roll(inward, 1, axis=1), np.roll(offset, 1, axis=1)
    cross = before[..., 0] * inward[..., 1] - before[..., 1] * inward[..., 0]
    x = (offset_before * inward[..., 1] - offset * before[..., 1]) / cross
    y = (offset * before[..., 0] - offset_before * inward[..., 0]) / cross
    return millimetres(np.stack([x, y], axis=-1))


def _uses(dice: Dice, town: Ints, center: Floats, seats: Floats) -> Ints:
    away = center - seats[town]
    far = np.sqrt((away * away).sum(axis=1))
    taste = Noise.of(dice, 1_500.0)(*center.T)
    luck = dice.unit(len(town))
    south_east = away[:, 0] - away[:, 1]
    seat = np.select(
        [
            (far < 650) | ((luck < 0.06) & (far < 1_800)),
            (far < 1_400) & (away[:, 0] < 100) & (taste > 0.0),
            (south_east > 2_300) | ((far > 2_000) & (taste > 0.22)),
            (away[:, 1] > 500) & (taste < 0.02),
            luck < 0.1,
        ],
        [CENTER, OLD_TOWN, INDUSTRY, TOWERS, ROW_HOUSES],
        SLABS,
    )
    country = np.select([(far < 170), luck < 0.12, luck < 0.3], [CENTER, INDUSTRY, SLABS], ROW_HOUSES)
    return np.where(town == 0, seat, country)


def unit_vector(vector: Floats) -> Floats:
    """Vectors of length 1; square roots, unlike angles, are the same on every machine."""
    length = np.sqrt(vector[..., 0] * vector[..., 0] + vector[..., 1] * vector[..., 1])
    return vector / length[..., None]
