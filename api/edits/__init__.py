"""OGC API – Features – Part 4: edits as revisions."""
