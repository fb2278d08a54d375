// The map page: the layers of the twin as vector tiles, and the evidence of one indicator above them.

import { chooseIndicator, listIndicators } from "./indicators.js";
import { listCollections } from "./layers.js";
import { openOnClick } from "./popup.js";
import { fetchJson, moment, stateAddress } from "./service.js";
import { AttributionControl, LngLatBounds, Map, NavigationControl, ScaleControl } from "./vendor/maplibre-gl/maplibre-gl.mjs";

const MARGIN_PX = 24;
/** What the map shows where nobody said where the county lies: west, south, east, north. */
const CHINA = [73.5, 18.1, 135.1, 53.6];

const part = (id) => document.getElementById(id);

async function start() {
  const [{ title, extent }, { collections: listed }, { indicators }] = await Promise.all(
    ["./", "collections", "indicators"].map((path) => fetchJson(path)),
  );
  const collections = listed.filter((collection) => !("x-part-of" in collection)); // they are drawn with the whole
  part("title").textContent = document.title = title;

  const view = startView(collections, extent);
  const style = stateAddress("styles/map");
  const map = new Map({ container: "map", style, hash: "map", attributionControl: false, ...view });
  map.addControl(new NavigationControl(), "top-right");
  map.addControl(new ScaleControl(), "bottom-right");
  map.addControl(new AttributionControl({ compact: true }), "bottom-right");
  map.on("error", ({ error }) => report(error.message));
  await map.once("load");

  listCollections(map, part("layers"), collections, layersAsked(collections));
  openOnClick(map, collections);
  const choose = (id) => {
    setInHash("indicator", id);
    chooseIndicator(map, part("indicators"), id).catch((error) => report(error.message));
  };
  listIndicators(part("indicators"), indicators, choose);
  const asked = hash().get("indicator");
  if (asked) choose(asked);
  map.on("idle", () => reportView(map, collections));
}

/** The box around all layers, else around the county, else China; beside the panel where that lies on the map. */
function startView(collections, county) {
  const boxes = collections.flatMap(({ extent }) => extent.spatial?.bbox ?? []);
  if (boxes.length === 0) boxes.push(...(county?.spatial.bbox ?? [CHINA]));
  const bounds = new LngLatBounds();
  for (const [west, south, east, north] of boxes) bounds.extend([west, south]).extend([east, north]);
  const covered = getComputedStyle(part("panel")).position === "absolute" ? part("panel").offsetWidth : 0;
  const padding = { top: MARGIN_PX, right: MARGIN_PX, bottom: MARGIN_PX, left: MARGIN_PX + covered };
  return { bounds, fitBoundsOptions: { padding } };
}

/** The ids of the layers to begin with: those of ``?layers=a,b``, or all. */
function layersAsked(collections) {
  const asked = new URLSearchParams(location.search).get("layers");
  return new Set(asked ? asked.split(",") : collections.map(({ id }) => id));
}

/** The address keeps the position (written by MapLibre) and the indicator. */
function hash() {
  return new URLSearchParams(location.hash.slice(1));
}

function setInHash(name, value) {
  const changed = hash();
  if (value) changed.set(name, value);
  else changed.delete(name);
  history.replaceState(history.state, "", `#${decodeURIComponent(changed)}`);
}

function reportView(map, collections) {
  const inTiles = map.queryRenderedFeatures().filter(({ sourceLayer }) => sourceLayer);
  const features = new Set(inTiles.map(({ source, id }) => `${source}/${id}`));
  const when = moment ? `${moment}: ` : "";
  report(`${when}${collections.length} layers 图层, ${features.size.toLocaleString("en")} features in view 视图内要素`);
}

function report(message) {
  part("status").textContent = message;
}

part("moment").elements.datetime.value = moment ?? "";
part("moment").addEventListener("submit", (event) => {
  event.preventDefault();
  const shown = new URL(location);
  const asked = part("moment").elements.datetime.value;
  if (asked) shown.searchParams.set("datetime", asked);
  else shown.searchParams.delete("datetime");
  location.assign(shown);
});

part("fold").addEventListener("click", () => {
  const folded = part("panel").classList.toggle("folded");
  part("fold").ariaExpanded = String(!folded);
  part("fold").textContent = folded ? "Show 展开" : "Hide 收起";
});

start().catch((error) => report(`The map could not be loaded: ${error.message}`));
