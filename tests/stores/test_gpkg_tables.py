"""Tables of a layer in SQLAlchemy: derived once, because what it compiles it keeps by table."""

from __future__ import annotations

from dataclasses import replace

from twin.crs import transverse_mercator
from twin.layer import Layer
from twin.schema import Field
from twin.stores import create_store
from twin.stores.gpkg import GpkgDialect

WELLS = Layer(
    id="wells",
    title="Wells",
    title_zh="水井",
    about="Where water is drawn.",
    geometry="Point",
    key="well_id",
    fields=(Field(name="well_id", title="Well", title_zh="水井编号", required=True),),
)


def test_the_tables_of_a_layer_are_derived_once_and_anew_when_the_layer_changes(tmp_path):
    path = tmp_path / "twin.gpkg"
    create_store(path, crs=transverse_mercator(118.5)).close()
    dialect = GpkgDialect(path, write=False)
    tables = dialect.tables(WELLS)
    assert dialect.tables(WELLS) is tables

    deeper = replace(WELLS, fields=(*WELLS.fields, Field(name="depth_m", type="real", title="Depth", title_zh="深度")))
    assert "depth_m" in dialect.tables(deeper).current.c
    areas = replace(WELLS, geometry="MultiPolygon")  # the same fields, yet another table
    assert str(dialect.tables(areas).current.c.geom.type) == "MULTIPOLYGON"
    dialect.close()
