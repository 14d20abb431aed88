/* Small comforts; every page works without them. Filter and sort of table.data, self-refresh, confirm, keyboard. */
"use strict";
const text = (row, i) => { const c = row.cells[i]; return c ? (c.dataset.value ?? c.textContent).trim() : ""; };
const number = (s) => { const n = Number(s.replace(/\./g, "").replace(",", ".").replace(/[^\d.-]/g, "")); return s && /\d/.test(s) && !Number.isNaN(n) ? n : null; };

for (const table of document.querySelectorAll("table.data[data-sort]")) {
  const head = table.tHead && table.tHead.rows[table.tHead.rows.length - 1];
  if (!head) continue;
  [...head.cells].forEach((cell, i) => {
    if (!cell.textContent.trim() || cell.dataset.nosort !== undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    while (cell.firstChild) button.append(cell.firstChild);
    cell.append(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of head.cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows];
      rows.sort((a, b) => {
        const x = text(a, i), y = text(b, i);
        const p = a.cells[i]?.dataset.value !== undefined ? Number(x) : number(x);
        const q = b.cells[i]?.dataset.value !== undefined ? Number(y) : number(y);
        const order = p !== null && q !== null && !Number.isNaN(p) && !Number.isNaN(q) ? p - q : x.localeCompare(y, "id");
        return down ? -order : order;
      });
      body.append(...rows);
    });
  });
}

for (const table of document.querySelectorAll("table.data[data-filter]")) {
  const bar = document.createElement("div");
  bar.className = "filterbar no-print";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Saring tabel";
  input.setAttribute("aria-label", "Saring tabel");
  const count = document.createElement("span");
  count.className = "faint small";
  count.setAttribute("role", "status");
  bar.append(input, count);
  (table.closest(".scroll") || table).before(bar);
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const hay = row.textContent.toLowerCase();
      row.hidden = !words.every((w) => hay.includes(w));
      if (!row.hidden) shown += 1;
    }
    count.textContent = words.length ? `${shown.toLocaleString("id-ID")} dari ${table.tBodies[0].rows.length.toLocaleString("id-ID")} baris` : "";
  };
  input.addEventListener("input", apply);
}

const refresh = document.querySelector("[data-refresh-seconds]");
if (refresh) setTimeout(() => location.reload(), Number(refresh.dataset.refreshSeconds) * 1000);

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  const busy = event.submitter?.dataset.busy;
  if (busy) setTimeout(() => { event.submitter.disabled = true; event.submitter.textContent = busy; }, 0);
});

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());

for (const button of document.querySelectorAll("[data-fill-username]")) {
  button.addEventListener("click", () => {
    const form = document.querySelector("form[data-login]");
    form.elements.username.value = button.dataset.fillUsername;
    form.elements.password.value = button.dataset.fillPassword;
    form.requestSubmit();
  });
}

/* Keys: "/" searches, "g" then a letter opens a page of the menu (data-key). */
let pending = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "/") { const search = document.querySelector("input[type=search]"); if (search) { event.preventDefault(); search.focus(); } return; }
  if (pending) {
    pending = false;
    const link = document.querySelector(`.menu a[data-key="${CSS.escape(event.key)}"]`);
    if (link) link.click();
  } else if (event.key === "g") { pending = true; setTimeout(() => { pending = false; }, 1500); }
  const slide = document.querySelector("[data-slides]");
  if (slide && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    const link = document.querySelector(event.key === "ArrowRight" ? "a[rel=next]" : "a[rel=prev]");
    if (link) link.click();
  }
});
