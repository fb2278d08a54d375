// The service's documents, asked for relative to wherever it is mounted.

/** The root of the service: the folder above this page. */
const ROOT = new URL("../", document.baseURI);

/** The moment whose state is shown, from ``?datetime=`` of this page; null is now. */
export const moment = new URLSearchParams(location.search).get("datetime") || null;

/** The absolute URL of a path of the service. */
export function address(path) {
  return new URL(path, ROOT).href;
}

/** The absolute URL of what is made from data, in the state of the moment that is shown. */
export function stateAddress(path) {
  const url = new URL(path, ROOT);
  if (moment) url.searchParams.set("datetime", moment);
  return url.href;
}

/** Fetch a JSON document; a refusal becomes an Error with the detail that the service gave. */
export async function fetchJson(path, accept = "application/json") {
  const response = await fetch(address(path), { headers: { Accept: accept } });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `${path}: ${response.status} ${response.statusText}`);
}

/** The fields of a collection as JSON Schema properties, asked for once. */
export const fieldsOf = once(async (id) => {
  const schema = await fetchJson(`collections/${id}/queryables`, "application/schema+json");
  return schema.properties;
});

/** The result of an indicator, asked for once. */
export const resultOf = once((id) => fetchJson(stateAddress(`indicators/${id}`)));

/** The evidence of an indicator as GeoJSON. */
export function evidenceOf(id) {
  return fetchJson(stateAddress(`indicators/${id}/evidence`), "application/geo+json");
}

/** Remember the answers of a function; a failure is asked for again. */
function once(ask) {
  const known = new Map();
  return (id) => {
    if (!known.has(id)) {
      const answer = ask(id);
      known.set(id, answer);
      answer.catch(() => known.delete(id));
    }
    return known.get(id);
  };
}
