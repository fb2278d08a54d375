"""What `twin doctor` says of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from twin.store import Finding
from twin.stores.postgis_drafts import find_left
from twin.stores.postgis_roles import layer_names
from twin.stores.postgis_triggers import find_unrecorded
from twin.stores.tables import REVISIONS

if TYPE_CHECKING:
    from twin.stores.postgis_listen import Listener

_FACTS = text(
    """
    SELECT current_setting('server_version') AS server, postgis_lib_version() AS postgis, current_user AS me,
      pg_get_userbyid(nspowner) AS owner, has_table_privilege(to_regclass(:revisions), 'INSERT') AS may_write,
      pg_is_in_recovery() AS replica,
      (SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
        WHERE relnamespace = pg_namespace.oid AND relkind = 'r') AS bytes
    FROM pg_namespace WHERE nspname = :schema
    """
)


def look_around(connection: Connection, schema: str) -> list[Finding]:
    """Versions, and the schema: its size, its owner, and what this user may do in it."""
    names = {"schema": schema, "revisions": f"{schema}.{REVISIONS.name}"}
    facts = connection.execute(_FACTS, names).one()
    may = "a replica, read only" if facts.replica else "may write" if facts.may_write else "may read"
    held = f"{float(facts.bytes) / 1e6:,.1f} MB, owner {facts.owner}; {facts.me} {may}"
    return [("PostgreSQL", facts.server, True), ("PostGIS", facts.postgis, True), (f"schema {schema}", held, True)]


def look_at_record(connection: Connection, schema: str) -> Finding:
    """Whether edits by other programs become revisions."""
    unrecorded = find_unrecorded(connection, layer_names(connection, schema))
    if unrecorded:
        said = f"not recorded in {', '.join(unrecorded)}: triggers are off or missing; let the owner say: twin upgrade"
        return "edits by others", said, False
    return "edits by others", "are recorded", True


def look_for_drafts(connection: Connection) -> list[Finding]:
    """What programs left behind that were killed while they made a twin."""
    return [
        (f"schema {name}", f"{said}, who is gone; the next twin init, copy or upgrade removes it", True)
        for name, said in find_left(connection)
    ]


def look_at_listener(connection: Connection, listener: Listener) -> Finding:
    """Whether what others write is told at once."""
    told = listener.tells(connection)
    if told is None:
        return "notifications", "not on a replica; it is asked twice a second", True
    if told:
        return "notifications", "arrive", True
    return "notifications", "do not arrive: connect directly, or through a pooler in session mode", False
