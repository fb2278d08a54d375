"""Geometry becomes what the layer wants, or the row is a fault that says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from twin.ingest.faults import Faults, Rows
from twin.ingest.shapes import fit_shapes


@pytest.fixture
def fit(parcels):
    """Fit shapes to a layer: the result, and the faults as (row, what)."""

    def run(*shapes, layer=parcels, tolerance=1e-6):
        array = np.empty(len(shapes), dtype=object)
        array[:] = shapes
        faults = Faults()
        rows = Rows.of("a.shp", np.arange(1, len(array) + 1))
        fitted = fit_shapes(array, layer, rows, faults, tolerance=tolerance)
        return fitted, [(fault.row, fault.what) for fault in faults.kept]

    return run


def test_polygons_become_multipolygons_and_nothing_moves(fit):
    fitted, faults = fit(box(0, 0, 1, 1), MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]))
    assert not faults
    assert [shape.geom_type for shape in fitted.geometry] == ["MultiPolygon"] * 2
    assert fitted.geometry[0].geoms[0].equals_exact(box(0, 0, 1, 1), 0)


def test_multipolygons_with_one_part_become_polygons_where_the_layer_wants_that(fit, parcels):
    layer = replace(parcels, geometry="Polygon")
    fitted, faults = fit(MultiPolygon([box(0, 0, 1, 1)]), MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), layer=layer)
    assert fitted.geometry[0].geom_type == "Polygon"
    assert faults == [(2, "the geometry type is wrong")]


def test_a_layer_with_further_types_takes_each_as_it_is(fit, parcels):
    fitted, faults = fit(Point(1, 1), box(0, 0, 1, 1), layer=replace(parcels, also=("Point",)))
    assert not faults
    assert [shape.geom_type for shape in fitted.geometry] == ["Point", "MultiPolygon"]


def test_mixed_types_are_faults_and_name_what_is_allowed(fit, parcels):
    _, faults = fit(box(0, 0, 1, 1), Point(0, 0), shapely.LineString([(0, 0), (1, 1)]))
    assert faults == [(2, "the geometry type is wrong"), (3, "the geometry type is wrong")]


def test_closed_lines_are_outlines_in_a_layer_of_areas_and_the_notice_says_so(fit):
    outline, path = shapely.from_wkt(["LINESTRING (0 0, 9 0, 9 9, 0 0)", "LINESTRING (0 0, 9 0, 9 9)"])
    fitted, faults = fit(outline, path)
    assert fitted.geometry[0].area == 40.5
    assert fitted.notices == ("1 closed lines were taken as the outlines of areas",)
    assert faults == [(2, "the geometry type is wrong")]


def test_a_collection_with_one_part_is_that_part(fit):
    fitted, faults = fit(shapely.GeometryCollection([box(0, 0, 1, 1)]))
    assert (fitted.geometry[0].geom_type, faults) == ("MultiPolygon", [])


def test_missing_and_empty_geometry_are_faults(fit):
    _, faults = fit(None, Polygon(), box(0, 0, 1, 1))
    assert faults == [(1, "there is no geometry"), (2, "there is no geometry")]


def test_missing_and_empty_geometry_are_none_where_a_layer_needs_none(fit, parcels):
    fitted, faults = fit(None, Polygon(), box(0, 0, 1, 1), layer=replace(parcels, geometry_optional=True))
    assert [shape is None for shape in fitted.geometry] == [True, True, False]
    assert faults == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make", ["Point", "LineString", "Polygon"])
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_coordinates_that_are_not_finite_are_faults(fit, parcels, bad, make):
    shape = {
        "Point": Point(bad, 1),
        "LineString": shapely.LineString([(0, 0), (bad, 1)]),
        "Polygon": Polygon([(0, 0), (1, 0), (1, bad), (0, 0)]),
    }[make]
    _, faults = fit(shape, layer=replace(parcels, geometry=make))
    assert faults == [(1, "a coordinate is not a finite number")]


def test_a_harmless_defect_is_repaired_and_counted(fit):
    # A spike of no area: from the corner out along the edge and back.
    spike = Polygon([(0, 0), (10, 0), (10, 10), (10, 12), (10, 10), (0, 10), (0, 0)])
    fitted, faults = fit(spike, box(0, 0, 1, 1))
    assert not faults
    assert fitted.repaired.tolist() == [True, False]
    assert fitted.geometry[0].is_valid
    assert fitted.geometry[0].geom_type == "MultiPolygon"
    assert fitted.geometry[0].area == 100.0


def test_a_defect_whose_repair_changes_the_area_is_a_fault_that_says_by_how_much(fit):
    tie = Polygon([(0, 0), (6, 6), (6, 4), (0, 10), (0, 0)])
    fitted, faults = fit(tie)
    assert fitted.geometry[0] is None
    ((row, what),) = faults
    assert row == 1
    # One wing is half of 10 x 5, the other, running the other way round, half of 2 x 1: 25 - 1 = 24 against 26.
    assert what == "the geometry is invalid; repairing it would change its area by 0.083 of it"


def test_the_tolerance_of_a_repair_is_the_operators(fit):
    tie = Polygon([(0, 0), (6, 6), (6, 4), (0, 10), (0, 0)])
    fitted, faults = fit(tie, tolerance=0.1)
    assert (fitted.repaired.tolist(), faults) == ([True], [])
    assert fitted.geometry[0].area == 26.0


def test_a_bow_tie_of_equal_wings_has_no_area_to_keep(fit):
    _, faults = fit(Polygon([(0, 0), (10, 10), (10, 0), (0, 10), (0, 0)]))
    assert faults == [(1, "the geometry is invalid")]


def test_polygons_without_area_and_lines_without_length_are_faults(fit, parcels):
    _, faults = fit(Polygon([(0, 0), (1, 1), (2, 2), (0, 0)]))
    assert [row for row, _ in faults] == [1]
    lines = replace(parcels, geometry="LineString")
    assert [row for row, _ in fit(shapely.LineString([(1, 1), (1, 1)]), layer=lines)[1]] == [1]


def test_heights_are_dropped_from_a_layer_without_and_the_notice_says_so(fit):
    fitted, _ = fit(shapely.force_3d(box(0, 0, 1, 1), z=7))
    assert not fitted.geometry[0].has_z
    assert fitted.notices == ("parcels keeps no heights: those of 1 geometries were dropped",)


def test_heights_that_were_not_delivered_are_zero_and_the_notice_counts_them(fit, wells):
    fitted, _ = fit(Point(1, 2, 3), Point(1, 2), shapely.points([1, 2, np.nan]), layer=wells)
    assert [shape.z for shape in fitted.geometry] == [3, 0, 0]
    assert fitted.notices == ("no heights were delivered for 2 geometries: they are stored at height 0",)


def test_m_values_are_dropped_and_heights_beside_them_kept(fit, wells):
    fitted, _ = fit(*shapely.from_wkt(["POINT ZM (1 2 3 4)", "POINT M (1 2 4)"]), layer=wells)
    assert [shape.wkt for shape in fitted.geometry] == ["POINT Z (1 2 3)", "POINT Z (1 2 0)"]
    assert fitted.notices[0] == "M values of 2 geometries were dropped"
