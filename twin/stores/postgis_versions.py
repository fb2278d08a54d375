"""Which version a twin's schema has, and how it gets to this program's: by Alembic, when somebody asks for it.

A new twin is an empty schema brought up to date, so there is one way to the tables. Functions and their trigger have no
versions of their own: every upgrade makes them anew. Tables of layers follow from the layers (`Dialect.prepare`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, Table, Text, select

from twin.errors import StoreUnavailable
from twin.stores.postgis_triggers import create_functions
from twin.stores.postgis_url import PostgisPlace

#: The version of this program; each is a file of `MIGRATIONS`, and they count up.
NEWEST = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"
#: Where Alembic notes the version; a name of our own, since the database may be other programs' too.
VERSION = Table("twin_version", MetaData(), Column("version_num", Text))


def require_newest(connection: Connection, place: PostgisPlace) -> None:
    """Refuse a schema of another version.

    Raises
    ------
    StoreUnavailable
        A newer program upgraded it, or an older one made it and nobody upgraded it yet.
    """
    found = read_version(connection)
    if found > NEWEST:
        raise StoreUnavailable(
            f"{place} has tables of version {found}, this program knows {NEWEST}: a newer one upgraded them; update"
            " this program"
        )
    if found < NEWEST:
        raise StoreUnavailable(
            f"{place} has tables of version {found}, this program needs {NEWEST}: make a backup, let others stop, then"
            f" say: twin upgrade --store '{place}'"
        )


def read_version(connection: Connection) -> str:
    """Find the version of the schema."""
    return str(connection.execute(select(VERSION.c.version_num)).scalar_one())


def bring_up_to_date(connection: Connection, schema: str) -> None:
    """Run the migrations that a schema lacks, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(connection=connection, schema=schema, version_table=VERSION.name)
    command.upgrade(config, "head")
    create_functions(connection)
