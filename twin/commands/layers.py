"""`twin layers` and `twin describe`."""

from __future__ import annotations

import click

from twin.commands.output import print_json, print_table
from twin.session import Session


@click.command(epilog="Example: twin layers --store county.gpkg")
@click.pass_obj
def layers(session: Session) -> None:
    """List the layers with their counts and revisions."""
    with session.open() as store:
        rows = [
            {
                "id": layer.id,
                "title": layer.title,
                "title_zh": layer.title_zh,
                "geometry": layer.geometry,
                "features": store.count(layer),
                "revision": store.latest(layer),
            }
            for layer in session.catalog.layers.values()
        ]
    if session.as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


@click.command(epilog="Example: twin describe topo_sheets")
@click.argument("layer_id", metavar="LAYER")
@click.pass_obj
def describe(session: Session, layer_id: str) -> None:
    """Show one layer's schema: fields, units, codes and ranges."""
    layer = session.catalog.layer(layer_id)
    if session.as_json:
        print_json({"id": layer.id, "key": layer.key, "geometry": layer.geometry, **layer.json_schema()})
        return
    click.echo(f"{layer.id}: {layer.title} {layer.title_zh}\n{layer.about}")
    click.echo(f"geometry {layer.geometry}{'Z' if layer.has_z else ''}, key {layer.key}, standard: {layer.standard}\n")
    print_table(
        ("field", "type", "unit", "required", "title", "标题", "allowed"),
        [
            (f.name, f.type, f.unit or "", "yes" if f.required else "", f.title, f.title_zh, f.limit or "")
            for f in layer.schema
        ],
    )
