"""`twin ask`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from twin.analysis import Figure
from twin.asking import Reply
from twin.asking import ask as ask_analysis
from twin.commands.output import print_json, print_table
from twin.commands.parse import as_of_option, parse_pairs
from twin.query import AsOf
from twin.replies import write_reply
from twin.session import Session
from twin.store import Revision, Store

#: Rows of a list that are shown; a program may have all.
_MOST_ROWS = 20
#: Names and numbers of a list that are shown in a line.
_MOST_NAMES = 10


@click.command(
    epilog="""\b
    Examples:
      twin ask
      twin ask isolation segment=JS12-JS13 --out burst.geojson
      twin ask long_section from_node=WS12 to_node=WS40 --out section.svg
      twin ask pipe_conflicts --keep
      twin ask trace_upstream node=WS40 --as-of 2022-12-31 --json""",
)
@click.argument("name", metavar="[ANALYSIS]", required=False)
@click.argument("pairs", metavar="[K=V]...", nargs=-1)
@as_of_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the features of the answer (.geojson, WGS 84), its drawing (.svg, .png), its topics (.bcfzip for BCF "
    "2.1, .bcf for 3.0), or the layer that it fills (.gpkg and what else export writes).",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("--keep", is_flag=True, help="Make the layer that the analysis fills equal to the answer, as a revision.")
@click.pass_obj
def ask(
    session: Session,
    name: str | None,
    pairs: tuple[str, ...],
    as_of: AsOf | None,
    out: Path | None,
    overwrite: bool,
    keep: bool,
) -> None:
    """Ask an analysis of the layers: figures, and the features that play a part; without ANALYSIS, list all."""
    if name is None:
        _list_analyses(session)
        return
    analysis = session.catalog.analysis(name)
    with session.open(write=keep) as store:
        reply = ask_analysis(analysis, session.catalog, store, parameters=parse_pairs(pairs), as_of=as_of)
        notes = write_reply(reply, session.catalog, out, overwrite=overwrite) if out is not None else ()
        revision = _keep(reply, session, store) if keep else None
    if session.as_json:
        kept = {"kept": {"layer": analysis.fills, "revision": revision and revision.number}} if keep else {}
        print_json(reply.to_dict() | kept)
    else:
        _print_reply(reply)
        if keep:
            how = f"revision {revision.number}: {_count(revision)}" if revision else "nothing is other than before"
            click.echo(f"  kept in {analysis.fills}: {how}")
    for note in notes:
        click.echo(f"twin: {note}", err=True)


def _keep(reply: Reply, session: Session, store: Store) -> Revision | None:
    from twin.keeping import filled_layer, keep_reply

    return keep_reply(reply, store, filled_layer(reply, session.catalog), author=session.author)


def _count(revision: Revision) -> str:
    return f"{revision.inserted} inserted, {revision.updated} changed, {revision.deleted} retired"


def _list_analyses(session: Session) -> None:
    found = session.catalog.analyses.values()
    if session.as_json:
        print_json(
            [
                {
                    "id": each.id,
                    "title": each.title,
                    "title_zh": each.title_zh,
                    "inputs": list(each.inputs),
                    "figures": {key: asdict(figure) for key, figure in each.figures.items()},
                    "parameters": {
                        p.name: {
                            "default": p.default,
                            "choices": list(p.choices),
                            "required": p.required,
                            "about": p.about,
                        }
                        for p in each.parameters.values()
                    },
                }
                for each in found
            ]
        )
        return
    print_table(
        ("analysis", "title", "标题", "parameters"),
        [(each.id, each.title, each.title_zh, ", ".join(each.parameters)) for each in found],
    )


def _print_reply(reply: Reply) -> None:
    roles = reply.analysis.roles
    click.echo(f"{reply.analysis.title} {reply.analysis.title_zh}")
    figures = reply.to_dict()["figures"]
    called = reply.analysis.figures
    print_table(
        ("figure", "is", "数值", "value", "unit"),
        [
            (name, called[name].title, called[name].title_zh, _say(value), called[name].unit)
            for name, value in figures.items()
        ],
    )
    for name, value in figures.items():
        if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            click.echo(f"\n{name} {called[name].title_zh}")
            _print_rows(name, value, called[name].members)
    counted = [
        (role, *roles[role], layer, len(keys), ", ".join(keys[:5]) + (" …" if len(keys) > 5 else ""))
        for role, layers in reply.answer.features.items()
        for layer, keys in layers.items()
        if keys
    ]
    if counted:
        click.echo()
        print_table(("role", "is", "含义", "layer", "features", "keys"), counted)
    if reply.answer.note:
        click.echo(f"  {reply.answer.note}")


def _print_rows(name: str, rows: Sequence[Mapping[str, Any]], called: Mapping[str, Figure]) -> None:
    """Print the first rows of a list of them as a table."""
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    titles = [called[column].title_zh for column in columns]
    print_table(columns, [titles, *([_say(row.get(column)) for column in columns] for row in rows[:_MOST_ROWS])])
    if len(rows) > _MOST_ROWS:
        click.echo(f"  {len(rows) - _MOST_ROWS} more {name}; --json gives all")


def _say(value: Any) -> str:
    """Write a figure in a line; of long lists the first, of lists of more than names and numbers how long they are."""
    if isinstance(value, list | dict) and not value:
        return "none"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"
    if isinstance(value, list) and all(isinstance(each, str | float | int | None) for each in value):
        more = f" … ({len(value)})" if len(value) > _MOST_NAMES else ""
        return ", ".join(_say(each) for each in value[:_MOST_NAMES]) + more
    if isinstance(value, dict) and len(value) <= 10:
        return "; ".join(f"{name}: {_say(each)}" for name, each in value.items())
    if isinstance(value, list | dict):
        return str(len(value))
    return "–" if value is None else str(value)
