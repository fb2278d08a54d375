"""Where buildings stand: plots in rows inside the blocks and around the heart of each village."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_gis.blocks import unit_vector
from sample_gis.dice import Dice, Floats, Ints
from sample_gis.habits import Habit
from sample_gis.mesh import Mask


@dataclass(frozen=True, kw_only=True, eq=False)
class Plots:
    """Places for n buildings: the site each belongs to, middle, unit vector along the width, width and depth."""

    site: Ints
    center: Floats
    axis: Floats
    size: Floats

    def take(self, rows: Mask | Ints) -> Plots:
        """Some of the plots."""
        return Plots(site=self.site[rows], center=self.center[rows], axis=self.axis[rows], size=self.size[rows])


def lay_out_blocks(dice: Dice, habit: Habit, ground: Floats) -> Plots:
    """Lay plots in rows along the southern street of each block, as far as they fit the ground.

    Parameters
    ----------
    dice
        Random numbers.
    habit
        How to build.
    ground
        (k, 4, 2) corners of the ground.
    """
    axis = unit_vector(ground[:, 1] - ground[:, 0] + ground[:, 2] - ground[:, 3])
    center = ground.mean(axis=1)
    away = ground - center[:, None]
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
    extent = np.stack([np.ptp((away * direction[:, None]).sum(axis=2), axis=1) for direction in (axis, across)], axis=1)
    plots = _lay_rows(dice, habit, center, axis, extent)

    side = np.roll(ground, -1, axis=1) - ground
    inward = unit_vector(np.stack([-side[..., 1], side[..., 0]], axis=-1))[plots.site]
    corner = _corners(plots)[:, :, None] - ground[plots.site][:, None]
    return plots.take((((corner * inward[:, None]).sum(axis=-1)) >= 0).all(axis=(1, 2)))


def lay_out_villages(dice: Dice, habit: Habit, center: Floats, houses: Ints) -> Plots:
    """Lay plots in rows around the heart of each village, within a ragged oval.

    Parameters
    ----------
    dice
        Random numbers.
    habit
        How to build.
    center
        (k, 2) hearts of the villages.
    houses
        (k,) about how many plots each has.
    """
    count = len(center)
    tilt = dice.between(-0.25, 0.25, count)
    axis = unit_vector(np.stack([np.ones(count), tilt], axis=1))
    # An ellipse of half axes a and b has the area π a b.
    long = dice.between(1.0, 1.5, count)
    radius = np.sqrt(houses * habit.pitch_m[0] * habit.pitch_m[1] / (3.1416 * long))
    half = np.stack([radius * long, radius], axis=1) * 1.15
    plots = _lay_rows(dice, habit, center, axis, 2 * half)
    reach = (plots.center - center[plots.site]) / half[plots.site]
    ragged = dice.between(0.55, 1.0, len(plots.site))
    return plots.take((reach * reach).sum(axis=1) < ragged)


def _lay_rows(dice: Dice, habit: Habit, center: Floats, axis: Floats, extent: Floats) -> Plots:
    pitch, largest = np.array(habit.pitch_m), np.array(habit.size_m)
    # A little looser in one block than in the next.
    pitch = pitch * dice.between(1.0, 1.12, len(center), 2)
    count = np.maximum((extent // pitch).astype(np.int64), 1)
    columns, rows = (np.arange(most) for most in count.max(axis=0))
    grid = np.stack(np.meshgrid(columns, rows, indexing="ij"), axis=-1).reshape(-1, 2)
    site, cell = np.nonzero((grid[None] < count[:, None]).all(axis=2))
    built = dice.unit(len(site)) < habit.built
    site, cell = site[built], cell[built]

    size = largest * dice.between(0.84, 1.0, len(site), 2)
    slack = (pitch[site] - size) / 2 - 0.6
    local = (grid[cell] - (count[site] - 1) / 2) * pitch[site] + slack * dice.between(-0.7, 0.7, len(site), 2)
    direction = axis[site]
    across = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    return Plots(
        site=site, center=center[site] + local[:, :1] * direction + local[:, 1:] * across, axis=direction, size=size
    )


def _corners(plots: Plots) -> Floats:
    across = np.stack([-plots.axis[:, 1], plots.axis[:, 0]], axis=1)
    half = plots.size / 2
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
    local = signs[None] * half[:, None]
    return plots.center[:, None] + local[..., :1] * plots.axis[:, None] + local[..., 1:] * across[:, None]
