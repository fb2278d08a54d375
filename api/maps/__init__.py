"""Maps as pictures: OGC API – Tiles of maps, and WMTS."""
