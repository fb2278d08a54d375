"""Sections of pipes: where their parts lie for each reference of depth, and how sizes are spelled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layers.pipelines.section import Sections, parse_size

REFS = np.array(["inner_bottom", "outer_top", "outer_bottom", "center"], dtype=object)


def sections(*rows):
    fields = ("diameter_mm", "width_mm", "height_mm", "wall_mm")
    return Sections.of(pd.DataFrame([dict(zip(fields, row, strict=True)) for row in rows], dtype=float))


def test_the_axis_of_a_round_pipe_lies_where_each_reference_says():
    # Inside 600 mm, wall 60 mm: outside 720 mm. Ground 120.00; the axis is at 117.80 in all four.
    pipes = sections(*[(600, None, None, 60)] * 4)
    depths = np.array([2.50, 1.84, 2.56, 2.20])
    axis = pipes.axis_m(np.full(4, 120.0), depths, REFS)
    assert axis == pytest.approx([117.80] * 4, abs=1e-9)
    assert pipes.inner_bottom_m(axis) == pytest.approx([117.50] * 4, abs=1e-9)
    assert pipes.outer_top_m(axis) == pytest.approx([118.16] * 4, abs=1e-9)
    assert pipes.outer_bottom_m(axis) == pytest.approx([117.44] * 4, abs=1e-9)
    assert pipes.cover_m(depths, REFS) == pytest.approx([1.84] * 4, abs=1e-9)


def test_cover_of_a_gravity_pipe_is_depth_less_diameter_and_wall():
    # 2.00 - 0.30 - 0.03
    assert sections((300, None, None, 30)).cover_m(np.array([2.0]), REFS[:1]) == pytest.approx([1.67])


def test_a_rectangular_channel_is_reckoned_by_its_height():
    channel = sections((None, 1200, 800, None))
    assert channel.width_m.tolist() == [1.2]
    assert channel.axis_m(np.array([50.0]), np.array([3.0]), REFS[:1]) == pytest.approx([47.4])
    assert channel.cover_m(np.array([3.0]), REFS[:1]) == pytest.approx([2.2])


def test_ground_is_depth_and_height_of_the_same_reference():
    # The identity of surveyors: 120.00 = 1.50 + 118.50.
    pipe = sections((200, None, None, 5))
    axis = pipe.axis_m(np.array([120.0]), np.array([1.5]), REFS[1:2])
    assert pipe.outer_top_m(axis) == pytest.approx([118.5])


def test_without_a_section_only_a_depth_to_the_centre_gives_the_axis():
    axis = sections(*[(None, None, None, None)] * 4).axis_m(np.full(4, 10.0), np.ones(4), REFS)
    assert np.isnan(axis).tolist() == [True, True, True, False]
    assert axis[3] == 9.0
    assert np.isnan(sections((100, None, None, None)).rise_m(np.array([None], dtype=object))).all()


def test_a_pipe_above_ground_has_negative_cover():
    assert sections((200, None, None, None)).cover_m(np.array([-3.0]), REFS[1:2]) == pytest.approx([-3.0])


@pytest.mark.parametrize(
    ("text", "size"),
    [("300", (300,)), ("DN300", (300,)), ("dn 300", (300,)), ("Φ300", (300,)), ("φ110", (110,)), ("De63", (63,)),
     ("300mm", (300,)), ("300.0", (300,)), ("0.3", (0.3,)), ("600x400", (600, 400)), ("600X400", (600, 400)),
     ("600*400", (600, 400)), ("600×400", (600, 400)), ("600 × 400", (600, 400)), ("６００×４００", (600, 400)),
     ("600＊400", (600, 400)), ("1200mm×800mm", (1200, 800))],
)  # fmt: skip
def test_sizes_are_read_in_all_their_spellings(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "600×0", "DN", "300/400", "600x400x200", "-300", "三百", "1e3", "nan"])
def test_what_is_no_size_is_not_read_as_one(text):
    assert parse_size(text) is None
