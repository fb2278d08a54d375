"""The log: one JSON object in each line, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from twin.moments import write_instant


class JsonLines(logging.Formatter):
    """Writes a record as a line: when, how bad, who says it, what, and where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        when = write_instant(datetime.fromtimestamp(record.created, UTC), timespec="milliseconds")
        line = {"time": when, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if name := getattr(record, "request_id", None):
            line["request_id"] = name
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def write_logs() -> None:
    """Write a line for each request, as `api.ops.journal.Journal` has it, and one for each message of anybody else."""
    requests, others = logging.StreamHandler(sys.stderr), logging.StreamHandler(sys.stderr)
    requests.setFormatter(logging.Formatter("%(message)s"))
    others.setFormatter(JsonLines())
    access, root = logging.getLogger("twin.access"), logging.getLogger()
    access.handlers, access.propagate = [requests], False
    access.setLevel(logging.INFO)
    root.handlers = [others]
    root.setLevel(logging.WARNING)
