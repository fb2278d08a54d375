"""The `twin` command: holds only names; a command's module is imported when it is called."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from twin import __version__
from twin.errors import SchemaViolation, TwinError, group_faults
from twin.nearest import suggest
from twin.place import Place, hide_passwords
from twin.session import Session
from twin.settings import load_settings

#: Where each command stands, some of two words. The packages above the core are named, never imported here.
COMMANDS: Mapping[str, str] = {
    "init": "twin.commands.stores",
    "sample": "sample_gis.commands",
    "layers": "twin.commands.layers",
    "describe": "twin.commands.layers",
    "ingest": "twin.commands.files",
    "export": "twin.commands.files",
    "history": "twin.commands.history",
    "diff": "twin.commands.history",
    "revert": "twin.commands.history",
    "indicators": "twin.commands.indicators",
    "assess": "twin.commands.indicators",
    "verify": "twin.commands.indicators",
    "ask": "twin.commands.ask",
    "qgis": "twin.commands.qgis",
    "merge": "twin.commands.qgis",
    "copy": "twin.commands.moves",
    "upgrade": "twin.commands.moves",
    "sheets": "layers.commands",
    "tiles": "tiles.commands",
    "scene": "tiles.commands",
    "bim": "bim.commands",
    "cityjson": "bim.cityjson.commands",
    "bim check": "bim.checking.commands",
    "serve": "api.commands",
    "key": "twin.commands.keys",
    "doctor": "twin.commands.stores",
}


#: How many causes of faults of a refused delivery are listed.
_SHOWN_CAUSES = 20
_STORE_HELP = "Store to work on; otherwise TWIN_STORE, otherwise twin.gpkg."
_JSON_HELP = "Answer in JSON for a program."


def _set(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value and isinstance(context.obj, Session):
            context.obj = replace(context.obj, **{attribute: value})

    return remember


def _common_options() -> list[click.Option]:
    beside: dict[str, Any] = {"expose_value": False, "is_eager": True}
    return [
        click.Option(["--store"], metavar="STORE", type=Place, callback=_set("store_url"), help=_STORE_HELP, **beside),
        click.Option(["--json"], is_flag=True, callback=_set("as_json"), help=_JSON_HELP, **beside),
    ]


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the words begin with; of one that does not exist, name the nearest."""
        if not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"No such command {args[0]!r}; {suggest(args[0], COMMANDS)}")
        if " ".join(args[:2]) in COMMANDS:
            args = [" ".join(args[:2]), *args[2:]]
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, with the options that every command has."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name]), re.sub("[- ]", "_", cmd_name))
        if not any(option.name == "store" for option in command.params):
            command.params.extend(_common_options())
        return command


@click.command(cls=LazyCommands, context_settings={"max_content_width": 110})
@click.version_option(__version__, prog_name="twin")
@click.option("--store", metavar="STORE", type=Place, help=_STORE_HELP)
@click.option("--json", "as_json", is_flag=True, help=_JSON_HELP)
@click.pass_context
def main_group(context: click.Context, store: Place | None, as_json: bool) -> None:
    """The spatial core of a county's digital twin.

    Takes survey and department data in, keeps every revision, measures the county's indicators with their evidence,
    and serves it all as maps.
    """
    settings = load_settings()
    context.obj = Session(settings=settings, store_url=store or settings.store, as_json=as_json)


def main() -> None:
    """Run the command line; exit 0 only when it did what was asked."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names and data may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    atexit.register(gc.freeze)  # Python would search all that is there for garbage, twice, before it ends
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        sys.exit(main_group.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)  # may repeat an address that was given in a wrong place
        click.echo(hide_passwords(said.getvalue()), err=True, nl=False)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("twin: interrupted", err=True)
        sys.exit(130)
    except TwinError as error:
        _tell(error)
        sys.exit(1)


def _tell(error: TwinError) -> None:
    """Say what was refused; a program that asked for JSON gets it as JSON."""
    detail = hide_passwords(error.detail)  # it may repeat an address that was given in a wrong place
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": error.slug, "detail": detail, **error.members}, default=str))
    click.echo(f"twin: {detail}", err=True)
    causes = group_faults(error.faults) if isinstance(error, SchemaViolation) else []
    for cause in causes[:_SHOWN_CAUSES]:
        click.echo(f"  {cause}", err=True)
    if len(causes) > _SHOWN_CAUSES:
        click.echo(f"  … and {len(causes) - _SHOWN_CAUSES} more causes; --json lists every fault", err=True)


if __name__ == "__main__":
    main()
