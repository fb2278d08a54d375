"""OGC API – Features: layers as collections, their features found, filtered, sorted and paged."""
