"""The core of the county twin: layers, stores, revisions, ingest, indicators."""

__version__ = "0.1.0"
