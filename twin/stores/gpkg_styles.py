"""Styles for QGIS in a GeoPackage: a table among the others, as QGIS itself adds it."""

from __future__ import annotations

from sqlalchemy import Boolean, Connection, Text, column, table

from twin.layer import Layer
from twin.stores.layer_styles import NAME, write_styles

_CREATE = f"""
CREATE TABLE IF NOT EXISTS {NAME} (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""
_REGISTER = f"""
INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description)
VALUES ('{NAME}', 'attributes', '{NAME}', 'How QGIS draws the layers')
"""
_STYLES = table(
    NAME,
    column("id"),
    column("f_table_catalog", Text),
    column("f_table_schema", Text),
    column("f_table_name", Text),
    column("f_geometry_column", Text),
    column("stylename", Text),
    column("styleqml", Text),
    column("useasdefault", Boolean),
    column("description", Text),
    column("owner", Text),
)


def keep_styles(connection: Connection, layer: Layer) -> None:
    """Write the styles of a layer; a file has neither catalogue nor schemas."""
    connection.exec_driver_sql(_CREATE)
    connection.exec_driver_sql(_REGISTER)
    write_styles(connection, _STYLES, {"f_table_catalog": "", "f_table_schema": ""}, layer)
