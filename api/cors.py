"""What pages of other origins may do: read everything there is."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

_EXPOSED = ("ETag", "Content-Range", "Accept-Ranges", "X-Request-ID", "X-Twin-Features", "Content-Crs")

#: Headers of an answer that any page may read.
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": ", ".join(_EXPOSED)}


def open_to_all(app: FastAPI) -> None:
    """Let pages of every origin read the answers of an application."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        allow_headers=["Range", "If-Range", "If-None-Match"],
        expose_headers=_EXPOSED,
    )
