"""Create and open a twin in PostGIS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import ProgrammingError

from twin.crs import CRS, crs_to_gpkg
from twin.errors import StoreExists, StoreUnavailable
from twin.layer import Layer
from twin.stores.facts import twin_facts
from twin.stores.postgis import PostgisDialect
from twin.stores.postgis_drafts import drop_draft, hold_draft, mark_draft, name_draft, publish_draft, tidy_drafts
from twin.stores.postgis_roles import renew_rights, write_roles
from twin.stores.postgis_rules import mend_rules
from twin.stores.postgis_styles import make_styles_table
from twin.stores.postgis_url import PostgisPlace
from twin.stores.postgis_versions import NEWEST, bring_up_to_date, read_version, require_newest
from twin.stores.sql_store import SqlStore
from twin.stores.tables import META

#: Oldest versions that have all that is asked of them.
_OLDEST_SERVER, _OLDEST_POSTGIS = 130_000, (3, 0)
#: SRIDs that PostGIS leaves to its users.
_FIRST_SRID, _LAST_SRID = 900_000, 998_999


def open_postgis(place: PostgisPlace) -> SqlStore:
    """Open an existing twin.

    Raises
    ------
    StoreUnavailable
        The database cannot be reached, is too old, or the schema holds no twin, or one of another version.
    """
    dialect = PostgisDialect(place)
    try:
        with dialect.translated(), dialect.engine.connect() as connection:
            _require_postgis(connection, place)
            _require_twin(connection, place)
            require_newest(connection, place)
            facts = {row.key: row.value for row in connection.execute(select(META.c.key, META.c.value))}
            dialect.stay_with(facts["created_at"], srid=int(facts["srid"]))
        return SqlStore(dialect)
    except BaseException:
        dialect.close()
        raise


def create_postgis(place: PostgisPlace, *, crs: CRS, title: str, area: BaseGeometry | None) -> SqlStore:
    """Create an empty twin in a new schema, and open it.

    Raises
    ------
    StoreExists
        There is such a schema already.
    StoreUnavailable
        The database cannot be reached, is too old, or this user may not create schemas.
    """
    _create_schema(place, crs, title, area)
    return open_postgis(place)


@contextmanager
def build_postgis(
    place: PostgisPlace, *, crs: CRS, title: str, area: BaseGeometry | None, created_at: datetime | None = None
) -> Iterator[SqlStore]:
    """Create a twin for a block to fill; the schema gets its name when the block ends, or goes.

    Raises
    ------
    StoreExists, StoreUnavailable
        As `create_postgis`.
    """
    draft = replace(place, schema=name_draft(place.schema))
    with _administering(place) as connection:
        _require_free(connection, place)
        tidy_drafts(connection)
    with _holding(place, draft.schema):
        _create_schema(draft, crs, title, area, created_at, draft=True)
        try:
            with open_postgis(draft) as store:
                yield store
            with _administering(place) as connection:
                _require_free(connection, place)
                publish_draft(connection, draft.schema, place.schema)
        except BaseException:
            with _administering(place) as connection:
                drop_draft(connection, draft.schema)
            raise


def upgrade_postgis(place: PostgisPlace, layers: Iterable[Layer]) -> tuple[str, str]:
    """Bring a twin's tables to the version of this program, all or nothing, while nobody writes.

    Parameters
    ----------
    place
        Where it is.
    layers
        Those whose tables are held to what the program says of them.

    Returns
    -------
    before, after
        The versions.

    Raises
    ------
    StoreUnavailable
        There is no twin, it is newer than this program, this user does not own it, or rows break a limit of theirs.
    """
    with (
        _dialect(place) as dialect,
        dialect.translated(),
        dialect.engine.connect() as connection,
        dialect.begin_write(connection),
    ):
        _require_postgis(connection, place)
        _require_twin(connection, place)
        before = read_version(connection)
        if before <= NEWEST:
            bring_up_to_date(connection, place.schema)
            mend_rules(connection, place.schema, layers)
            make_styles_table(connection)
            renew_rights(connection, place.schema)
        require_newest(connection, place)
        tidy_drafts(connection)
    return before, NEWEST


def roles_of(place: PostgisPlace, *, create: bool = False) -> list[str]:
    """Write the statements that make a twin's roles and give them their rights; run them too, if asked.

    Raises
    ------
    StoreUnavailable
        The schema is not there, or this user may not create roles.
    """
    with _administering(place) as connection:
        statements = write_roles(connection, place)
        if create:
            for statement in statements:
                connection.exec_driver_sql(statement)
    return statements


def require_free_schema(place: PostgisPlace) -> None:
    """Refuse a schema that is there already."""
    with _administering(place) as connection:
        _require_free(connection, place)


@contextmanager
def _dialect(place: PostgisPlace) -> Iterator[PostgisDialect]:
    dialect = PostgisDialect(place)
    try:
        yield dialect
    finally:
        dialect.close()


@contextmanager
def _holding(place: PostgisPlace, draft: str) -> Iterator[None]:
    with _dialect(place) as dialect:
        with dialect.translated():
            connection = hold_draft(dialect.engine, draft)
        with connection:
            yield


@contextmanager
def _administering(place: PostgisPlace) -> Iterator[Connection]:
    with _dialect(place) as dialect, dialect.translated(), dialect.engine.connect() as connection, connection.begin():
        yield connection


def _create_schema(
    place: PostgisPlace,
    crs: CRS,
    title: str,
    area: BaseGeometry | None,
    created_at: datetime | None = None,
    *,
    draft: bool = False,
) -> None:
    with _administering(place) as connection:
        _require_postgis(connection, place)
        _require_free(connection, place)
        connection.exec_driver_sql(f"CREATE SCHEMA {place.schema}")
        if draft:
            mark_draft(connection, place.schema)
        bring_up_to_date(connection, place.schema)
        facts = [*twin_facts(crs, title, area, created_at), {"key": "srid", "value": str(_register(connection, crs))}]
        connection.execute(insert(META), facts)


def _require_postgis(connection: Connection, place: PostgisPlace) -> None:
    server = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
    if int(server) < _OLDEST_SERVER:
        raise StoreUnavailable(f"{place}: PostgreSQL {int(server) // 10_000} is too old; 13 or later is needed")
    try:
        said = connection.exec_driver_sql("SELECT postgis_lib_version()").scalar_one()
    except ProgrammingError as error:
        raise StoreUnavailable(
            f"{place}: the database lacks PostGIS; let its administrator say: CREATE EXTENSION postgis", cause=error
        ) from None
    major, minor = said.split(".")[:2]
    if (int(major), int(minor)) < _OLDEST_POSTGIS:
        raise StoreUnavailable(f"{place}: PostGIS {said} is too old; 3.0 or later is needed")


def _require_free(connection: Connection, place: PostgisPlace) -> None:
    taken = connection.execute(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": place.schema}).first()
    if taken:
        raise StoreExists(f"{place}: there is a schema {place.schema} already; nothing was changed")


def _require_twin(connection: Connection, place: PostgisPlace) -> None:
    named = text("SELECT to_regclass(:name) IS NOT NULL")
    if not connection.execute(named, {"name": f"{place.schema}.{META.name}"}).scalar_one():
        raise StoreUnavailable(f"{place} holds no twin; create one with: twin init '{place}' --crs …")


def _register(connection: Connection, crs: CRS) -> int:
    """Find the SRID of a CRS, or give it a free one."""
    organization, code, _, wkt1, _ = crs_to_gpkg(crs)
    known = text("SELECT srid FROM spatial_ref_sys WHERE auth_name = :name AND auth_srid = :code")
    if code is not None:
        found = connection.execute(known, {"name": organization, "code": code}).scalar()
        if found is not None:
            return int(found)
    same = text("SELECT srid FROM spatial_ref_sys WHERE srtext = :wkt AND srid >= :first ORDER BY srid LIMIT 1")
    found = connection.execute(same, {"wkt": wkt1, "first": _FIRST_SRID}).scalar()
    if found is not None:
        return int(found)
    free = text("SELECT coalesce(max(srid) + 1, :first) FROM spatial_ref_sys WHERE srid BETWEEN :first AND :last")
    srid = int(connection.execute(free, {"first": _FIRST_SRID, "last": _LAST_SRID}).scalar_one())
    add = text("INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext) VALUES (:srid, :auth, :srid, :wkt)")
    connection.execute(add, {"srid": srid, "auth": "county-twin", "wkt": wkt1})
    return srid
