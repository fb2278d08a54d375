// The page of a map style: the map it makes, with letters and marks from this service.

import { Map, NavigationControl } from "../viewer/vendor/maplibre-gl/maplibre-gl.mjs";

const container = document.getElementById("map");
const map = new Map({ container, style: container.dataset.style, hash: true, localIdeographFontFamily: false });
map.addControl(new NavigationControl());
map.on("idle", () => { container.dataset.drawn = map.queryRenderedFeatures().length; });
