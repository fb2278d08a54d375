"""Where a twin in PostgreSQL is: the address of the database, and the schema in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from twin.errors import InvalidParameter

#: How the addresses of PostgreSQL databases begin.
SCHEMES = ("postgresql://", "postgres://")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,50}")


@dataclass(frozen=True)
class PostgisPlace:
    """A database and a schema in it; the password is never printed.

    Parameters
    ----------
    database
        For the driver, with the password.
    schema
        Holds the tables of one twin.
    """

    database: URL = field(repr=False)
    schema: str

    def __str__(self) -> str:
        secrets = [name for name in self.database.query if "password" in name]  # sslpassword
        shown = self.database.set(drivername="postgresql", password=None).difference_update_query(secrets)
        return shown.update_query_dict({"schema": self.schema}).render_as_string(hide_password=True)

    @property
    def words(self) -> dict[str, str]:
        """The words of a libpq connection to the database, without passwords (``sslpassword`` is one too)."""
        url = self.database
        words = {"host": url.host, "port": url.port, "dbname": url.database, "user": url.username, **url.query}
        return {
            name: ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in words.items()
            if value and "password" not in name
        }

    @classmethod
    def parse(cls, text: str) -> PostgisPlace:
        """Read ``postgresql://user@host:5432/database?schema=name``; all but the scheme may be left out.

        What is left out is for libpq to know (``PGHOST``, ``~/.pgpass``, services), the schema is ``twin``. A password
        may follow the user after a colon.

        Raises
        ------
        InvalidParameter
            The address cannot be read, or the schema is not a plain small name.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):  # neither may be shown: they repeat the address
            raise InvalidParameter(
                "the address of the store cannot be read; write postgresql://user@host:5432/database?schema=twin, "
                "with special characters of the password as %XX",
                parameter="store",
            ) from None
        if "password" in url.query:  # libpq takes it from there too, where it would be shown
            url = url.set(password=str(url.query["password"])).difference_update_query(["password"])
        schema = url.query.get("schema", "twin")
        if not (isinstance(schema, str) and _SCHEMA.fullmatch(schema)) or schema.startswith("pg_"):
            raise InvalidParameter(
                f"{schema!r} cannot be the schema of a twin: small letters, digits and _ only", parameter="store"
            )
        return cls(url.set(drivername="postgresql+psycopg").difference_update_query(["schema"]), schema)
