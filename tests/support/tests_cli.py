"""Commands as people give them, run in this process."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from twin.cli import main, main_group


def twin(*words: object) -> str:
    """Run a command, which must succeed, and return what it said."""
    done = CliRunner().invoke(main_group, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


class Terminal:
    """Where commands are given in the folder where one stands, as if each had a process of its own."""

    def __init__(self, patch: pytest.MonkeyPatch, streams: pytest.CaptureFixture[str]) -> None:
        self._patch, self._streams = patch, streams

    def run(self, *words: object) -> tuple[int, str, str]:
        """Run a command: its exit code, and what it said on standard output and error."""
        self._streams.readouterr()
        self._patch.setattr(sys, "argv", ["twin", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *self._streams.readouterr()
