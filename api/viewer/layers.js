// The list of the collections on the map, with switches and legends.

import { bilingual, element, swatch } from "./dom.js";
import { fieldsOf } from "./service.js";

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
