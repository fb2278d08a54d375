// Indicators with their values, and the evidence of the chosen one on the map.

import { bilingual, element, figure, swatch } from "./dom.js";
import { evidenceOf, resultOf } from "./service.js";

const VERDICTS = { met: "met 达标", missed: "missed 未达标", unknown: "unknown 未知", untargeted: "no target 未设目标" };
const ROLES = { covered: ["Covered", "已覆盖", "#1b8a4b"], uncovered: ["Not covered", "未覆盖", "#d1352b"] };
const OTHER_COLORS = ["#e07b00", "#6a3d9a", "#1f78b4", "#b15928", "#e7298a"];
const SHAPES = ["veil", "fill", "line", "circle"];
const SIGNS = { ">=": "≥", "<=": "≤", ">": ">", "<": "<" };

/** List the indicators; each shows its value as soon as that is known. */
export function listIndicators(list, indicators, onChoose) {
  list.append(...indicators.map(({ id, title, title_zh: titleZh }) => {
    const value = element("span", { className: "value" }, "…");
    const verdict = element("span", { className: "verdict" });
    const button = element(
      "button", { type: "button", className: "indicator", name: id, aria: { pressed: "false" } },
      bilingual(title, titleZh), value, verdict,
    );
    button.addEventListener("click", () => onChoose(button.ariaPressed === "true" ? null : id));
    resultOf(id).then((result) => {
      value.textContent = valueText(result.value, result.unit);
      const word = result.target ? result.verdict : "untargeted";
      verdict.textContent = VERDICTS[word];
      verdict.classList.add(word);
    }).catch((error) => {
      value.textContent = error.message;
      value.classList.add("failed");
    });
    return element("li", {}, button);
  }));
}

/** Show one indicator's result under its button and its evidence on the map, or nothing for null. */
export async function chooseIndicator(map, list, id) {
  removeEvidence(map);
  list.querySelector(".result")?.remove();
  for (const button of list.querySelectorAll(".indicator")) button.ariaPressed = String(button.name === id);
  const chosen = [...list.querySelectorAll(".indicator")].find((button) => button.name === id);
  if (!chosen) return;
  const [result, evidence] = await Promise.all([resultOf(id), evidenceOf(id)]);
  if (chosen.ariaPressed !== "true") return; // another one was chosen meanwhile
  const roles = rolesOf(evidence.features);
  drawEvidence(map, evidence, roles);
  chosen.after(describe(result, roles));
}

/** The roles in the evidence, each with its title, colour and number of features. */
function rolesOf(features) {
  const spare = [...OTHER_COLORS];
  const roles = new Map();
  for (const { properties: { role, title, title_zh: titleZh } } of features) {
    if (!roles.has(role)) {
      const [known, knownZh, color] = ROLES[role] ?? [title ?? role, titleZh, spare.shift() ?? "#555"];
      roles.set(role, { title: known, titleZh: knownZh, color, count: 0 });
    }
    roles.get(role).count += 1;
  }
  return roles;
}

function drawEvidence(map, evidence, roles) {
  const colors = [...roles].flatMap(([role, { color }]) => [role, color]);
  const color = colors.length ? ["match", ["get", "role"], ...colors, "#555"] : "#555";
  const only = (...kinds) => ["in", ["geometry-type"], ["literal", kinds.flatMap((kind) => [kind, `Multi${kind}`])]];
  map.addSource("evidence", { type: "geojson", data: evidence });
  const base = { source: "evidence" };
  // What an indicator proposes lies above what it judges.
  const order = ["match", ["get", "role"], "covered", 0, "uncovered", 1, 2];
  const names = map.getStyle().layers.find(({ layout }) => layout?.["text-field"])?.id;
  const add = (drawing) => map.addLayer(drawing, names);
  // The layers step back behind a veil of paper, so that the evidence stands out; their names lie above it.
  add({
    id: "evidence-veil", type: "background", paint: { "background-color": "#f6f4ee", "background-opacity": 0.6 },
  });
  add({
    ...base, id: "evidence-fill", type: "fill", filter: only("Polygon"), layout: { "fill-sort-key": order },
    paint: { "fill-color": color, "fill-opacity": 0.35 },
  });
  add({
    ...base, id: "evidence-line", type: "line", filter: only("Polygon", "LineString"), layout: { "line-sort-key": order },
    paint: { "line-color": color, "line-width": 1.5 },
  });
  add({
    ...base, id: "evidence-circle", type: "circle", filter: only("Point"), layout: { "circle-sort-key": order },
    paint: { "circle-color": color, "circle-radius": 6, "circle-stroke-color": "#fff", "circle-stroke-width": 2 },
  });
}

function removeEvidence(map) {
  if (!map.getSource("evidence")) return;
  for (const shape of SHAPES) map.removeLayer(`evidence-${shape}`);
  map.removeSource("evidence");
}

function describe(result, roles) {
  const { value, unit, target, note, clause, breakdown } = result;
  const goal = target ? `${SIGNS[target.op]} ${valueText(target.value, unit)}` : "none 无";
  return element(
    "div", { className: "result" },
    element("p", {}, element("strong", {}, valueText(value, unit)), ` · target 目标 ${goal}`),
    note ? element("p", {}, note) : null,
    element("ul", { className: "plain legend" }, ...[...roles.values()].map(({ title, titleZh, color, count }) =>
      element("li", {}, swatch([color]), bilingual(`${title} (${figure(count)})`, titleZh)))),
    breakdown.length ? breakdownTable(breakdown, unit) : null,
    element("p", { className: "clause" }, `${clause.document} ${clause.article}: ${clause.text}`),
  );
}

function breakdownTable(parts, unit) {
  const rows = parts.map(({ name, value }) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, valueText(value, unit))));
  return element(
    "details", {}, element("summary", {}, `By area 分区 (${parts.length})`),
    element("table", {}, element("tbody", {}, ...rows)),
  );
}

function valueText(value, unit) {
  if (value === null) return "no value 无数据";
  if (unit === "ratio" || unit === "1") return `${(value * 100).toFixed(2)}%`;
  return `${figure(value)} ${unit}`;
}
