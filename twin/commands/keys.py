"""The command that says who may edit over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from twin.errors import InvalidParameter
from twin.keys import add_key, remove_keys
from twin.session import Session


@click.command()
@click.argument("author")
@click.option("--remove", is_flag=True, help="Take out all keys of AUTHOR instead.")
@click.pass_obj
def key(session: Session, author: str, remove: bool) -> None:
    """Make a key by which AUTHOR may edit over HTTP, in the file that the setting `keys` names; it is shown once.

    Example: twin key 张伟
    """
    if not session.settings.keys:
        raise InvalidParameter('say where keys are kept: keys = "twin.keys" in twin.toml', parameter="keys")
    path = Path(session.settings.keys)
    if not remove:
        click.echo(add_key(path, author))
        return
    count = remove_keys(path, author)
    click.echo(f"{count} key{'' if count == 1 else 's'} of {author} taken out")
