"use strict";
// Nothing here is needed to read the page.
for (const field of document.querySelectorAll(".filter input")) {
  const rows = document.querySelectorAll("#" + CSS.escape(field.dataset.table) + " tbody tr");
  const told = field.parentElement.querySelector("output");
  field.parentElement.hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = wanted ? shown + " of " + rows.length : "";
  });
}
for (const block of document.querySelectorAll("pre")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select the text and copy it";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.after(button);
}
for (const tools of document.querySelectorAll(".tools")) {
  const rows = [...document.querySelectorAll("#" + CSS.escape(tools.dataset.for) + " tbody tr")];
  if (!rows.length) continue;
  const size = Number(tools.dataset.size);
  const field = tools.querySelector("input");
  const told = tools.querySelector("output");
  const [kind, sort] = tools.querySelectorAll("select");
  const [back, on] = tools.querySelectorAll("button");
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const amount = (row, i) => parseFloat(row.cells[i].textContent.replace(/[^\d.]/g, "")) || 0;
  let order = rows;
  let first = 0;
  const show = () => {
    const wanted = field.value.trim().toLowerCase();
    const hits = order.filter((row) => words.get(row).includes(wanted) &&
      (kind.value === "all" || row.cells[1].textContent.startsWith(kind.value)));
    first = Math.max(0, Math.min(first, Math.floor((hits.length - 1) / size) * size));
    const shown = new Set(hits.slice(first, first + size));
    for (const row of rows) row.hidden = !shown.has(row);
    told.textContent = hits.length
      ? `${first + 1} to ${first + shown.size} of ${hits.length.toLocaleString("en")}` : "none";
    back.disabled = first === 0;
    on.disabled = first + size >= hits.length;
  };
  field.addEventListener("input", () => { first = 0; show(); });
  kind.addEventListener("change", () => { first = 0; show(); });
  sort.addEventListener("change", () => {
    const by = Math.abs(parseInt(sort.value, 10));
    order = [...rows];
    if (by === 0) order.sort((a, b) => a.cells[0].textContent.localeCompare(b.cells[0].textContent));
    else if (by) order.sort((a, b) => amount(b, by) - amount(a, by));
    rows[0].parentElement.append(...order);
    first = 0;
    show();
  });
  for (const [button, way] of [[back, -1], [on, 1]]) {
    button.addEventListener("click", () => { first += way * size; show(); });
  }
  tools.hidden = false;
  show();
}
// A link into what is folded unfolds it.
const unfold = () => {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = place && place.closest("details:not([open])");
  if (!folded) return;
  folded.open = true;
  folded.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
