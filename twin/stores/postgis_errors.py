"""What errors of PostgreSQL mean for the one who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from twin.errors import InvalidParameter, StoreNotPermitted, StoreUnavailable

#: By SQLSTATE, its class where all of a class mean the same.
_STATES = {
    "28": "the database refuses this user or password; check both, and pg_hba.conf",
    "3D000": "there is no database of that name; create it with createdb",
    "42501": "this user lacks the right to do it; twin doctor --roles says which rights there are to give",
    "25006": "the database is read-only, perhaps a replica; write to the primary",
    "42P01": "a table is missing; the schema holds no twin, or not a whole one",
    "3F000": "there is no such schema; create the twin with: twin init",
    "53100": "the disk of the database is full",
    "53300": "the database takes no more connections; raise max_connections or ask less at once",
    "53": "the database has no memory or room left",
    "55P03": "another program is writing to it; try again when it is done",
    "57014": "the database gave up, because it took too long",
    "57": "the database is stopping or starting; try again",
    "40": "another program wrote at the same time; try again",
    "08": "the database cannot be reached; check the address, and that it runs",
    "58": "a file or the disk of the database failed",
    "XX": "the database failed",
}

#: What stays so, however often it is tried.
_REFUSALS = {"42501", "25006"}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the driver raises into errors that say what to do; broken constraints pass as `IntegrityError`."""
    try:
        yield
    except IntegrityError:
        raise
    except (OverflowError, UnicodeEncodeError) as error:
        raise InvalidParameter(f"a value does not fit the database: {error}", cause=error) from error
    except InvalidRequestError as error:
        if "connection is closed" not in str(error):
            raise
        # A new connection broke like the one before it.
        raise StoreUnavailable(f"{place}: {_STATES['08']}", cause=error) from error
    except PoolTimeout as error:
        raise StoreUnavailable(f"{place}: all connections are taken; try again", cause=error) from error
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.IntegrityError):
            raise IntegrityError(None, None, cause) from error
        if isinstance(cause, psycopg.DataError) or (getattr(cause, "sqlstate", None) or "").startswith("54"):
            raise InvalidParameter(f"a value does not fit the database: {_first_line(cause)}", cause=error) from None
        refused = getattr(cause, "sqlstate", None) in _REFUSALS
        kind = StoreNotPermitted if refused else StoreUnavailable
        raise kind(f"{place}: {explain(cause)}; nothing was changed", cause=None) from None


@contextmanager
def committing(place: str) -> Iterator[None]:
    """Tell who was cut off at the last moment that nobody knows what became of the write.

    Raises
    ------
    StoreUnavailable
        The connection broke after the database was told to commit, and before it said that it had.
    """
    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise StoreUnavailable(
            f"{place}: the connection broke while the write was being finished; see by twin history whether it is there"
        ) from None


def explain(error: BaseException | None) -> str:
    """Say what an error of the driver means."""
    state = getattr(error, "sqlstate", None) or ""
    known = _STATES.get(state) or _STATES.get(state[:2])
    if known:
        return known
    said = str(error)
    # Before there is a session there is no SQLSTATE, only what the server said.
    for words, meaning in (
        ("password authentication failed", _STATES["28"]),
        ("no password supplied", _STATES["28"]),
        ("no pg_hba.conf entry", _STATES["28"]),
        ("does not exist", _STATES["3D000"] if "database" in said else _STATES["28"]),
        ("too many clients", _STATES["53300"]),
        ("starting up", _STATES["57"]),
        ("shutting down", _STATES["57"]),
    ):
        if words in said:
            return meaning
    return _STATES["08"] if isinstance(error, psycopg.OperationalError) else _first_line(error)


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]
