"""`twin bim check`."""

from __future__ import annotations

from pathlib import Path

import click

from twin.commands.output import print_json, show_steps
from twin.session import Session

_FILE = click.Path(path_type=Path)


@click.command("bim check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option("--ids", "requirements", multiple=True, type=_FILE, help="IDS file with what has to be in the models.")
@click.option("--rules", type=_FILE, help="Rule file (TOML) with severities and limits other than the usual ones.")
@click.option("--georef", type=_FILE, help="TOML file that says where the models stand.")
@click.option(
    "--report",
    type=_FILE,
    help="Write the report: FILE.html, .xlsx, .json, .bcf (BCF 3.0), .bcfzip (2.1); or a folder, for all of them.",
)
@click.option(
    "--product-seconds", type=click.FloatRange(min=1), default=60, show_default=True, help="Time for a shape."
)
@click.option(
    "--file-seconds", type=click.FloatRange(min=1), default=3600, show_default=True, help="Time for each check."
)
@click.pass_obj
def bim_check(
    session: Session,
    files: tuple[Path, ...],
    requirements: tuple[Path, ...],
    rules: Path | None,
    georef: Path | None,
    report: Path | None,
    product_seconds: float,
    file_seconds: float,
) -> None:
    """Check building models: schema and its rules, IDS files, georeferencing, rules of delivery.

    Exit 1 where a file cannot be read or an error is found.

    Example: twin bim check 学校.ifc --ids 要求.ids --report report.html
    """
    from bim.checking.judging import Wishes, check_file
    from bim.checking.report import FORMATS, describe_check, render_check, write_check
    from bim.checking.rules import RULES
    from bim.georeference.declared import read_declaration
    from bim.ifc.supervising import Limits
    from twin.rules.book import RuleBook, read_rule_book

    if report is not None and report.suffix and len(files) > 1:
        raise click.UsageError("of several files the reports go into a folder: --report FOLDER")
    wishes = Wishes(
        book=RuleBook(rules=RULES) if rules is None else read_rule_book(rules, RULES),
        requirements=requirements,
        declaration=None if georef is None else read_declaration(georef),
        limits=Limits(product_s=product_seconds, file_s=file_seconds),
    )
    told, accepted = [], True
    with show_steps() as show:
        for file in files:
            judgement = check_file(file, wishes, watch=lambda step, name=file.name: show(f"{name}: {step}"))  # type: ignore[misc]
            accepted = accepted and judgement.accepted
            if report is not None and report.suffix:
                write_check(judgement, report)
            elif report is not None:
                report.mkdir(parents=True, exist_ok=True)
                for kind in FORMATS:
                    write_check(judgement, report / f"{file.name}{kind}")
            if session.as_json:
                told.append(describe_check(judgement))
            else:
                show("")
                click.echo(render_check(judgement))
    if session.as_json:
        print_json(told)
    if not accepted:
        raise click.exceptions.Exit(1)
