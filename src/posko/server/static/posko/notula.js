/* Minutes: save by Ctrl+Enter and by itself, put a figure where the cursor stands. The page works without it. */
"use strict";
const PAUSE_MS = 15000;

for (const form of document.querySelectorAll("form[data-minute]")) {
  const area = form.elements.text, seen = form.elements.seen, status = form.querySelector("[data-saved]");
  let saved = area.value, timer = 0, busy = false;

  const save = async () => {
    clearTimeout(timer);
    if (busy || area.value === saved) return;
    busy = true;
    const sent = area.value, body = new FormData(form);
    body.set("act", "save");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Autosave": "1" }, redirect: "error" });
      const said = await answer.json();
      if (said.saved) {
        saved = sent;
        seen.value = String(said.version);
        status.textContent = `versi ${said.version}, tersimpan`;
        const all = document.querySelector("[data-seen-all]");
        if (all) all.value = said.seen;
      } else status.textContent = said.text;
    } catch { status.textContent = "Belum tersimpan: sambungan terputus. Tulisan tetap di sini."; }
    busy = false;
    if (area.value !== saved && status.textContent.endsWith("tersimpan")) later();
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(save, PAUSE_MS); };

  area.addEventListener("input", () => { status.textContent = "belum disimpan"; later(); });
  area.addEventListener("blur", save);
  area.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(); } });
  form.querySelector("[value=insert]")?.addEventListener("click", (event) => {
    const choice = form.elements.figure;
    event.preventDefault();
    if (!choice.value) { choice.focus(); return; }
    area.setRangeText(choice.value, area.selectionStart, area.selectionEnd, "end");
    choice.value = "";
    area.focus();
    area.dispatchEvent(new Event("input"));
  });
  addEventListener("beforeunload", (event) => { if (area.value !== saved && !form.dataset.sending) event.preventDefault(); });
  form.addEventListener("submit", () => { form.dataset.sending = "1"; });
}
