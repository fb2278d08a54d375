"""Styles of layers for QGIS, in the table ``layer_styles`` where QGIS looks for them in every kind of store.

The table is QGIS's, and its users save styles of their own in it. The twin writes rows under its own name only, never
takes the default from another one, and leaves alone what a user has saved over it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, TableClause, Text, cast, insert, select, update

from twin.layer import Layer
from twin.qgis.qml import derive_styles
from twin.stores.tables import GEOMETRY

NAME = "layer_styles"
#: Whom the twin's rows belong to; no user of a database is called that.
OWNER = "county-twin"


def write_styles(connection: Connection, table: TableClause, place: Mapping[str, str], layer: Layer) -> None:
    """Write the styles of a layer, or bring them up to date.

    Parameters
    ----------
    connection, table
        Where the table is, which must exist.
    place
        Values of the columns that say which database and schema the layer is in.
    layer
        The layer, which gets a style for each kind of geometry it has.
    """
    names = {**place, "f_table_name": layer.id, "f_geometry_column": GEOMETRY}
    of_layer = [table.c[column] == value for column, value in names.items()]
    for style in derive_styles(layer):
        fits = []
        new: dict[str, str | None] = {**names, "stylename": style.name, "description": style.about}
        if "type" in table.c:  # as QGIS asks for it: a style for points is offered for points only
            fits = [table.c.type.is_(None) | (table.c.type == style.kind)]
            new["type"] = style.kind if layer.also else None
        columns = table.c.id, table.c.stylename, table.c.owner, table.c.useasdefault
        kept = connection.execute(select(*columns, cast(table.c.styleqml, Text)).where(*of_layer, *fits)).all()
        ours = [row for row in kept if row.stylename == style.name]
        if not ours:
            default = not any(row.useasdefault for row in kept)
            new |= {"owner": OWNER, "styleqml": style.qml}
            connection.execute(insert(table).values(**new, useasdefault=default))
        elif ours[0].owner == OWNER and ours[0].styleqml != style.qml:
            connection.execute(update(table).where(table.c.id == ours[0].id).values(styleqml=style.qml))
