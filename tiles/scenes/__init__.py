"""Scenes: what layers are in space as 3D Tiles 1.1, whatever it is."""
