"""Tile grids, encoders and sources: a pure function from a place to bytes."""
