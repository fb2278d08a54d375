"""The server, which says that it stops before it does."""

from __future__ import annotations

from types import FrameType

import uvicorn

from api.ops.health import Readiness


class TwinServer(uvicorn.Server):
    """Uvicorn; on a signal it takes no new connections, answers what was asked, and ends.

    Parameters
    ----------
    config
        What it serves, and how.
    readiness
        Is told of the signal.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness) -> None:
        super().__init__(config)
        self._readiness = readiness

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._readiness.is_stopping = True
        super().handle_exit(sig, frame)
