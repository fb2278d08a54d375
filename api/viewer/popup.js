// What stands at a place: the attributes of the features under the pointer, titled as their collection says.

import { bilingual, element, figure } from "./dom.js";
import { fieldsOf, stateAddress } from "./service.js";
import { Popup } from "./vendor/maplibre-gl/maplibre-gl.mjs";

const MOST = 8;
const REACH_PX = 3;

/** Open a popup on every click that hits a feature. */
export function openOnClick(map, collections) {
  const byId = new Map(collections.map((collection) => [collection.id, collection]));
  const popup = new Popup({ maxWidth: "340px" });
  map.on("click", async ({ point, lngLat }) => {
    const found = featuresAt(map, point);
    if (found.length === 0) return;
    const first = found.slice(0, MOST);
    const entries = await Promise.all(first.map((feature) => describe(feature, byId)));
    const more = found.length > MOST ? element("p", {}, `and ${found.length - MOST} more 还有更多`) : null;
    popup.setLngLat(lngLat).setDOMContent(element("div", { className: "features" }, ...entries, more)).addTo(map);
  });
  map.on("mousemove", ({ point }) => {
    map.getCanvas().style.cursor = featuresAt(map, point).length ? "pointer" : "";
  });
}

/** One entry a feature, although its fill and its outline are both hit, and its copies in two tiles. */
function featuresAt(map, { x, y }) {
  const hits = map.queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]]);
  return [...new Map(hits.map((hit) => [`${hit.source}/${hit.id ?? JSON.stringify(hit.properties)}`, hit])).values()];
}

/** A feature of a layer, from its tile or from the evidence, or a shape that an indicator derived. */
async function describe({ source, properties }, collections) {
  const { role, layer, title, title_zh: titleZh, ...rest } = source === "evidence" ? properties : {};
  const collection = collections.get(layer ?? source);
  if (!collection) return entry([bilingual(title ?? role, titleZh)], rest, {});
  const values = layer ? rest : properties;
  const key = values[collection["x-key"]];
  const href = stateAddress(`collections/${collection.id}/items/${encodeURIComponent(key)}?f=html`);
  // On maps of the county, lines that are joined have no key of their own.
  const which = key === undefined ? bilingual("(several as one, zoom in)", "(多条合一,请放大)") : element("a", { href }, key);
  const heading = [bilingual(collection.title, collection.title_zh), " ", which];
  return entry(heading, values, await fieldsOf(collection.id).catch(() => ({})));
}

function entry(heading, properties, fields) {
  const rows = Object.entries(properties).filter(([, value]) => value !== null && value !== "").map(([name, value]) => {
    const field = fields[name] ?? { title: name };
    return element(
      "tr", {}, element("th", { scope: "row" }, bilingual(field.title, field["x-title-zh"])),
      element("td", {}, textOf(value, field)),
    );
  });
  return element("section", {}, element("h3", {}, ...heading), element("table", {}, element("tbody", {}, ...rows)));
}

function textOf(value, field) {
  const titles = field["x-enum-titles"]?.[String(value)];
  if (titles) return [...new Set(titles)].join(" ");
  if (typeof value === "boolean") return value ? "yes 是" : "no 否";
  const unit = field["x-unit"] ? ` ${field["x-unit"]}` : "";
  return (typeof value === "number" ? figure(value, 8) : String(value)) + unit;
}
