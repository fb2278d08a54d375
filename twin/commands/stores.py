"""`twin init` and `twin doctor`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from twin.commands.output import print_json, print_table
from twin.commands.parse import DATUMS
from twin.errors import TwinError
from twin.layer import Layer
from twin.place import Place
from twin.session import Session
from twin.store import Store

_PARTS = ("geopandas", "shapely", "pyproj", "pyogrio", "sqlalchemy", "fastapi")


@click.command(epilog="Example: twin init county.gpkg --crs EPSG:4548 --area boundary.geojson")
@click.argument("place", metavar="STORE", type=Place)
@click.option("--crs", "crs_text", required=True, help="Storage CRS: EPSG code, WKT2 or PROJ string.")
@click.option("--area", type=click.Path(path_type=Path), help="File with the county's outline.")
@click.option("--datum", type=click.Choice(DATUMS), help="Datum of the outline, where it comes from an internet map.")
@click.option("--title", default="", help="What the twin is called.")
@click.option("--roles", is_flag=True, help="In a database: create the roles that may read and write it.")
@click.pass_obj
def init(
    session: Session, place: Place, crs_text: str, area: Path | None, datum: str | None, title: str, roles: bool
) -> None:
    """Create an empty twin at STORE, a path ending in .gpkg or a database, postgresql://…."""
    from twin.crs import crs_label, parse_crs
    from twin.stores import build_store, is_database, roles_of

    if roles and not is_database(place):
        raise click.BadOptionUsage("--roles", "--roles is for a database; a file has the rights of the file")
    crs = parse_crs(crs_text)
    outline = None
    if area is not None:
        from twin.ingest import read_area

        outline = read_area(area, crs, datum=datum)
    layers = session.catalog.layers.values()
    with build_store(place, crs=crs, title=title, area=outline) as store:
        for layer in layers:
            store.prepare(layer)
    if roles:
        roles_of(place, create=True)
    if session.as_json:
        print_json({"store": str(place), "crs": crs_label(crs)})
    else:
        click.echo(f"created {place} in {crs_label(crs)} with {len(layers)} layers")


@click.command(epilog="Example: twin doctor --store county.gpkg")
@click.option("--roles", is_flag=True, help="Print the SQL that makes the roles of a database instead; runs nothing.")
@click.option("--digests", is_flag=True, help="Add a digest of the rows of each layer, equal wherever the rows are.")
@click.pass_obj
def doctor(session: Session, roles: bool, digests: bool) -> None:
    """Say what is installed, whether the store can be used, and which rows that others edited break the schema."""
    from twin.stores import roles_of

    if roles:
        click.echo("".join(f"{statement};\n" for statement in roles_of(session.store_url)), nl=False)
        return
    findings = [("python", platform.python_version(), True), *map(_installed, _PARTS), _look_at_cache(session)]
    try:
        with session.open() as store:
            findings.append((f"store {store.url}", f"readable, revision {store.latest()}", True))
            findings += store.findings()
            findings += _find_large(store, session)
            edited = {revision.layer for revision in store.revisions() if revision.outside}
            findings += [
                finding
                for layer in session.catalog.layers.values()
                if layer.id in edited
                for finding in _examine(store, layer)
            ]
            if digests:
                findings += [_digest(store, layer) for layer in session.catalog.layers.values() if store.latest(layer)]
    except TwinError as error:
        findings.append((f"store {session.store_url}", error.detail, False))
    if session.as_json:
        print_json([{"part": part, "finding": finding, "ok": ok} for part, finding, ok in findings])
    else:
        print_table(
            ("part", "finding", ""), [(part, finding, "ok" if ok else "FAULT") for part, finding, ok in findings]
        )
    if not all(ok for _, _, ok in findings):
        raise click.exceptions.Exit(1)


def _look_at_cache(session: Session) -> tuple[str, str, bool]:
    """Say where what is made of layers is kept, and how much there is; every change of the program makes it anew."""
    folder, most = session.settings.cache_folder, session.settings.cache_mb
    if folder is None:
        return "cache", "nothing is kept (cache_mb = 0, or the user has no cache folder)", True
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        return f"cache {folder}", "nothing can be written there; give another folder as cache", False
    kept = [path.stat().st_size for path in folder.glob("*.columns")] if folder.is_dir() else []
    return f"cache {folder}", f"{len(kept)} kept, {sum(kept) / 1e6:,.1f} of {most:,} MB; may be removed", True


def _find_large(store: Store, session: Session) -> Iterator[tuple[str, str, bool]]:
    """Say which layers are not read into memory to be served."""
    most = session.settings.max_rows_in_memory
    for layer in session.catalog.layers.values():
        rows = store.count(layer)
        if rows > most:
            said = f"tiles are served from the database ({rows:,} rows > max_rows_in_memory {most:,})"
            yield f"layer {layer.id}", f"{said}; indicators and exports still read all of them", True


def _examine(store: Store, layer: Layer) -> list[tuple[str, str, bool]]:
    from twin.ingest.stored import find_faults

    try:
        faults = find_faults(store, layer)
    except TwinError as error:
        return [(f"layer {layer.id}", error.detail, False)]
    if not faults:
        return [(f"layer {layer.id}", "edited by other programs, keeps the schema", True)]
    return [(" ".join(filter(None, (layer.id, key))), str(fault), False) for key, fault in faults]


def _digest(store: Store, layer: Layer) -> tuple[str, str, bool]:
    from twin.engine import frame_digest

    rows = store.read(layer)
    return f"digest {layer.id}", f"revision {rows.revision}, {len(rows)} rows, {frame_digest(rows)}", True


def _installed(part: str) -> tuple[str, str, bool]:
    try:
        return part, version(part), True
    except PackageNotFoundError:
        return part, "not installed", False
