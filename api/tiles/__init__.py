"""OGC API – Tiles, XYZ addresses, archives, and the face of an ArcGIS server."""
