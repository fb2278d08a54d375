"""Triggers that keep a feature table true when another program edits it: its R-tree, and its history.

Our own writes do both themselves: they drop the triggers and make them anew within their transaction.

References
----------
OGC 12-128r18, annex F.3 (R-tree spatial indexes): the R-tree triggers are the standard's own.
"""

from __future__ import annotations

from sqlalchemy import Connection

from twin.layer import Layer
from twin.store import EDITED_OUTSIDE, OUTSIDER
from twin.stores.tables import GEOMETRY, REVISIONS, LayerTables

_RTREE = {
    "insert": "AFTER INSERT ON {t} WHEN {new} BEGIN {put}; END",
    "update1": "AFTER UPDATE OF {g} ON {t} WHEN OLD.fid = NEW.fid AND {new} BEGIN {put}; END",
    "update2": "AFTER UPDATE OF {g} ON {t} WHEN OLD.fid = NEW.fid AND NOT ({new}) BEGIN {drop}; END",
    "update3": "AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid AND {new} BEGIN {drop}; {put}; END",
    "update4": "AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid AND NOT ({new}) BEGIN {drop_both}; END",
    "delete": "AFTER DELETE ON {t} WHEN OLD.{g} NOT NULL BEGIN {drop}; END",
}

#: Each row that another program writes is a revision of its own; who did it, the file cannot know.
_HISTORY = {
    "insert": "AFTER INSERT ON {t} BEGIN {revise} 1, 0, 0); {open}; END",
    "update": "AFTER UPDATE OF {columns} ON {t} BEGIN {revise} 0, 1, 0); {close}; {open}; END",
    "delete": "AFTER DELETE ON {t} BEGIN {revise} 0, 0, 1); {close}; END",
}
_NOW = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"
_LATEST = f"(SELECT max(number) FROM {REVISIONS.name})"


def rtree_name(layer: Layer) -> str:
    """The R-tree of a feature table, named as the standard asks."""
    return f"rtree_{layer.id}_{GEOMETRY}"


def create_triggers(connection: Connection, tables: LayerTables) -> None:
    """Let any other program that edits the table keep R-tree and history true."""
    for name, body in _triggers(tables).items():
        connection.exec_driver_sql(f'CREATE TRIGGER "{name}" {body}')


def drop_triggers(connection: Connection, tables: LayerTables) -> None:
    """Let a write keep R-tree and history itself."""
    for name in _triggers(tables):
        connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{name}"')


def _triggers(tables: LayerTables) -> dict[str, str]:
    layer, tree = tables.layer, rtree_name(tables.layer)
    columns = [f'"{column.name}"' for column in tables.current.c]
    words = {
        "t": f'"{layer.id}"',
        "g": f'"{GEOMETRY}"',
        "new": f'(NEW."{GEOMETRY}" NOT NULL AND NOT ST_IsEmpty(NEW."{GEOMETRY}"))',
        "put": f'INSERT OR REPLACE INTO "{tree}" VALUES (NEW.fid, '
        + ", ".join(f'ST_{side}(NEW."{GEOMETRY}")' for side in ("MinX", "MaxX", "MinY", "MaxY"))
        + ")",
        "drop": f'DELETE FROM "{tree}" WHERE id = OLD.fid',
        "drop_both": f'DELETE FROM "{tree}" WHERE id IN (OLD.fid, NEW.fid)',
        "columns": ", ".join(name for name in columns if name != '"opened"'),
        "revise": f"INSERT INTO {REVISIONS.name}"
        " (layer, author, reason, recorded_at, effective, inserted, updated, deleted)"
        f" VALUES ('{layer.id}', '{OUTSIDER}', '{EDITED_OUTSIDE}', {_NOW}, {_NOW},",
        "close": f'INSERT INTO "{tables.past.name}" ({", ".join(columns)}, "closed")'
        f" VALUES ({', '.join(f'OLD.{name}' for name in columns)}, {_LATEST})",
        "open": f'UPDATE "{layer.id}" SET "opened" = {_LATEST} WHERE fid = NEW.fid',
    }
    bodies = {f"{tree}_{event}": body for event, body in _RTREE.items()}
    bodies |= {f"{tables.past.name}_{event}": body for event, body in _HISTORY.items()}
    return {name: body.format(**words) for name, body in bodies.items()}
