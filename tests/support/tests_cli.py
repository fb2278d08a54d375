"""Commands as people give them, run in this process."""

from __future__ import annotations

from click.testing import CliRunner

from twin.cli import main_group


def twin(*words: object) -> str:
    """Run a command, which must succeed, and return what it said."""
    done = CliRunner().invoke(main_group, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
