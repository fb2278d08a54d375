"""Maps as pictures: vector tiles drawn by MapLibre styles, without a browser."""
