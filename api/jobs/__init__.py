"""OGC API – Processes: indicators as processes, and their jobs."""
