// Elements from plain values. Text is only ever set as text.

/** Make an element; children are elements or text, and nothing where null. */
export function element(tag, properties = {}, ...children) {
  const { style = {}, aria = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(style)) made.style.setProperty(name, value);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A title in both languages, the Chinese one marked as such. */
export function bilingual(title, titleZh) {
  return element("span", { className: "name" }, title, titleZh ? element("span", { lang: "zh" }, ` ${titleZh}`) : null);
}

/** A patch of colour in the shape of what it stands for: a dot, a line or an area. */
export function swatch(colors, dimension = 2) {
  const share = 100 / colors.length;
  const stops = colors.map((color, nth) => `${color} ${nth * share}% ${(nth + 1) * share}%`);
  return element("span", {
    className: `swatch dimension-${dimension}`, aria: { hidden: "true" },
    style: { background: `linear-gradient(90deg, ${stops.join(", ")})` },
  });
}

/** A number as people read it: thousands apart from ten thousand on, so that a year stays one word. */
export function figure(value, digits = 4) {
  const useGrouping = Math.abs(value) >= 10_000;
  return Number(value).toLocaleString("en", { maximumSignificantDigits: digits, useGrouping });
}
