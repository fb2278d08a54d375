"""`twin qgis` and `twin merge`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from twin.commands.output import print_json, show_steps
from twin.drafts import drafting
from twin.errors import InvalidParameter, TwinError
from twin.session import Session

if TYPE_CHECKING:
    from twin.layer import Layer
    from twin.qgis.sources import Sources
    from twin.store import Store

SourceName = Literal["api", "postgis", "gpkg"]


@click.command(epilog="Examples: twin qgis county.qgz --source api; twin qgis field.gpkg roads buildings")
@click.argument("path", metavar="OUT", type=click.Path(path_type=Path))
@click.argument("names", metavar="[LAYER]...", nargs=-1)
@click.option(
    "--source",
    type=click.Choice(["api", "postgis", "gpkg"]),
    help="Where QGIS takes the layers of a project from; by default the store itself.",
)
@click.option("--api", metavar="URL", help="Address of the running service; TWIN_HOST and TWIN_PORT by default.")
@click.option("--authcfg", metavar="ID", help="Login kept by QGIS with which it enters the database.")
@click.option("--overwrite", is_flag=True, help="Replace an existing project.")
@click.pass_obj
def qgis(
    session: Session,
    path: Path,
    names: tuple[str, ...],
    source: SourceName | None,
    api: str | None,
    authcfg: str | None,
    overwrite: bool,
) -> None:
    """Write a project for QGIS, OUT.qgz, or the offline edition, OUT.gpkg: all layers in one file, project included.

    Edits in a project go where its layers come from; those in an offline edition come back by twin merge.
    """
    layers = _chosen(session, names)
    with session.open() as store, show_steps() as tell:
        if path.suffix.lower() == ".gpkg":
            from twin.edition import make_edition

            origin = make_edition(store, layers, session.catalog, path, tell=tell)
            rows = {name: taken.rows for name, taken in origin.layers.items()}
        elif path.suffix.lower() == ".qgz":
            _write_project(session, store, layers, path, source, api, authcfg, overwrite)
            rows = {layer.id: store.count(layer) for layer in layers}
        else:
            raise InvalidParameter(f"{path.name} must end in .qgz (a project) or .gpkg (the offline edition)")
    if session.as_json:
        print_json({"file": str(path), "layers": rows})
        return
    click.echo(f"wrote {path} with {len(rows)} layers, {sum(rows.values()):,} features")
    for kind in ("internal", "secret"):
        classified = [layer.id for layer in layers if layer.classification == kind]
        if classified:
            click.echo(f"  classified {kind}: {', '.join(classified)}")


def _chosen(session: Session, names: Sequence[str]) -> list[Layer]:
    """The layers that were named; otherwise all that may leave the house."""
    if names:
        return [session.catalog.layer(name) for name in dict.fromkeys(names)]
    return [layer for layer in session.catalog.layers.values() if session.settings.serves(layer.classification)]


def _write_project(
    session: Session,
    store: Store,
    layers: Sequence[Layer],
    path: Path,
    source: SourceName | None,
    api: str | None,
    authcfg: str | None,
    overwrite: bool,
) -> None:
    """Write a project over the service or the tables of the store; without a service, evidence is packed with it."""
    from twin.edition import EVIDENCE_FILE, gather_all_evidence, pack_evidence
    from twin.qgis.county import describe_county, show_evidence
    from twin.qgis.project import pack_project
    from twin.qgis.sources import from_api, from_file, from_geojson

    if source == "api":
        root = api = (api or f"http://{session.settings.host}:{session.settings.port}").rstrip("/")
        sources, where = from_api(root), f"From the service {root}."
    else:
        sources, where = _own_tables(store, source, path, authcfg), f"From {store.url}."
    evidence = gather_all_evidence(store, session.catalog, layers)
    attached = {}
    if api is None:
        attached = {EVIDENCE_FILE: pack_evidence(store, evidence)}
        packed = from_file(f"attachment:{EVIDENCE_FILE}", store.crs)
        drawn = show_evidence(evidence, lambda each: packed(each.layer, each.layer.geometry))
    else:
        address = api.rstrip("/") + "/indicators/{}/evidence?f=geojson"
        drawn = show_evidence(
            evidence, lambda each: from_geojson(address.format(each.indicator.id), each.layer.geometry)
        )
    project = describe_county(store, layers, sources, drawn, where=where)
    content = pack_project(project, path.stem, attached)
    try:
        with drafting(path, replace=overwrite) as draft:
            draft.write_bytes(content)
    except FileExistsError as error:
        raise InvalidParameter(f"{path} is there already; give --overwrite to replace it", parameter="path") from error
    except OSError as error:
        raise TwinError(f"{path} cannot be written: {error.strerror or error}", cause=error) from error


def _own_tables(store: Store, source: SourceName | None, path: Path, authcfg: str | None) -> Sources:
    """The tables of the store itself, as QGIS finds them from where the project is."""
    from twin.qgis.sources import from_file, from_postgis
    from twin.stores import is_database

    own = "postgis" if is_database(store.url) else "gpkg"
    if source not in (None, own):
        raise InvalidParameter(f"the store is {store.url}: its own tables are --source {own}", parameter="source")
    if own == "postgis":
        from twin.stores.postgis_url import PostgisPlace

        place = PostgisPlace.parse(store.url)
        login = {} if authcfg is None else {"authcfg": authcfg}
        return from_postgis({**place.words, **login}, place.schema, store.crs)
    return from_file(_relative(Path(store.url), path), store.crs)


def _relative(file: Path, path: Path) -> str:
    """Where a file is, seen from a project, so that both may be moved together."""
    try:
        return "./" + os.path.relpath(file.resolve(), path.resolve().parent).replace(os.sep, "/")
    except ValueError:  # on another drive
        return str(file.resolve())
