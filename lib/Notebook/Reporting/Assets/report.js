"use strict";
// Formulas: Markdown leaves \( ... \) and \[ ... \] in elements of class math.
if (window.katex) {
  for (const element of document.querySelectorAll(".math")) {
    const text = element.textContent.trim();
    const display = text.startsWith("\\[");
    window.katex.render(text.slice(2, -2), element, { displayMode: display, throwOnError: false });
  }
}

// Filters of the scoreboard; they stay in the address, so that a link shows what its sender saw.
const filters = document.querySelector(".filters");
if (filters) {
  const selects = [...filters.querySelectorAll("select")];
  const rows = [...document.querySelectorAll("table.claims tbody tr")];
  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = selects.some(select => select.value && row.dataset[select.name] !== select.value);
      shown += row.hidden ? 0 : 1;
    }
    for (const section of document.querySelectorAll("section.paper")) {
      section.hidden = !section.querySelector("tbody tr:not([hidden])");
    }
    filters.querySelector("output").textContent = `${shown} of ${rows.length} claims`;
    const chosen = new URLSearchParams(selects.filter(select => select.value).map(select => [select.name, select.value]));
    history.replaceState(null, "", chosen.size ? `#?${chosen}` : location.pathname.split("/").pop() || "index.html");
  };
  const given = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
  for (const select of selects) {
    const value = given.get(select.name);
    if (value && [...select.options].some(option => option.value === value)) select.value = value;
    select.addEventListener("change", apply);
  }
  filters.hidden = false;
  apply();
}

// A figure has the width it was made for; where the page is narrower, it is drawn again as wide as there is room.
const widths = new Map();
const fit = () => {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    const output = plot.closest(".output");
    if (!output || !plot._fullLayout) continue;
    if (!widths.has(plot)) widths.set(plot, plot._fullLayout.width);
    const width = Math.min(widths.get(plot), output.clientWidth - 14);
    if (width !== plot._fullLayout.width) window.Plotly.relayout(plot, { width });
  }
};
let fittings = 0;
const fitting = setInterval(() => { fit(); if (++fittings === 30) clearInterval(fitting); }, 400);
window.addEventListener("resize", fit);
