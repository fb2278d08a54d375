"""The tables that make an SQLite file a GeoPackage, and what stands in them for the twin's layers.

References
----------
OGC 12-128r18 (GeoPackage 1.3): clauses 1.1.2 (spatial reference systems), 1.1.3 (contents), 2.1.5 (geometry columns),
annexes F.3 (R-tree), F.9 (schema) and F.10 (WKT for coordinate reference systems).
"""

from __future__ import annotations

from sqlalchemy import Connection

from twin.crs import CRS, CRS84, crs_to_gpkg
from twin.layer import Layer
from twin.schema import Field
from twin.stores.gpkg_triggers import rtree_name
from twin.stores.tables import GEOMETRY

#: "GPKG", and version 1.3, which every GDAL since 3.1 reads without a warning.
APPLICATION_ID, USER_VERSION = 0x47504B47, 10300
#: srs_id of a storage CRS that has no EPSG code.
CUSTOM_SRS_ID = 100_001

_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT,
  definition_12_063 TEXT NOT NULL);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))
"""


def create_geopackage(connection: Connection, crs: CRS) -> int:
    """Write the standard tables into an empty database; returns the srs_id of the storage CRS."""
    run = connection.exec_driver_sql
    run(f"PRAGMA application_id = {APPLICATION_ID}")
    run(f"PRAGMA user_version = {USER_VERSION}")
    for statement in _TABLES.split(";\n"):
        run(statement)
    add_srs = "INSERT OR REPLACE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?, ?)"
    for srs_id, kind in ((-1, "Cartesian"), (0, "geographic")):
        name = f"Undefined {kind} SRS"
        run(add_srs, (name, srs_id, "NONE", srs_id, "undefined", f"undefined {kind.lower()} CRS", "undefined"))
    _, _, _, wgs84_wkt1, wgs84_wkt2 = crs_to_gpkg(CRS84)
    run(add_srs, ("WGS 84 geodetic", 4326, "EPSG", 4326, wgs84_wkt1, "longitude, latitude in degrees", wgs84_wkt2))
    organization, code, name, wkt1, wkt2 = crs_to_gpkg(crs)
    srs_id = CUSTOM_SRS_ID if code is None else code
    run(add_srs, (name, srs_id, organization, srs_id, wkt1, "storage CRS of the twin", wkt2))
    register_extension(connection, "gpkg_spatial_ref_sys", "definition_12_063", "gpkg_crs_wkt", "extension_crs_wkt")
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        register_extension(connection, table, None, "gpkg_schema", "extension_schema")
    return srs_id


def register_extension(connection: Connection, table: str, column: str | None, name: str, page: str) -> None:
    """Declare the use of a GeoPackage extension, as readers require."""
    scope = "write-only" if name == "gpkg_rtree_index" else "read-write"
    definition = f"http://www.geopackage.org/spec130/#{page}"
    connection.exec_driver_sql(
        "INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", (table, column, name, definition, scope)
    )


def register_layer(connection: Connection, layer: Layer, srs_id: int) -> None:
    """Describe a feature table to readers: contents, geometry column and R-tree."""
    run = connection.exec_driver_sql
    title = f"{layer.title} {layer.title_zh}"
    if run("SELECT 1 FROM gpkg_contents WHERE identifier = ?", (title,)).first():  # the standard wants them unique
        title = f"{title} ({layer.id})"
    run(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)"
        " VALUES (?, 'features', ?, ?, ?)",
        (layer.id, title, layer.about, srs_id),
    )
    kind = "GEOMETRY" if layer.also else layer.geometry.upper()
    run(
        "INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, 0)",
        (layer.id, GEOMETRY, kind, srs_id, 1 if layer.has_z else 0),
    )
    run(f'CREATE VIRTUAL TABLE "{rtree_name(layer)}" USING rtree(id, minx, maxx, miny, maxy)')
    register_extension(connection, layer.id, GEOMETRY, "gpkg_rtree_index", "extension_rtree")


def describe_fields(connection: Connection, layer: Layer) -> None:
    """Write the field titles and constraints of a layer anew."""
    run = connection.exec_driver_sql
    run("DELETE FROM gpkg_data_columns WHERE table_name = ?", (layer.id,))
    for field in layer.schema:
        constraint = _constrain(connection, layer, field)
        note = " ".join(part for part in (field.note, f"Unit: {field.unit}." if field.unit else "") if part)
        run(
            "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, ?)",
            (layer.id, field.name, field.title_zh, field.title, note, constraint),
        )


def _constrain(connection: Connection, layer: Layer, field: Field) -> str | None:
    """Write the code list or range of a field; returns the constraint's name."""
    run = connection.exec_driver_sql
    name = f"{layer.id}_{field.name}"
    run("DELETE FROM gpkg_data_column_constraints WHERE constraint_name = ?", (name,))
    add = "INSERT INTO gpkg_data_column_constraints VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    for code in field.codes:
        run(add, (name, "enum", str(code.value), None, None, None, None, f"{code.title} {code.title_zh}"))
    if field.codes:
        return name
    if field.minimum is None or field.maximum is None:
        return None
    run(add, (name, "range", None, field.minimum, 1, field.maximum, 1, None))
    return name
