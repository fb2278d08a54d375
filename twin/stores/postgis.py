"""A twin's database in PostgreSQL with PostGIS: one schema, tables that other programs may read as they are.

Readers see one state of the database for as long as they ask (repeatable read), and nobody waits for them. Writers take
turns by an advisory lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Index,
    Table,
    and_,
    create_engine,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.exc import InvalidatePoolError

from twin.crs import BBox
from twin.errors import InvalidParameter, StoreReplaced, StoreUnavailable
from twin.layer import Layer
from twin.schema import Field
from twin.store import Finding, SharedCount
from twin.stores.dialect import Values
from twin.stores.postgis_copy import RowRefused, copy_rows
from twin.stores.postgis_errors import committing, translated
from twin.stores.postgis_filling import fill, take_alone
from twin.stores.postgis_findings import look_around, look_at_listener, look_at_record, look_for_drafts
from twin.stores.postgis_listen import Listener
from twin.stores.postgis_roles import grant_layer
from twin.stores.postgis_rules import limit_values
from twin.stores.postgis_styles import keep_styles, look_at_styles
from twin.stores.postgis_tongue import PostgisTongue
from twin.stores.postgis_triggers import CHANNEL, OWN_WRITE, record_edits
from twin.stores.postgis_types import SQL_NAMES, StoredGeometry, column_type
from twin.stores.postgis_url import PostgisPlace
from twin.stores.standing import StandingTables
from twin.stores.tables import GEOMETRY, META, LayerTables, layer_tables

Geometries = npt.NDArray[np.object_]
Fids = npt.NDArray[np.int64]

#: How long a writer waits for another one.
_LOCK_TIMEOUT = "30s"
#: From how many rows on it pays to make indexes after them.
_MANY = 10_000
#: Where PostGIS may have been installed.
_EXTENSION_SCHEMAS = "public,postgis,extensions"


class PostgisDialect:
    """PostGIS through psycopg 3.

    Parameters
    ----------
    place
        Database and schema.
    """

    def __init__(self, place: PostgisPlace) -> None:
        self.place = place
        self.url = str(place)
        self._tables = StandingTables(self.url, SQL_NAMES, self._find_columns, self._derive)
        self._extents: dict[str, tuple[int, BBox | None]] = {}
        self._created_at: str | None = None
        self.srid = 0
        given = place.database.query.get("options", "")
        self.engine: Engine = create_engine(
            place.database,
            isolation_level="REPEATABLE READ",
            pool_size=8,
            max_overflow=24,
            pool_timeout=10,
            connect_args={
                "options": f"{given} -c search_path={place.schema},{_EXTENSION_SCHEMAS} -c timezone=UTC".lstrip(),
                "connect_timeout": 10,
                "application_name": "county-twin",
            },
        )
        event.listen(self.engine, "checkout", self._require_same_twin)
        self._listener = Listener(self.engine, place.schema)

    @property
    def tongue(self) -> PostgisTongue:
        """PostgreSQL's, with geometries in the storage CRS."""
        return PostgisTongue(self.srid)

    def stay_with(self, created_at: str, *, srid: int) -> None:
        """Work on the twin of this moment, whose storage CRS has this SRID, and refuse any other of the same name."""
        self._created_at, self.srid = created_at, srid

    def _require_same_twin(self, driver: Any, *_: object) -> None:
        """Ask before each use whether the connection lives, and leads to the same twin as ever."""
        self._require_unrestored()
        known = self._created_at
        which = "SELECT NULL" if known is None else f"SELECT value FROM {META.name} WHERE key = 'created_at'"
        try:
            driver.autocommit = True  # so that the question begins no transaction
            found = driver.execute(which).fetchone()
            driver.autocommit = False
        except psycopg.OperationalError as error:
            raise InvalidatePoolError from error
        if found != (known,):
            raise StoreReplaced(f"{self.url}: another twin stands in its place; try again")

    def _require_unrestored(self) -> None:
        if self._listener.restored:
            raise StoreReplaced(f"{self.url}: an older state was restored in its place; try again")

    def translated(self) -> AbstractContextManager[None]:
        """Turn the driver's errors into `TwinError` with what to do."""
        return translated(self.url)

    @contextmanager
    def limited(self, connection: Connection, seconds: float) -> Iterator[None]:
        """PostgreSQL keeps to it by itself, in this transaction."""
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(1000 * seconds))}")
        yield

    @contextmanager
    def begin_write(self, connection: Connection) -> Iterator[object]:
        """Wait for other writers, and then see what they wrote: so a write is not a repeatable read."""
        writing = connection.execution_options(isolation_level="READ COMMITTED")
        with writing.begin() as transaction:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            connection.exec_driver_sql(f"SET LOCAL {OWN_WRITE} = 'on'")
            name = CHANNEL + self.place.schema
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
            yield transaction
            with committing(self.url):
                transaction.commit()
        self._listener.wrote_here()

    def tables(self, layer: Layer) -> LayerTables:
        """The layer's tables in PostgreSQL's types."""
        return self._tables.whole(layer)

    def standing(self, connection: Connection, layer: Layer) -> LayerTables | None:
        """The layer's tables as they stand in the schema."""
        return self._tables.standing(connection, layer)

    def _derive(self, layer: Layer, fields: Sequence[Field]) -> LayerTables:
        kind = ("GEOMETRY" if layer.also else layer.geometry.upper()) + ("Z" if layer.has_z else "")
        geometry = StoredGeometry(kind, srid=self.srid, dimension=2 + layer.has_z, spatial_index=False)
        tables = layer_tables(layer, fields, column_type, geometry)
        Index(f"{layer.id}_geom", tables.current.c[GEOMETRY], postgresql_using="gist")
        return tables

    def _find_columns(self, connection: Connection, layer: Layer) -> dict[str, str]:
        sql = text(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
        )
        found = connection.execute(sql, {"name": f'{self.place.schema}."{layer.id}"'})
        return {name: kind for name, kind in found}  # noqa: C416 rows are not pairs to mypy

    def prepare(self, connection: Connection, tables: LayerTables) -> None:
        """Create the tables, or add the columns that the layer gained since, and say what they are."""
        layer, run = tables.layer, connection.exec_driver_sql
        present = self._tables.present(connection, layer)
        if len(present) == len(layer.schema):
            return
        _require_owner(connection, layer, present, self.place)
        if not present:
            tables.current.metadata.create_all(connection)
            limit_values(connection, layer, layer.schema)
            record_edits(connection, layer.id)
            grant_layer(connection, self.place.schema, layer.id)
        else:
            for name in (layer.id, tables.past.name):
                for field in layer.schema:
                    if field not in present:
                        collation = ' COLLATE "C"' if field.type == "text" else ""
                        run(f'ALTER TABLE "{name}" ADD COLUMN "{field.name}" {SQL_NAMES[field.type]}{collation}')
            limit_values(connection, layer, [field for field in layer.schema if field not in present])
        self.describe(connection, layer)

    def describe(self, connection: Connection, layer: Layer) -> None:
        """Write titles as comments, and styles for QGIS."""
        _comment(connection, layer)
        keep_styles(connection, self.place.schema, layer)

    def decode(self, values: Sequence[Any]) -> Geometries:
        """WKB as geometries."""
        return np.asarray(shapely.from_wkb(np.array([*values, None], dtype=object)[:-1]))

    def stamp(self) -> int:
        """How often something was written, as far as this process was told."""
        writes = self._listener.count()
        self._require_unrestored()
        return writes

    def share_stamp(self, writes: SharedCount) -> None:
        """See `twin.store.Store.share_stamp`; notifications take a moment."""
        self._listener.share(writes)

    def ordered(self, key: ColumnElement[str]) -> ColumnElement[str]:
        """Key columns are compared by code points."""
        return key

    def among(self, connection: Connection, key: ColumnElement[str], keys: Sequence[str]) -> ColumnElement[bool]:
        """By one parameter that is an array, so a reader needs no right to make tables."""
        return key == func.any(literal(list(keys), ARRAY(TEXT)))

    def intersects(self, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
        """Test each row exactly."""
        return self.tongue.relate("s_intersects", rows.c[GEOMETRY], self.tongue.shape(area))

    def meets(self, layer: Layer, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
        """PostGIS asks its index by itself."""
        return and_(rows.c[GEOMETRY].is_not(None), self.intersects(rows, area))

    def near(self, layer: Layer, rows: FromClause, box: BBox) -> ColumnElement[bool]:
        """The operator of the index."""
        near: ColumnElement[bool] = rows.c[GEOMETRY].op("&&", is_comparison=True)(func.ST_MakeEnvelope(*box, self.srid))
        return near

    def extent(self, connection: Connection, tables: LayerTables) -> BBox | None:
        """The box around the current rows, measured once after each write."""
        from twin.stores.as_of import latest_revision

        layer, latest = tables.layer, latest_revision(connection, tables.layer)
        known = self._extents.get(layer.id)
        if known is None or known[0] != latest:
            sides = ", ".join(f"ST_{side}(box)" for side in ("XMin", "YMin", "XMax", "YMax"))
            sql = f'SELECT {sides} FROM (SELECT ST_Extent({GEOMETRY}) AS box FROM "{layer.id}") AS extent'
            bounds = connection.exec_driver_sql(sql).one()
            known = self._extents[layer.id] = latest, None if bounds[0] is None else BBox(*bounds)
        return known[1]

    def next_fid(self, connection: Connection, tables: LayerTables) -> int:
        """One more than the highest number that the sequence of the table ever gave."""
        sql = "SELECT last_value + is_called::int FROM {}"
        sequence = connection.execute(select(func.pg_get_serial_sequence(f'"{tables.layer.id}"', "fid"))).scalar_one()
        return int(connection.exec_driver_sql(sql.format(sequence)).scalar_one())

    def reserve_fids(self, connection: Connection, tables: LayerTables, free: int) -> None:
        """Let the sequence of the table go on from there."""
        sequence = func.pg_get_serial_sequence(f'"{tables.layer.id}"', "fid")
        if free > self.next_fid(connection, tables):
            connection.execute(select(func.setval(sequence, free - 1)))

    def indexing(
        self,
        connection: Connection,
        tables: LayerTables,
        closed: Fids,
        opened: Fids,
        geometries: Geometries,
    ) -> AbstractContextManager[None]:
        """PostGIS keeps its index by itself; of a layer's first rows, many at once, it is made when they are there."""
        if len(opened) >= _MANY and take_alone(connection, tables):
            return fill(connection, tables)
        return nullcontext()

    def insert_rows(self, connection: Connection, layer: Layer, table: Table, columns: Sequence[Values]) -> None:
        """By COPY, in the transaction of the connection."""
        kinds = {column.name: "number" for column in table.c} | {field.name: field.type for field in layer.schema}
        kinds[GEOMETRY] = "geometry"
        names = [column.name for column in table.c]
        try:
            copy_rows(connection, table.name, names, [kinds[name] for name in names], columns, srid=self.srid)
        except RowRefused as error:
            key = columns[names.index(layer.key)][error.row]
            raise InvalidParameter(f"{layer.id} {key} does not fit the database: {error}", cause=error) from error

    def filling(self, connection: Connection, tables: LayerTables) -> AbstractContextManager[None]:
        """Make the indexes when all rows are there."""
        return fill(connection, tables)

    def findings(self, connection: Connection) -> list[Finding]:
        """Versions, what the schema holds and whose it is, and whether edits are recorded and writes are told."""
        schema = self.place.schema
        return [
            *look_around(connection, schema),
            look_at_record(connection, schema),
            look_at_styles(connection, schema),
            *look_for_drafts(connection),
            look_at_listener(connection, self._listener),
        ]

    def close(self) -> None:
        """Release every connection."""
        self._listener.close()
        self.engine.dispose()


def _require_owner(connection: Connection, layer: Layer, present: list[Field], place: PostgisPlace) -> None:
    """Tell who may only write that the tables have to be changed first."""
    owns = text("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = :schema")
    if connection.execute(owns, {"schema": place.schema}).scalar_one():
        return
    lacks = ", ".join(field.name for field in layer.schema if field not in present)
    what = f"{layer.id} lacks {lacks} in the database" if present else f"{layer.id} is not in the database yet"
    raise StoreUnavailable(f"{place}: {what}; let its owner say: twin upgrade")


def _comment(connection: Connection, layer: Layer) -> None:
    """Write titles where QGIS and others show them."""

    def comment(what: str, said: str) -> None:
        quoted = said.replace("'", "''").replace("%", "%%")
        connection.exec_driver_sql(f"COMMENT ON {what} IS '{quoted}'")

    comment(f'TABLE "{layer.id}"', f"{layer.title} {layer.title_zh}. {layer.about}")
    past = f"{layer.title}, history {layer.title_zh}历史. Rows that were changed or removed since."
    comment(f'TABLE "{layer.id}_history"', past)
    for field in layer.schema:
        comment(f'COLUMN "{layer.id}"."{field.name}"', field.heading)
