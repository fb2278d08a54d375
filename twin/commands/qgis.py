"""`twin qgis` and `twin merge`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from twin.commands.output import print_json, print_table, show_steps
from twin.drafts import drafting
from twin.errors import InvalidParameter, TwinError
from twin.ingest.faults import shorten
from twin.session import Session

if TYPE_CHECKING:
    from twin.layer import Layer
    from twin.merge import MergedEdition
    from twin.qgis.sources import QgisVersion, Sources
    from twin.store import Store
    from twin.threeway import Side

#: How many conflicts are printed; the report has all.
_SHOWN_CONFLICTS = 50

SourceName = Literal["api", "postgis", "gpkg"]


@click.command(epilog="Examples: twin qgis county.qgz --source api; twin qgis field.gpkg roads buildings")
@click.argument("path", metavar="OUT", type=click.Path(path_type=Path))
@click.argument("names", metavar="[LAYER]...", nargs=-1)
@click.option(
    "--source",
    type=click.Choice(["api", "postgis", "gpkg"]),
    help="Where QGIS takes the layers of a project from; by default the store itself.",
)
@click.option(
    "--api",
    metavar="URL",
    help="Address of the running service, for the layers, or for live evidence and a base map beside them.",
)
@click.option(
    "--qgis",
    "version",
    type=click.Choice(["3.22", "3.40"]),
    default="3.22",
    show_default=True,
    help="The oldest QGIS that is to read it: from 3.40 on, the service gives layers in the storage CRS.",
)
@click.option("--authcfg", metavar="ID", help="Login that QGIS keeps, for the database or for edits by the service.")
@click.option("--overwrite", is_flag=True, help="Replace an existing project.")
@click.pass_obj
def qgis(
    session: Session,
    path: Path,
    names: tuple[str, ...],
    source: SourceName | None,
    api: str | None,
    version: QgisVersion,
    authcfg: str | None,
    overwrite: bool,
) -> None:
    """Write a project for QGIS, OUT.qgz, or the offline edition, OUT.gpkg: all layers in one file, project included.

    Edits in a project go where its layers come from; those in an offline edition come back by twin merge.
    """
    with session.open() as store, show_steps() as tell:
        layers = _chosen(session, store, names)
        if path.suffix.lower() == ".gpkg":
            from twin.edition import make_edition

            origin = make_edition(store, layers, session.catalog, path, tell=tell)
            rows = {name: taken.rows for name, taken in origin.layers.items()}
        elif path.suffix.lower() == ".qgz":
            _write_project(session, store, layers, path, source, api, version, authcfg, overwrite)
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


@click.command(epilog="Example: twin merge field.gpkg --dry-run --report conflicts.json")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--keep", type=click.Choice(["mine", "theirs"]), help="Whose value counts where both sides changed it.")
@click.option("--author", help="Who made the edits; TWIN_AUTHOR or the login by default.")
@click.option("--reason", default="", help="Why; the name of the file by default.")
@click.option("--report", type=click.Path(path_type=Path), help="File for the report, in JSON, every conflict in it.")
@click.option("--dry-run", is_flag=True, help="Compare and check everything, write nothing.")
@click.pass_obj
def merge(
    session: Session,
    path: Path,
    keep: Side | None,
    author: str | None,
    reason: str,
    report: Path | None,
    dry_run: bool,
) -> None:
    """Bring the edits of an offline edition back, one revision for each layer; with a conflict, nothing is written.

    A conflict is a value that both sides changed, each in another way: mine is what the file has, theirs what the store
    has by now. Removing a feature that the other side changed is one too.
    """
    from twin.merge import MergeConflict, merge_edition

    with session.open(write=not dry_run) as store, show_steps() as tell:
        merged = merge_edition(
            store,
            session.catalog,
            path,
            author=author or session.author,
            reason=reason,
            keep=keep,
            dry_run=dry_run,
            tell=tell,
        )
    document = {"file": str(path), "dry_run": dry_run, "keep": keep, **merged.to_dict()}
    if report is not None:
        try:
            report.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise TwinError(f"{report} cannot be written: {error.strerror or error}", cause=error) from error
    if session.as_json:
        print_json(document)
    else:
        _show_merge(merged)
    for name in merged.left_behind:
        click.echo(f"twin: left behind what somebody added to the file: {name}", err=True)
    if merged.conflicts and keep is None:
        raise MergeConflict(
            f"conflicts: {len(merged.conflicts)}; nothing was written. Give --keep mine or --keep theirs, or mend the "
            "file and merge again",
            conflicts=len(merged.conflicts),
        )


def _show_merge(merged: MergedEdition) -> None:
    """Print what became of each layer, and the first conflicts."""
    if not merged.layers:
        click.echo("nothing was edited in the file")
        return
    head = ("layer", "taken at", "now at", "added", "changed", "removed", "agreed", "conflicts", "revision")
    rows = [
        (m.layer, m.base, m.latest, m.added, m.changed, m.removed, m.agreed, len(m.conflicts), m.revision)
        for m in merged.layers
    ]
    print_table(head, rows)
    conflicts = merged.conflicts
    if conflicts:
        click.echo("")
        shown = [
            (c.layer, c.key, c.field or "–", *(shorten(each) for each in (c.base, c.mine, c.theirs)))
            for c in conflicts[:_SHOWN_CONFLICTS]
        ]
        print_table(("layer", "key", "field", "base", "mine", "theirs"), shown)
        if len(conflicts) > _SHOWN_CONFLICTS:
            click.echo(f"… and {len(conflicts) - _SHOWN_CONFLICTS:,} more; --report lists all")


def _chosen(session: Session, store: Store, names: Sequence[str]) -> list[Layer]:
    """The layers that were named; otherwise all that have been written and may leave the house."""
    if names:
        return [session.catalog.layer(name) for name in dict.fromkeys(names)]
    served = session.catalog.served(session.settings).layers.values()
    return [layer for layer in served if store.latest(layer)]


def _write_project(
    session: Session,
    store: Store,
    layers: Sequence[Layer],
    path: Path,
    source: SourceName | None,
    api: str | None,
    version: QgisVersion,
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
        sources, where = from_api(root, store.crs, qgis=version, authcfg=authcfg), f"From the service {root}."
    else:
        sources, where = _own_tables(store, source, path, authcfg), f"From {store.url}."
    for layer in layers:
        if not store.latest(layer):  # there is no table yet, and no kind of geometry
            raise InvalidParameter(
                f"nothing was ever written of {layer.id}: QGIS could not open it; an offline edition can have it"
            )
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
    project = describe_county(store, layers, sources, drawn, where=where, service=api, qgis=version)
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
