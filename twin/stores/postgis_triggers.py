"""What the database does by itself: it tells of every revision, and makes one of every edit by another program.

Functions and triggers name no schema, so that a twin may be renamed.
"""

from __future__ import annotations

from sqlalchemy import Connection

from twin.layer import Layer
from twin.store import EDITED_OUTSIDE
from twin.stores.tables import REVISIONS

#: Setting of a transaction in which the twin itself writes, and keeps the history itself.
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
CREATE FUNCTION twin_enter() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  turn bigint := hashtextextended('{CHANNEL}' || TG_TABLE_SCHEMA, 0);
  latest text := format('SELECT max(number) FROM %I.{REVISIONS.name} WHERE layer = %L', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  before int;
  after int;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION 'TRUNCATE would leave no history of %; use DELETE', TG_TABLE_NAME;
  END IF;
  IF current_setting('{OWN_WRITE}', true) = 'on' OR pg_try_advisory_xact_lock(turn) THEN
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

#: One statement of another program is one revision, by the user of the database who ran it.
_RECORD = f"""
CREATE FUNCTION twin_record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  revision int;
  columns text;
  sequence text := pg_get_serial_sequence(format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), 'fid');
  counts int[] := '{{0, 0, 0}}';
  now text := to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
BEGIN
  IF current_setting('{OWN_WRITE}', true) = 'on' THEN
    RETURN NULL;
  END IF;
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
      WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
    EXECUTE format('INSERT INTO %I.%I (%s, closed) SELECT %s, $1 FROM gone',
      TG_TABLE_SCHEMA, TG_TABLE_NAME || '_history', columns, columns) USING revision;
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


def record_edits(connection: Connection, layer: Layer) -> None:
    """Let any other program that edits the layer's table keep its history true."""
    for event, rows in _EVENTS.items():
        connection.exec_driver_sql(
            f'CREATE TRIGGER twin_record_{event.lower()} AFTER {event} ON "{layer.id}" {rows}'
            " FOR EACH STATEMENT EXECUTE FUNCTION twin_record()"
        )
    connection.exec_driver_sql(
        f'CREATE TRIGGER twin_enter BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{layer.id}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION twin_enter()"
    )
