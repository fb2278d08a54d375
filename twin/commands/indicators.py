"""`twin indicators`, `twin assess` and `twin verify`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from twin.commands.output import print_json, print_table
from twin.commands.parse import as_of_option, parse_pairs
from twin.engine import Result, evaluate
from twin.engine import verify as verify_result
from twin.errors import InvalidParameter
from twin.indicator import verdict_title
from twin.query import AsOf
from twin.session import Session


@click.command(epilog="Example: twin indicators")
@click.pass_obj
def indicators(session: Session) -> None:
    """List the indicators with target, clause and parameters."""
    found = session.catalog.indicators.values()
    if session.as_json:
        print_json(
            [
                {
                    "id": i.id,
                    "title": i.title,
                    "title_zh": i.title_zh,
                    "unit": i.unit,
                    "target": asdict(i.target) if i.target else None,
                    "clause": asdict(i.clause),
                    "parameters": {
                        p.name: {"default": None if p.default is None else str(p.default), "choices": list(p.choices)}
                        for p in i.parameters.values()
                    },
                }
                for i in found
            ]
        )
        return
    print_table(
        ("indicator", "title", "标题", "unit", "target", "parameters"),
        [(i.id, i.title, i.title_zh, i.unit, i.target, ", ".join(i.parameters)) for i in found],
    )


@click.command(epilog="Example: twin assess topographic_coverage --as-of 2022-12-31 --param area=urban")
@click.argument("names", metavar="[INDICATOR]...", nargs=-1)
@click.option("--param", "pairs", multiple=True, metavar="K=V", help="A parameter of the indicator; repeatable.")
@as_of_option
@click.pass_obj
def assess(session: Session, names: tuple[str, ...], pairs: tuple[str, ...], as_of: AsOf | None) -> None:
    """Evaluate indicators (all by default): value, target and verdict."""
    catalog = session.catalog
    chosen = [catalog.indicator(name) for name in names or catalog.indicators]
    parameters = parse_pairs(pairs)
    known = {name for indicator in chosen for name in indicator.parameters}
    for name in parameters.keys() - known:
        raise InvalidParameter(f"no indicator asked for has a parameter {name}; there are: {', '.join(sorted(known))}")
    with session.open() as store:
        known_at = store.latest()
        results = [
            evaluate(
                indicator,
                catalog,
                store,
                parameters={name: value for name, value in parameters.items() if name in indicator.parameters},
                as_of=as_of,
                known_at=known_at,
            )
            for indicator in chosen
        ]
    if session.as_json:
        print_json([result.to_dict() for result in results])
    else:
        _print_results(results)


@click.command(epilog="Example: twin assess --json > results.json && twin verify results.json")
@click.argument("record", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="RESULT")
@click.pass_obj
def verify(session: Session, record: Path) -> None:
    """Compute recorded results again at their recorded revisions; exit 1 where one does not hold."""
    try:
        results: Any = json.loads(record.read_bytes())
    except ValueError as error:
        raise InvalidParameter(f"{record} is not JSON: {error}", cause=error) from error
    results = results if isinstance(results, list) else [results]
    if not results:
        raise InvalidParameter(f"{record} holds no result")
    catalog = session.catalog
    with session.open() as store:
        found = [(result, verify_result(result, catalog, store)) for result in results]
    if session.as_json:
        print_json([{"indicator": result["indicator"], "differences": differences} for result, differences in found])
    else:
        for result, differences in found:
            click.echo(f"{result['indicator']}: {'; '.join(differences) or 'holds'}")
    if any(differences for _, differences in found):
        click.echo(f"twin: is {session.store_url} the store that {record} came from?", err=True)
        raise click.exceptions.Exit(1)


def _print_results(results: list[Result]) -> None:
    print_table(
        ("indicator", "指标", "value", "unit", "target", "verdict"),
        [
            (
                *(r.indicator.id, r.indicator.title_zh, r.measure.value, r.indicator.unit, r.indicator.target),
                verdict_title(r.verdict, r.indicator.target)[0],
            )
            for r in results
        ],
    )
    for result in results:
        if result.measure.note:
            click.echo(f"  {result.indicator.id}: {result.measure.note}")
