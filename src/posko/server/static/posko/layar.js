/* The projector: pages turn without leaving full screen, live numbers are read again, keys as on a remote. Every page is a plain link
   too, and works without this file. Also the buttons that copy a short text. */
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const area = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(area.value);
      said.textContent = `Tersalin, ${[...area.value].length.toLocaleString("id-ID")} huruf.`;
    } catch {
      area.focus();
      area.select();
      said.textContent = "Teks sudah dipilih. Tekan Ctrl+C.";
    }
  });
}

const screen = document.body.classList.contains("layar");
const page = () => document.querySelector("[data-slide]");
const dark = () => document.documentElement.dataset.tema === "gelap";
/* An address in the tone that is on now: a page that was asked for before the tone changed keeps it. */
const toned = (href) => { const url = new URL(href, location.href); if (dark()) url.searchParams.set("tema", "gelap"); else url.searchParams.delete("tema"); return url; };
/* The page alone; read again, it is found by its name, since a table that grew moves those behind it. */
const piece = (url, again) => { const part = new URL(url); part.searchParams.set("bagian", "1"); if (again) part.searchParams.set("kunci", page().dataset.key); return part; };
const lost = (words) => { const place = document.querySelector(".layar-lost"); if (place) place.textContent = words; };
let typed = "", forget = 0, later = 0, turn = 0, wanted = 0;

/* A page comes as a piece and takes the place of the old one; when the line is down the old one stays and says so. */
async function show(href, keep = false) {
  const mine = ++turn, url = toned(href);
  clearTimeout(later);
  try {
    const answer = await fetch(piece(url, keep), { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(20_000) });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-slide]");
    if (!fresh) throw new Error("page");
    if (mine !== turn) return;
    const open = keep && document.querySelector(".layar-index")?.open;
    if (!(keep && fresh.isEqualNode(page()))) page().replaceWith(fresh);
    if (open) document.querySelector(".layar-index").open = true;
    document.title = page().dataset.title;
    if (!keep) history.replaceState(null, "", url);
    lost("");
  } catch {
    if (mine === turn) lost("· Sambungan terputus atau Anda sudah keluar; yang tampak adalah angka terakhir yang terbaca.");
  }
  if (mine === turn) { wanted = Number(page().dataset.number); wait(); }
}

function wait() {
  const seconds = Number(page().dataset.refresh);
  if (seconds) later = setTimeout(() => { if (document.hidden) wait(); else void show(location.href, true); }, seconds * 1000);
}

const follow = (selector) => { const link = page().querySelector(selector); if (link && link.getAttribute("aria-disabled") !== "true") void show(link.href); };
const pages = () => [...page().querySelectorAll("[data-page]")];

/* Pages are counted from the one that was asked for last, so that quick presses are all heard. */
function open(number) {
  const link = pages()[number - 1];
  if (!link || number === wanted) return;
  wanted = number;
  void show(link.href);
}
const step = (by) => open(wanted + by);

function tone() {
  if (dark()) delete document.documentElement.dataset.tema; else document.documentElement.dataset.tema = "gelap";
  const link = pages()[wanted - 1];
  void show(link ? link.href : location.href);
}

function number(key) {
  typed = (typed + key).slice(-2);
  say(typed);
}

function say(words) {
  const place = document.querySelector(".layar-jump");
  place.textContent = words && `Halaman ${words}`;
  place.hidden = !words;
  clearTimeout(forget);
  if (words) forget = setTimeout(() => { typed = ""; say(""); }, 3000);
}

function jump() {
  const number = Number(typed);
  typed = "";
  say("");
  open(number);
}

const black = () => { const sheet = document.querySelector(".layar-black"); sheet.hidden = !sheet.hidden; };
const full = () => { if (document.fullscreenElement) void document.exitFullscreen(); else void document.documentElement.requestFullscreen?.().catch(() => {}); };
const help = () => { const box = document.querySelector(".layar-help"); if (box.open) box.close(); else box.showModal(); };
const ACTS = {
  ArrowRight: () => step(1), ArrowDown: () => step(1), PageDown: () => step(1), " ": () => step(1),
  ArrowLeft: () => step(-1), ArrowUp: () => step(-1), PageUp: () => step(-1), Home: () => open(1), End: () => open(pages().length),
  l: () => follow("[data-switch]"), f: full, b: black, ".": black, t: tone, "?": help,
  k: () => open(pages().findIndex((a) => /^Keputusan/.test(a.textContent)) + 1),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const sheet = document.querySelector(".layar-black");
  if (!sheet.hidden) { sheet.hidden = true; event.preventDefault(); return; } // any key brings the page back
  if (document.querySelector(".layar-help").open && key !== "?") return;
  if (/^[0-9]$/.test(key)) { number(key); return; }
  if (key === "Enter" && typed) { event.preventDefault(); jump(); return; }
  // Space and the arrows belong to what has the focus on a link or the list of pages only where they do something there.
  if (key === " " && event.target.closest?.("summary, button")) return;
  const act = ACTS[key];
  if (act) { event.preventDefault(); act(); }
}

if (screen) {
  wanted = Number(page().dataset.number);
  document.addEventListener("keydown", press);
  document.querySelector(".layar-black").addEventListener("click", black);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (link.matches("[data-theme]")) { event.preventDefault(); tone(); }
    else if (link.matches("[rel=next]")) { event.preventDefault(); step(1); }
    else if (link.matches("[rel=prev]")) { event.preventDefault(); step(-1); }
    else if (link.matches("[data-switch], [data-page]")) { event.preventDefault(); void show(link.href); }
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && Number(page().dataset.refresh)) void show(location.href, true); });
  wait();
}
