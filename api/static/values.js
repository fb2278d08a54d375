// The values of the indicators, as the page of all of them has them: computing one may take a while, and nobody waits.

const table = document.getElementById("indicators");
const answer = await fetch(table.dataset.from, { headers: { Accept: "text/html" } });
if (answer.ok) {
  const computed = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of table.querySelectorAll("[data-indicator]")) {
    const indicator = computed.getElementById(row.dataset.indicator);
    for (const cell of row.querySelectorAll("[data-part]")) {
      cell.replaceChildren(indicator.querySelector(`.${cell.dataset.part}`));
    }
  }
}
