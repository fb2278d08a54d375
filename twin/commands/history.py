"""`twin history`, `twin diff` and `twin revert`."""

from __future__ import annotations

from dataclasses import asdict

import click

from twin import history as revisions
from twin.commands.output import print_json, print_table
from twin.commands.parse import parse_as_of
from twin.errors import InvalidParameter
from twin.ingest.faults import shorten
from twin.moments import CHINA
from twin.session import Session


@click.command(epilog="Example: twin history topo_sheets")
@click.argument("layer_id", metavar="LAYER")
@click.pass_obj
def history(session: Session, layer_id: str) -> None:
    """List who changed the layer, when (in China), why and from which file."""
    layer = session.catalog.layer(layer_id)
    with session.open() as store:
        found = store.revisions(layer)
    if session.as_json:
        print_json(
            [
                asdict(r) | {"recorded_at": r.recorded_at.isoformat(), "effective": r.effective.isoformat()}
                for r in found
            ]
        )
        return
    print_table(
        ("revision", "recorded", "effective", "author", "+", "~", "-", "reason", "source", "sha256"),
        [
            (
                r.number,
                r.recorded_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M"),
                r.effective.astimezone(CHINA).strftime("%Y-%m-%d"),
                r.author,
                r.inserted,
                r.updated,
                r.deleted,
                r.reason,
                r.source or "",
                (r.sha256 or "")[:12],
            )
            for r in found
        ],
    )


@click.command(epilog="Example: twin diff topo_sheets 3 7")
@click.argument("layer_id", metavar="LAYER")
@click.argument("a", callback=parse_as_of)
@click.argument("b", callback=parse_as_of)
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="How many features are listed.")
@click.pass_obj
def diff(session: Session, layer_id: str, a: int, b: int, limit: int) -> None:
    """Show what was added, removed and changed from state A to state B (revision numbers or dates)."""
    with session.open() as store:
        found = revisions.diff(store, session.catalog.layer(layer_id), a, b)
    if session.as_json:
        print_json(found.to_dict())
        return
    click.echo(f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed")
    lines = [
        *(f"+ {key}" for key in found.added),
        *(f"- {key}" for key in found.removed),
        *(f"~ {key}: {_tell_changes(found, key)}" for key in found.changed),
    ]
    for line in lines[:limit]:
        click.echo(line)
    if len(lines) > limit:
        click.echo(f"… and {len(lines) - limit:,} more; --limit {len(lines)} lists all")


def _tell_changes(found: revisions.Diff, key: str) -> str:
    def tell(value: object) -> str:
        return "–" if value is None else shorten(value)

    pairs = found.values[key]
    return ", ".join(
        f"{name} {tell(pairs[name][0])} → {tell(pairs[name][1])}" if name in pairs else name
        for name in found.changed[key]
    )


@click.command(epilog="Example: twin revert topo_sheets 7 --reason 'wrong delivery'")
@click.argument("layer_id", metavar="LAYER")
@click.argument("revision", type=int)
@click.option("--reason", default="", help="Why it is undone.")
@click.pass_obj
def revert(session: Session, layer_id: str, revision: int, reason: str) -> None:
    """Undo REVISION by a new revision; refused where later ones touched the same features."""
    if revision < 1:
        raise InvalidParameter("revisions count from 1", parameter="revision")
    with session.open(write=True) as store:
        made = revisions.revert(store, session.catalog.layer(layer_id), revision, author=session.author, reason=reason)
    if session.as_json:
        print_json({"layer": made.layer, "revision": made.number, "undid": revision})
    else:
        click.echo(f"revision {made.number} undoes {revision}: +{made.inserted} ~{made.updated} -{made.deleted}")
