// Collections as map sources and map layers in the colours of their style, and their list with switches and legends.

import { bilingual, element, swatch } from "./dom.js";
import { fieldsOf, stateAddress } from "./service.js";

const DRAWING_ORDER = ["fill", "line", "circle"];

/** The colour of a feature as a MapLibre expression: one colour, or one by the codes of a field. */
function colorExpression({ color, by, colors }) {
  const codes = Object.entries(by ? colors : {});
  return codes.length ? ["match", ["to-string", ["get", by]], ...codes.flat(), color] : color;
}

/** The map layers that draw one collection; areas get an outline as well. */
function drawingsOf(collection) {
  const { id, "x-style": style, "x-dimension": dimension } = collection;
  const color = colorExpression(style);
  const base = { id, source: id, "source-layer": id };
  // Dense points and lines are drawn finer from afar, so that a county full of them stays readable.
  const byZoom = (far, near, close) => ["interpolate", ["exponential", 1.5], ["zoom"], 8, far, 13, near, 18, close];
  const outline = {
    ...base, type: "line", layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": color, "line-opacity": dimension === 2 ? 0.9 : style.opacity,
      "line-width": byZoom(style.width_px * 0.5, style.width_px, style.width_px * 3),
    },
  };
  if (dimension === 1) return [outline];
  if (dimension === 2) {
    const fill = { ...base, type: "fill", paint: { "fill-color": color, "fill-opacity": style.opacity } };
    return [fill, { ...outline, id: `${id}-outline` }];
  }
  return [{
    ...base, type: "circle",
    paint: {
      "circle-color": color, "circle-opacity": style.opacity,
      "circle-radius": byZoom(style.radius_px * 0.4, style.radius_px, style.radius_px * 1.5),
      "circle-stroke-color": "#fff", "circle-stroke-width": byZoom(0.2, 1, 1.5),
    },
  }];
}

/** Add the source and the map layers of every collection: areas lowest, then lines, then points; and among those what
 * is seen from afar below what is seen from near, so that townships do not cover houses. */
export function addCollections(map, collections) {
  for (const { id } of collections) map.addSource(id, { type: "vector", url: stateAddress(`tiles/${id}.json`) });
  const fromAfar = [...collections].sort((a, b) => a["x-zooms"][0] - b["x-zooms"][0]);
  const drawings = fromAfar.flatMap(drawingsOf);
  drawings.sort((a, b) => DRAWING_ORDER.indexOf(a.type) - DRAWING_ORDER.indexOf(b.type));
  for (const drawing of drawings) map.addLayer(drawing);
}

/** List the collections, each with a switch, its colours and what they mean. */
export function listCollections(map, list, collections, shown) {
  for (const collection of collections) {
    const { id, title, title_zh: titleZh, "x-style": style, "x-zooms": zooms, "x-dimension": dimension } = collection;
    const box = element("input", { type: "checkbox", name: id, checked: shown.has(id) });
    const setVisible = () => show(map, id, box.checked);
    box.addEventListener("change", setVisible);
    setVisible();
    const colors = style.by ? Object.values(style.colors).slice(0, 4) : [style.color];
    const item = element("li", {}, element("label", {}, box, swatch(colors, dimension), bilingual(title, titleZh)));
    if (style.by) item.append(...legendOf(id, style, dimension));
    list.append(item);
    const dim = () => {
      const hidden = map.getZoom() < zooms[0];
      item.classList.toggle("far", hidden);
      item.title = hidden ? `Shows from zoom ${zooms[0]}. 放大后可见` : "";
    };
    map.on("zoomend", dim);
    dim();
  }
}

/** A button and the list it unfolds: what each colour of a collection means. */
function legendOf(id, style, dimension) {
  const codes = element("ul", { className: "plain legend", hidden: true });
  const button = element(
    "button", { type: "button", className: "unfold", aria: { expanded: "false", label: `Legend of ${id}` } }, "▾",
  );
  button.addEventListener("click", async () => {
    if (codes.childElementCount === 0) {
      const titles = (await fieldsOf(id))[style.by]?.["x-enum-titles"] ?? {};
      codes.append(...Object.entries(style.colors).map(([code, color]) =>
        element("li", {}, swatch([color], dimension), bilingual(...(titles[code] ?? [code])))));
    }
    codes.hidden = !codes.hidden;
    button.setAttribute("aria-expanded", String(!codes.hidden));
  });
  return [button, codes];
}

function show(map, id, visible) {
  for (const layer of map.getStyle().layers) {
    if (layer.source === id) map.setLayoutProperty(layer.id, "visibility", visible ? "visible" : "none");
  }
}
