"""The only way in: delivered files become valid rows in the storage CRS, and one revision, or nothing."""

from __future__ import annotations

from twin.ingest.report import Report
from twin.ingest.run import ingest_files, ingest_rows, read_area

__all__ = ["Report", "ingest_files", "ingest_rows", "read_area"]
