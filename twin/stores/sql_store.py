"""The Store over SQL: revisions, reads as of any of them, writes as one transaction.

Everything that differs between databases stands behind a `Dialect`; the rules of history stand here once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Select, func, insert, null, select, union
from sqlalchemy.exc import IntegrityError

from twin.binding import bind
from twin.crs import CRS, BBox, parse_crs
from twin.errors import InvalidParameter, RevisionConflict, StoreUnavailable, TwinError
from twin.expressions import Expression
from twin.frame import Frame
from twin.layer import Layer
from twin.query import Query, require_fields
from twin.rows import Rows
from twin.schema import Field
from twin.store import Changes, Finding, Revision, SharedCount, Tally, Write
from twin.stores.apply import apply_changes
from twin.stores.as_of import latest_revision, select_state
from twin.stores.columns import read_column
from twin.stores.dialect import Dialect
from twin.stores.facts import FORMAT
from twin.stores.fetch import UNREADABLE, Fetched, fetch_batches, fetch_columns
from twin.stores.kept import find_bytes, keep_bytes
from twin.stores.reading import read_in_time
from twin.stores.revising import read_revision, require_base, require_past
from twin.stores.tables import GEOMETRY, META, REVISIONS, LayerTables
from twin.stores.where import boxes_to_meet, compile_where, split_areas, utc_text

Geometries = npt.NDArray[np.object_]
Revisions = npt.NDArray[np.int64]

_NOTHING = Query()
#: More rows than there are; SQLite passes over some only where it is told how many it may give.
_ALL = 2**62
#: Rows of a piece of a scan.
_PIECE = 20_000


class SqlStore:
    """A Store in an SQL database.

    Parameters
    ----------
    dialect
        The database: connections, geometry codec, spatial index, bookkeeping.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        with self._reading() as connection:
            facts = {row.key: row.value for row in connection.execute(select(META.c.key, META.c.value))}
        if facts.get("format") != FORMAT:
            raise StoreUnavailable(
                f"{self.url} has twin format {facts.get('format')}, this program reads {FORMAT}; update the program"
            )
        self.crs: CRS = parse_crs(facts["crs"])
        self.title: str = facts["title"]
        self.created_at = datetime.fromisoformat(facts["created_at"])
        self.area: BaseGeometry | None = shapely.from_wkt(facts["area"]) if facts.get("area") else None

    @property
    def url(self) -> str:
        """Where the store is, without secrets."""
        return self._dialect.url

    @property
    def dialect(self) -> Dialect:
        """The database, for what goes past the rules of history: moving a twin as it is."""
        return self._dialect

    def prepare(self, layer: Layer) -> None:
        """Create the layer's tables, or add the columns that the layer gained since. Idempotent."""
        with self._writing() as connection:
            self._dialect.prepare(connection, self._dialect.tables(layer))
            self._dialect.describe(connection, layer)

    def read(self, layer: Layer, query: Query = _NOTHING) -> Frame:
        """Answer a query; a layer never written is an empty frame."""
        where = _bound(layer, query)
        with self._reading() as connection:
            return self._read(connection, layer, query, where)

    def count(self, layer: Layer, query: Query = _NOTHING) -> int:
        """How many features a query matches, limit and paging aside."""
        where = _bound(layer, query)
        with self._reading() as connection:
            tables = self._standing(connection, layer)
            if tables is None:
                return 0
            statement, _ = self._select(connection, tables, query, where)
            return int(connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one())

    def keys(self, layer: Layer, query: Query = _NOTHING, *, skip: int = 0) -> npt.NDArray[np.object_]:
        """Keys of the features that a query matches; see `twin.store.Store.keys`."""
        where = _bound(layer, query)
        with self._reading() as connection:
            tables = self._standing(connection, layer)
            if tables is None:
                return np.empty(0, dtype=object)
            statement = self._in_order(self._select(connection, tables, query, where)[0], layer, query)
            statement = statement.with_only_columns(statement.selected_columns[layer.key])
            if skip or query.limit is not None:
                statement = statement.offset(skip).limit(_ALL if query.limit is None else query.limit)
            return np.array(connection.execute(statement).scalars().all(), dtype=object)

    def tally(self, layer: Layer, query: Query = _NOTHING) -> Tally:
        """Count what a query matches, as far as its limit; see `twin.store.Store.tally`."""
        where = _bound(layer, query)
        with self._reading() as connection:
            tables = self._standing(connection, layer)
            if tables is None:
                return Tally(count=0, opened=0)
            statement, _ = self._select(connection, tables, query, where)
            found = statement.with_only_columns(statement.selected_columns.opened).limit(query.limit).subquery()
            summed = select(func.count(), func.coalesce(func.max(found.c.opened), 0))
            count, opened = connection.execute(summed).one()
            return Tally(count=int(count), opened=int(opened))

    def scan(self, layer: Layer, query: Query = _NOTHING) -> Iterator[Frame]:
        """Answer a query a piece at a time; see `twin.store.Store.scan`."""
        where = _bound(layer, query)
        wanted = _wanted(layer, query)
        with self._reading(at_length=True) as connection:
            tables = self._standing(connection, layer)
            if tables is None:
                return
            statement, revision = self._select(connection, tables, query, where)
            result = connection.execute(_columns(statement, wanted), execution_options={"yield_per": _PIECE})
            for rows in fetch_batches(result, self._dialect.decode):
                yield self._frame(layer, query, wanted, rows, revision)

    def extent(self, layer: Layer) -> BBox | None:
        """The box around the current features, None where there are none."""
        with self._reading() as connection:
            tables = self._standing(connection, layer)
            return None if tables is None else self._dialect.extent(connection, tables)

    def revisions(self, layer: Layer | None = None, *, after: int = 0) -> list[Revision]:
        """The revisions of a layer, or of all, that come after a certain one, oldest first."""
        statement = select(REVISIONS).where(REVISIONS.c.number > after).order_by(REVISIONS.c.number)
        if layer is not None:
            statement = statement.where(REVISIONS.c.layer == layer.id)
        with self._reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return [read_revision(dict(row)) for row in rows]

    def changed(self, layer: Layer, first: int, last: int) -> frozenset[str]:
        """Keys of the features that the revisions from `first` to `last` wrote or removed."""
        with self._reading() as connection:
            tables = self._standing(connection, layer)
            if tables is None:
                return frozenset()
            current, past = tables.current.c, tables.past.c
            written = select(current[layer.key]).where(current.opened.between(first, last))
            left = select(past[layer.key]).where(past.closed >= first, (past.closed <= last) | (past.opened <= last))
            left = left.where((past.opened >= first) | (past.closed <= last))
            return frozenset(connection.execute(union(written, left)).scalars())

    def ended(self, layer: Layer, first: int, last: int) -> Revisions:
        """Numbers of features that were there before `first`, and not as they were after `last`."""
        with self._reading() as connection:
            tables = self._dialect.standing(connection, layer)
            if tables is None:
                return np.empty(0, dtype=np.int64)
            past = tables.past.c
            ended = select(past.fid).where(past.opened < first, past.closed.between(first, last))
            return np.array(connection.execute(ended).scalars().all(), dtype=np.int64)

    def departed(self, layer: Layer, *, after: int = 0) -> tuple[Geometries, Revisions]:
        """Where features were that are no longer there; see `twin.store.Store.departed`."""
        rows = Fetched.nothing(1)
        with self._reading() as connection:
            tables = self._standing(connection, layer)
            if tables is not None:
                past = tables.past.c
                statement = select(past[GEOMETRY], past.closed).where(past.closed > after)
                rows = fetch_columns(connection.execute(statement), self._dialect.decode)
        return rows.geometries, np.array(rows.columns[0], dtype=np.int64)

    def latest(self, layer: Layer | None = None) -> int:
        """The number of the latest revision of a layer, or of all; 0 before the first."""
        with self._reading() as connection:
            return latest_revision(connection, layer)

    def write(
        self,
        layer: Layer,
        changes: Changes,
        *,
        author: str,
        reason: str,
        effective: datetime | None = None,
        base: int | None = None,
        source: str | None = None,
        sha256: str | None = None,
    ) -> Revision:
        """Apply changes as one transaction and one revision; see `twin.store.Store.write`."""
        writes = (Write(layer=layer, changes=changes, base=base),)
        return self.write_together(
            writes, author=author, reason=reason, effective=effective, source=source, sha256=sha256
        )[0]

    def write_together(
        self,
        writes: Sequence[Write],
        *,
        author: str,
        reason: str,
        effective: datetime | None = None,
        source: str | None = None,
        sha256: str | None = None,
        keep: Sequence[bytes] = (),
    ) -> tuple[Revision, ...]:
        """Apply changes of several layers as one transaction; see `twin.store.Store.write_together`."""
        require_past(effective)
        told = {"author": author, "reason": reason, "source": source, "sha256": sha256}
        revisions: list[Revision] = []
        try:
            with self._writing() as connection:
                now = datetime.now(UTC)  # with the lock held, so that revisions are recorded in the order of numbers
                keep_bytes(connection, keep)
                times = {"recorded_at": utc_text(now), "effective": utc_text(effective or now)}
                for write in writes:
                    revisions.append(self._write(connection, write, told | times))  # noqa: PERF401 - counts on failure
        except IntegrityError as error:
            refused = writes[len(revisions)]
            raise self._explain_refusal(refused.layer, refused.changes, error) from error
        return tuple(revisions)

    def kept(self, digest: str) -> bytes:
        """The bytes with a SHA-256; see `twin.store.Store.kept`."""
        with self._reading() as connection:
            return find_bytes(connection, digest, place=self.url)

    def _write(self, connection: Connection, write: Write, told: dict[str, Any]) -> Revision:
        """Apply changes of a layer as the next revision, within a transaction."""
        layer, changes = write.layer, write.changes
        require_base(layer, write.base, latest_revision(connection, layer))
        tables = self._dialect.tables(layer)
        self._dialect.prepare(connection, tables)
        inserted, updated, deleted = changes.counts
        counts = {"inserted": inserted, "updated": updated, "deleted": deleted}
        values = {"number": latest_revision(connection, None) + 1, "layer": layer.id, **counts, **told}
        connection.execute(insert(REVISIONS).values(**values))
        apply_changes(self._dialect, connection, tables, changes, revision=values["number"], crs=self.crs)
        return read_revision(values)

    def stamp(self) -> Hashable:
        """A value that is another one after any write; see `twin.store.Store.stamp`."""
        with self._dialect.translated():
            return self._dialect.stamp()

    def share_stamp(self, writes: SharedCount) -> None:
        """Count writes together with other processes; see `twin.store.Store.share_stamp`."""
        self._dialect.share_stamp(writes)

    def findings(self) -> list[Finding]:
        """What its operator should know: see `twin.store.Store.findings`."""
        with self._reading() as connection:
            return self._dialect.findings(connection)

    def close(self) -> None:
        """Release every connection."""
        self._dialect.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reading(self, *, at_length: bool = False) -> AbstractContextManager[Connection]:
        return read_in_time(self._dialect, at_length=at_length)

    def _standing(self, connection: Connection, layer: Layer) -> LayerTables | None:
        """The layer's tables; None before its first revision, whose writer may have them for itself."""
        return self._dialect.standing(connection, layer) if latest_revision(connection, layer) else None

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        dialect = self._dialect
        with dialect.translated(), dialect.engine.connect() as connection, dialect.begin_write(connection):
            yield connection

    def _read(self, connection: Connection, layer: Layer, query: Query, where: Expression | None) -> Frame:
        wanted = _wanted(layer, query)
        tables = self._standing(connection, layer)
        if tables is None:
            return self._frame(layer, query, wanted, Fetched.nothing(2 + len(wanted)), 0)
        statement, revision = self._select(connection, tables, query, where)
        statement = self._in_order(statement, layer, query)
        if query.limit is not None:
            statement = statement.limit(query.limit + 1)
        rows = fetch_columns(connection.execute(_columns(statement, wanted)), self._dialect.decode)
        return self._frame(layer, query, wanted, rows, revision)

    def _in_order(self, statement: Select[Any], layer: Layer, query: Query) -> Select[Any]:
        """Sort the rows of a query, and leave out those before its place."""
        key = self._dialect.ordered(statement.selected_columns[layer.key])
        if query.after is not None:
            statement = statement.where(key > query.after)
        fields = [(statement.selected_columns[order.field], order.descending) for order in query.order]
        order = [(column.desc() if descending else column.asc()).nulls_last() for column, descending in fields]
        return statement.order_by(*order, key)

    def _frame(self, layer: Layer, query: Query, wanted: Sequence[Field], rows: Fetched, revision: int) -> Frame:
        """Make the frame of rows with the columns fid, opened and those wanted; one row more than asked is cut off."""
        import geopandas as gpd

        asked = rows if query.limit is None else rows.first(query.limit)
        fid, opened, *values = asked.columns
        keys = values[wanted.index(layer.schema[layer.key])]
        unreadable = tuple(keys[row] for row in asked.unreadable)
        if unreadable and not query.unreadable:
            raise StoreUnavailable(f"{layer.id} {', '.join(unreadable[:3])} has {UNREADABLE}")
        data = {f.name: read_column(layer, f, keys, column) for f, column in zip(wanted, values, strict=True)}
        frame = gpd.GeoDataFrame(data, geometry=asked.geometries, crs=self.crs)
        frame.index = data[layer.key].rename(None)
        return Frame(
            layer=layer,
            rows=Rows(
                data=frame,
                fid=np.array(fid, dtype=np.int64),
                opened=np.array(opened, dtype=np.int64),
                unreadable=unreadable,
            ),
            revision=revision,
            truncated=len(asked) < len(rows),
        )

    def _select(
        self, connection: Connection, tables: LayerTables, query: Query, where: Expression | None
    ) -> tuple[Select[Any], int]:
        """The rows a query matches, its condition bound, and their revision; without paging, order and limit."""
        layer = tables.layer
        statement, revision = select_state(connection, tables, query.as_of, query.known_at)
        current = statement.get_final_froms() == [tables.current]
        gained = [null().label(field.name) for field in layer.schema if field.name not in tables.current.c]
        rows = tables.current if current and not gained else statement.add_columns(*gained).subquery()
        statement = select(*(column for column in rows.c if column.name != "closed"))
        if query.ids is not None:
            statement = statement.where(self._dialect.among(connection, rows.c[layer.key], query.ids))
        areas, where = split_areas(where)
        dialect = self._dialect
        if query.bbox is not None and query.roughly and current:
            statement = statement.where(dialect.near(layer, rows, query.bbox))
        elif query.bbox is not None:
            areas.append(query.bbox.polygon())
        for area in areas:
            statement = statement.where(dialect.meets(layer, rows, area) if current else dialect.intersects(rows, area))
        for box in boxes_to_meet(where) if current else ():
            statement = statement.where(dialect.near(layer, rows, box))
        if where is not None:
            statement = statement.where(compile_where(where, rows, dialect.tongue))
        return statement, revision

    def _explain_refusal(self, layer: Layer, changes: Changes, error: IntegrityError) -> TwinError:
        """Say which constraint of the table a row broke: nearly always a key that is there already."""
        keys = () if changes.insert is None else tuple(changes.insert.index)
        present = self.read(layer, Query(ids=keys, limit=5)).data.index.tolist()
        if present:
            detail = f"{layer.id} already has {', '.join(present)}: update them, or ingest with --mode sync"
            return RevisionConflict(detail, layer=layer.id)
        return InvalidParameter(f"a row of {layer.id} breaks a rule of its table: {error.orig}", layer=layer.id)


def _bound(layer: Layer, query: Query) -> Expression | None:
    """The condition of a query, bound to the fields of the layer; its other fields are there as well."""
    require_fields(query, layer.schema)
    return None if query.where is None else bind(query.where, layer.schema)


def _wanted(layer: Layer, query: Query) -> list[Field]:
    return [f for f in layer.schema if query.fields is None or f.name in query.fields or f.name == layer.key]


def _columns(statement: Select[Any], wanted: Sequence[Field]) -> Select[Any]:
    """Select what `SqlStore._frame` takes."""
    columns = statement.selected_columns
    return statement.with_only_columns(
        columns[GEOMETRY], columns.fid, columns.opened, *(columns[field.name] for field in wanted)
    )
