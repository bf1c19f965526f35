"use strict";
// Formulas: Markdown leaves \( ... \) and \[ ... \] in elements of class math.
if (window.katex) {
  for (const element of document.querySelectorAll(".math")) {
    const text = element.textContent.trim();
    const display = text.startsWith("\\[");
    window.katex.render(text.slice(2, -2), element, { displayMode: display, throwOnError: false });
  }
}

// A formula that is wider than the page breaks behind an operator, as text does; a part that is still too wide becomes
// smaller, and what even then does not fit is moved in its own line.
const fitFormulas = () => {
  for (const element of document.querySelectorAll(".math")) {
    element.style.fontSize = "";
    element.classList.remove("broken");
    const shown = element.querySelector(".katex-html");
    const room = element.closest("section, li, td, blockquote")?.clientWidth ?? 0;
    if (!shown || !room) continue;
    element.classList.toggle("broken", element.classList.contains("display") && element.scrollWidth > room);
    const widest = Math.max(0, ...[...shown.querySelectorAll(".base")].map(base => base.getBoundingClientRect().width));
    if (widest > room) element.style.fontSize = `${Math.max(.6, room / widest * .98)}em`;
  }
};
(document.fonts?.ready ?? Promise.resolve()).then(fitFormulas);
window.addEventListener("resize", fitFormulas);

const dark = window.matchMedia("(prefers-color-scheme: dark)");
for (const details of document.querySelectorAll(".contents details")) details.open = window.matchMedia("(min-width: 78rem)").matches;
// A link to a claim opens it.
const openTarget = () => { const claim = document.querySelector("details.claim:target"); if (claim) claim.open = true; };
window.addEventListener("hashchange", openTarget);
openTarget();

// Filters of the scoreboard; they stay in the address, so that a link shows what its sender saw.
const filters = document.querySelector(".filters");
if (filters) {
  const selects = [...filters.querySelectorAll("select")];
  const rows = [...document.querySelectorAll("details.claim")];
  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = selects.some(select => select.value && row.dataset[select.name] !== select.value);
      shown += row.hidden ? 0 : 1;
    }
    for (const group of document.querySelectorAll("div.claims, section.paper")) {
      group.hidden = !group.querySelector("details.claim:not([hidden])");
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

// A figure has the width it was made for; where the page is narrower, it is drawn again as wide as there is room. On a dark
// page its paper is dark and its ink light; the colours of the data stay.
const widths = new Map();
const ink = { "#1f2933": "#e4e7ea", "#52606d": "#a3adb7", "#9aa5b1": "#6b7680", "#e4e8ec": "#353c43" };
const darken = plot => {
  const full = plot._fullLayout;
  const look = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "font.color": "#e4e7ea", "legend.bgcolor": "rgba(0,0,0,0)", "title.subtitle.font.color": "#a3adb7", "modebar.bgcolor": "rgba(0,0,0,0)", "modebar.color": "#6b7680" };
  for (const name of Object.keys(full).filter(key => /^[xy]axis\d*$/.test(key))) {
    Object.assign(look, { [`${name}.gridcolor`]: "#353c43", [`${name}.linecolor`]: "#6b7680", [`${name}.tickcolor`]: "#6b7680", [`${name}.zerolinecolor`]: "#6b7680" });
  }
  (plot.layout.annotations || []).forEach((note, i) => { const colour = ink[note.font?.color]; if (colour) look[`annotations[${i}].font.color`] = colour; });
  (plot.layout.shapes || []).forEach((shape, i) => { const colour = ink[shape.line?.color]; if (colour) look[`shapes[${i}].line.color`] = colour; });
  plot.data.forEach((trace, i) => {
    const change = {};
    for (const [path, colour] of [["line.color", trace.line?.color], ["marker.color", trace.marker?.color], ["textfont.color", trace.textfont?.color], ["error_x.color", trace.error_x?.color], ["error_y.color", trace.error_y?.color]]) {
      if (ink[colour]) change[path] = ink[colour];
    }
    if (Object.keys(change).length) window.Plotly.restyle(plot, change, [i]);
  });
  window.Plotly.relayout(plot, look);
};
const fit = () => {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    const output = plot.closest(".output");
    if (!output || !plot._fullLayout) continue;
    if (!widths.has(plot)) {
      widths.set(plot, plot._fullLayout.width);
      if (dark.matches) darken(plot);
    }
    // Panels side by side need room for their labels; the card then moves in its own frame.
    const panels = Object.keys(plot._fullLayout).filter(key => /^xaxis\d*$/.test(key)).map(key => plot._fullLayout[key].domain[0]);
    const least = Math.min(widths.get(plot), 260 * new Set(panels.map(start => start.toFixed(2))).size);
    const width = Math.max(least, Math.min(widths.get(plot), output.clientWidth - 14));
    if (width !== plot._fullLayout.width) window.Plotly.relayout(plot, { width });
  }
};
let fittings = 0;
const fitting = setInterval(() => { fit(); if (++fittings === 30) clearInterval(fitting); }, 400);
window.addEventListener("resize", fit);
// Drawn figures have one look or the other.
dark.addEventListener("change", () => { if (document.querySelector(".js-plotly-plot")) location.reload(); });
