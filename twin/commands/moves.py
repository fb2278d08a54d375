"""`twin copy` and `twin upgrade`."""

from __future__ import annotations

import click

from twin.commands.output import print_json, print_table, show_steps
from twin.session import Session


@click.command(epilog="Example: twin copy county.gpkg 'postgresql://gis@server/county?schema=twin'")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.pass_obj
def copy(session: Session, source: str, target: str) -> None:
    """Move a whole twin, history included, from one store into a new one: GeoPackage or PostGIS, either way.

    Numbers of features and revisions, authors and instants stay. TO appears whole or not at all.
    """
    from twin.stores.copying import copy_store

    with show_steps() as tell:
        copied = copy_store(source, target, session.catalog.layers, tell=tell)
    if session.as_json:
        layers = {
            one.layer: {"rows": one.rows, "past_rows": one.past_rows, "left_behind": one.left_behind} for one in copied
        }
        print_json({"from": str(source), "to": str(target), "layers": layers})
    else:
        print_table(("layer", "rows", "past rows"), [(one.layer, one.rows, one.past_rows) for one in copied])
    for one in copied:
        if one.left_behind:
            added = ", ".join(one.left_behind)
            click.echo(f"twin: {one.layer}: left behind what another program added to the table: {added}", err=True)


@click.command(epilog="Example: twin upgrade --store 'postgresql://gis@server/county?schema=twin'")
@click.pass_obj
def upgrade(session: Session) -> None:
    """Bring the tables of a store that an older version of this program made to this version, all or nothing.

    Make a backup first and let other programs stop: older ones cannot open the store afterwards.
    """
    from twin.stores import upgrade_store

    versions = upgrade_store(session.store_url, session.catalog.layers.values())
    with session.open(write=True) as store:
        for layer in session.catalog.layers.values():
            store.prepare(layer)
    if session.as_json:
        print_json({"store": store.url, "versions": versions})
    elif versions and versions[0] != versions[1]:
        click.echo(f"upgraded {store.url} from version {versions[0]} to {versions[1]}")
    else:
        click.echo(f"{store.url} is up to date")
