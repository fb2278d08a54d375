"""What the database does by itself: it tells of every revision, and makes one of every edit by another program.

Functions and triggers name no schema, so that a twin may be renamed. The functions run with the rights of the twin's
owner: whoever edits a table has no others than to do that, and no temporary table of his is taken for another one.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from twin.store import EDITED_OUTSIDE
from twin.stores.tables import REVISIONS

#: Setting of a transaction in which the twin itself writes, and keeps the history itself. Anybody can set it; it counts
#: with those only who may write the history.
OWN_WRITE = "county_twin.writing"

#: Begins the names under which writes are told, and under which writers take turns.
CHANNEL = "county_twin_"

_TELL = f"""
CREATE FUNCTION twin_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{CHANNEL}' || TG_TABLE_SCHEMA, NEW.number::text);
  RETURN NULL;
END $$
"""

#: Another program waits for its turn before it touches a row, so that nobody waits for it in turn. What it meant to
#: change may be gone when its turn comes: then it is told, for its statement would silently miss those rows.
_ENTER = f"""
CREATE FUNCTION twin_enter() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  turn bigint := hashtextextended('{CHANNEL}' || TG_TABLE_SCHEMA, 0);
  latest text := format('SELECT max(number) FROM %I.{REVISIONS.name} WHERE layer = %L', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  before int;
  after int;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION 'TRUNCATE would leave no history of %; use DELETE', TG_TABLE_NAME;
  END IF;
  IF pg_try_advisory_xact_lock(turn) THEN
    RETURN NULL;
  END IF;
  EXECUTE latest INTO before;
  PERFORM pg_advisory_xact_lock(turn);
  EXECUTE latest INTO after;
  IF TG_OP <> 'INSERT' AND after IS DISTINCT FROM before THEN
    RAISE EXCEPTION '% was changed by another program meanwhile; do it again', TG_TABLE_NAME
      USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NULL;
END $$
"""

#: One statement of another program is one revision, by the user of the database who ran it. Columns that are not the
#: twin's have no history.
_RECORD = f"""
CREATE FUNCTION twin_record() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  revision int;
  past text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_history');
  columns text;
  sequence text := pg_get_serial_sequence(format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), 'fid');
  counts int[] := '{{0, 0, 0}}';
  now text := to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array[count(*), 0, 0] INTO counts FROM come;
  ELSIF TG_OP = 'UPDATE' THEN
    SELECT array[0, count(*), 0] INTO counts FROM come;
  ELSE
    SELECT array[0, 0, count(*)] INTO counts FROM gone;
  END IF;
  IF counts = '{{0, 0, 0}}' THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT coalesce(max(number), 0) + 1 FROM %I.{REVISIONS.name}', TG_TABLE_SCHEMA) INTO revision;
  EXECUTE format(
    'INSERT INTO %I.{REVISIONS.name}'
    ' (number, layer, author, reason, recorded_at, effective, inserted, updated, deleted)'
    ' VALUES ($1, $2, $3, ''{EDITED_OUTSIDE}'', $4, $4, $5, $6, $7)', TG_TABLE_SCHEMA)
    USING revision, TG_TABLE_NAME, session_user, now, counts[1], counts[2], counts[3];
  IF TG_OP <> 'INSERT' THEN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
      WHERE attrelid = past::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'closed';
    EXECUTE format('INSERT INTO %s (%s, closed) SELECT %s, $1 FROM gone', past, columns, columns) USING revision;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM setval(sequence, greatest(nextval(sequence), (SELECT max(fid) FROM come)));
    PERFORM set_config('{OWN_WRITE}', 'on', true);
    EXECUTE format('UPDATE %I.%I SET opened = $1 WHERE fid IN (SELECT fid FROM come)',
      TG_TABLE_SCHEMA, TG_TABLE_NAME) USING revision;
    PERFORM set_config('{OWN_WRITE}', 'off', true);
  END IF;
  RETURN NULL;
END $$
"""

#: Whether another program runs the statement; asked with the rights of whoever runs it, of the table itself and not of
#: its name, which he could give to another one.
_OTHER = (
    f"(current_setting('{OWN_WRITE}', true) = 'on'"
    f" AND has_table_privilege('{REVISIONS.name}'::regclass, 'INSERT')) IS NOT TRUE"
)
_EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS come",
    "UPDATE": "REFERENCING OLD TABLE AS gone NEW TABLE AS come",
    "DELETE": "REFERENCING OLD TABLE AS gone",
}


def create_functions(connection: Connection) -> None:
    """Have the database tell of every revision, and prepare what layers need; anew, where there are older ones."""
    for function in (_TELL, _ENTER, _RECORD):
        anew = function.replace("CREATE", "CREATE OR REPLACE", 1)
        connection.exec_driver_sql(anew.replace("%", "%%"))
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS twin_tell ON {REVISIONS.name}")
    # Who could tie them to tables of his own would have code of his own run with the rights of the twin's owner.
    connection.exec_driver_sql("REVOKE EXECUTE ON FUNCTION twin_enter(), twin_record() FROM PUBLIC")
    connection.exec_driver_sql(
        f"CREATE TRIGGER twin_tell AFTER INSERT ON {REVISIONS.name} FOR EACH ROW EXECUTE FUNCTION twin_tell()"
    )


def record_edits(connection: Connection, table: str) -> None:
    """Let any other program that edits a layer's table keep its history true; anew, where it does so already."""
    for name, body in _triggers(f'"{table}"').items():
        connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS {name} ON "{table}"')
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {body}")


def find_unrecorded(connection: Connection, tables: Iterable[str]) -> list[str]:
    """Find the tables whose owner has switched off or removed what records edits."""
    names = sorted(_triggers(""))
    kept = text(
        "SELECT count(*) FROM pg_trigger"
        " WHERE tgrelid = to_regclass(:table) AND tgname = ANY(:names) AND tgenabled IN ('O', 'A')"
    )
    return [
        table
        for table in tables
        if connection.execute(kept, {"table": f'"{table}"', "names": names}).scalar_one() < len(names)
    ]


def _triggers(table: str) -> dict[str, str]:
    each = f"FOR EACH STATEMENT WHEN ({_OTHER})"
    bodies = {
        "twin_enter": f"BEFORE INSERT OR UPDATE OR DELETE ON {table} {each} EXECUTE FUNCTION twin_enter()",
        "twin_refuse": f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION twin_enter()",
    }
    for event, rows in _EVENTS.items():
        bodies[f"twin_record_{event.lower()}"] = (
            f"AFTER {event} ON {table} {rows} {each} EXECUTE FUNCTION twin_record()"
        )
    return bodies
