/* The AGHT map that moves (MapLibre). The server's picture stands first, stays where WebGL is missing, and is what gets printed;
   this one shows the same values, embedded in the page, and the same detail: the row of the table below it. No tiles, no other host. */
"use strict";

const figure = document.querySelector("figure[data-moving]");
const data = figure && JSON.parse(document.getElementById("peta-data").textContent);
const vendor = (name) => new URL(`../vendor/maplibre-gl/${name}`, import.meta.url).href;
const PATIENCE_MS = 30_000;
const ROOM = { top: 12, bottom: 28, left: 12, right: 52 }; // px around everything; the names of the islands need some of it
const LOCALE = {
  "Map.Title": "Peta yang bisa digeser", "NavigationControl.ZoomIn": "Perbesar", "NavigationControl.ZoomOut": "Perkecil",
  "CooperativeGesturesHandler.WindowsHelpText": "Tekan Ctrl sambil menggulir untuk memperbesar peta",
  "CooperativeGesturesHandler.MacHelpText": "Tekan ⌘ sambil menggulir untuk memperbesar peta",
  "CooperativeGesturesHandler.MobileHelpText": "Geser peta dengan dua jari",
};
const PLAIN = ["Noto Sans"], BOLD = ["Posko Bold", "Noto Sans"]; // MapLibre takes the weight from the first name, the letters from the second

const make = (tag, name = "", text = "") => { const node = document.createElement(tag); if (name) node.className = name; node.textContent = text; return node; };
const drawn = (tag, attributes) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};
const kept = (key, value) => { // what the next page of the same map takes over; a browser that keeps nothing loses only that
  try {
    if (value === undefined) return JSON.parse(sessionStorage.getItem(`posko.peta.${key}`));
    sessionStorage.setItem(`posko.peta.${key}`, JSON.stringify(value));
  } catch { /* private mode */ }
  return null;
};
const able = () => {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
};

/* --- the page around it: a switch, a list of places, the detail -------------------------------------------------------------------- */

const bar = make("p", "mapswitch no-print");
const turn = make("button", "btn btn-quiet btn-small");
const pick = make("select");
const said = make("span", "small quiet");
const frame = make("div", "movingmap no-print");
const ground = make("div", "movingmap-ground");
const detail = make("section", "movingmap-detail");
let map = null;
let library = null;

function furnish() {
  turn.type = "button";
  said.setAttribute("role", "status");
  pick.id = "peta-tempat";
  pick.append(new Option("Pilih desa atau pulau", ""));
  for (const place of [...data.desa, ...data.islands].sort((a, b) => a.name.localeCompare(b.name, "id"))) pick.append(new Option(place.name, place.code));
  const label = make("label", "", "Tunjukkan di peta");
  label.htmlFor = pick.id;
  const search = make("span", "mapswitch-place");
  search.append(label, pick);
  bar.append(turn, search, said);
  detail.hidden = true;
  detail.tabIndex = -1;
  detail.setAttribute("aria-label", "Rincian tempat");
  frame.append(ground, detail);
  figure.before(bar);
  figure.prepend(frame);
  turn.addEventListener("click", () => { if (figure.dataset.moving === "on") picture(); else void move(); kept("mode", figure.dataset.moving !== "off"); });
  pick.addEventListener("change", () => { const place = find(pick.value); if (place) { go(place); open(place); } });
  // The page turns its days with the arrow keys; on the map they move the map.
  frame.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) event.stopPropagation();
    if (event.key === "Escape" && !detail.hidden) { close(); map?.getCanvas().focus(); }
  });
  say();
}

function say(words = "") {
  const on = figure.dataset.moving === "on";
  turn.textContent = on ? "Kembali ke gambar" : "Buka peta geser";
  turn.disabled = figure.dataset.moving === "wait";
  bar.classList.toggle("mapswitch-on", on);
  const how = matchMedia("(pointer: coarse)").matches
    ? "Dua jari menggeser dan memperbesar; ketuk desa untuk rinciannya." : "Panah menggeser, + dan − memperbesar, Enter membuka desa di tengah.";
  said.textContent = words || (on ? how : "");
}

const find = (code) => data.desa.find((d) => d.code === code) ?? data.islands.find((i) => i.code === code);
const go = (place) => map?.easeTo({ center: place.at, zoom: place.area ? Math.max(map.getZoom(), 10.5) : 9 });

/* The row of the table, as it stands there: one source for both. An island that is no desa has its word only. */
function show(place) {
  const row = document.getElementById(`desa-${place.code}`);
  const head = make("h3");
  const rest = make("dl");
  const put = (name, ...nodes) => { const value = make("dd"); value.append(...nodes); rest.append(make("dt", "", name), value); };
  if (row) {
    const [name, ...cells] = row.cells;
    head.append(...[...name.childNodes].map((n) => n.cloneNode(true)));
    for (const cell of cells) if (cell.textContent.trim()) put(cell.dataset.label, ...[...cell.childNodes].map((n) => n.cloneNode(true)));
  } else {
    head.textContent = place.name;
    put("Keadaan", place.word || "tidak dihitung pada lapisan ini");
  }
  const shut = make("button", "btn btn-quiet btn-small", "Tutup rincian");
  shut.type = "button";
  shut.addEventListener("click", () => { close(); map?.getCanvas().focus(); });
  detail.replaceChildren(head, rest, shut);
  detail.hidden = false;
  detail.dataset.code = place.code;
  pick.value = place.code;
  map?.setFilter("dipilih", ["==", ["get", "code"], place.code]);
  kept("place", place.code);
}

/* On a telephone the detail lies below the map: it comes into view. */
function open(place) {
  show(place);
  detail.scrollIntoView({ block: "nearest" });
}

function close() {
  detail.hidden = true;
  pick.value = "";
  map?.setFilter("dipilih", ["==", ["get", "code"], ""]);
  kept("place", "");
}

/* --- from the picture to the map and back ------------------------------------------------------------------------------------------- */

async function move() {
  figure.dataset.moving = "wait";
  say("Peta geser sedang dibuka …");
  try {
    library ??= await fetched();
    await raise();
    figure.dataset.moving = "on";
    say();
    const place = find(kept("place") ?? "");
    if (place) show(place);
  } catch (error) {
    console.warn(error);
    picture("Peta geser tidak bisa dibuka di sini. Gambar ini memuat angka yang sama.");
  }
}

function picture(words = "") {
  map?.remove();
  map = null;
  detail.hidden = true;
  figure.dataset.moving = "off";
  say(words);
}

async function fetched() {
  const style = make("link");
  style.rel = "stylesheet";
  style.href = vendor("maplibre-gl.css");
  const styled = new Promise((resolve, reject) => { style.onload = resolve; style.onerror = () => reject(new Error("maplibre-gl.css")); });
  document.head.append(style);
  const [loaded] = await Promise.all([import(vendor("maplibre-gl.mjs")), styled]);
  loaded.setWorkerUrl(vendor("maplibre-gl-worker.mjs"));
  return loaded;
}

/* Resolves when everything is drawn; until then the picture stands in front. */
function raise() {
  return new Promise((resolve, reject) => {
    const view = kept("view");
    map = new library.Map({
      container: ground, style: { version: 8, sources: {}, layers: [] }, locale: LOCALE, attributionControl: false, cooperativeGestures: true,
      renderWorldCopies: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxPitch: 0, maxZoom: 14, maxBounds: data.limits,
      ...(view?.region === data.region ? { center: view.center, zoom: view.zoom } : { bounds: data.bounds, fitBoundsOptions: { padding: ROOM } }),
    });
    const late = setTimeout(() => reject(new Error("MapLibre tidak selesai menggambar")), PATIENCE_MS);
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new library.NavigationControl({ showCompass: false }), "top-left");
    map.addControl(new Home(), "top-left");
    map.on("error", (event) => reject(event.error));
    map.on("webglcontextlost", () => picture("Peta geser terhenti. Gambar ini memuat angka yang sama."));
    map.once("load", () => { furnishMap(); map.once("idle", () => { clearTimeout(late); resolve(); }); });
  });
}

class Home {
  onAdd(owner) {
    this.box = make("div", "maplibregl-ctrl maplibregl-ctrl-group");
    const button = make("button", "movingmap-home", "⌂");
    button.type = "button";
    button.title = "Tampilkan seluruh daerah";
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => owner.fitBounds(data.bounds, { padding: ROOM }));
    this.box.append(button);
    return this.box;
  }

  onRemove() { this.box.remove(); }
}

/* --- what the map shows --------------------------------------------------------------------------------------------------------------- */

const feature = (geometry, properties = {}) => ({ type: "Feature", geometry, properties });
const point = (at, properties) => feature({ type: "Point", coordinates: at }, properties);
const geojson = (features) => ({ type: "geojson", data: { type: "FeatureCollection", features } });

function hatching() { // diagonal lines as in the picture, 10 px apart, at twice the density for sharp screens
  const canvas = make("canvas");
  canvas.width = canvas.height = 20;
  const pen = canvas.getContext("2d");
  [pen.fillStyle, pen.strokeStyle] = data.colours.hatch;
  pen.lineWidth = 2.8;
  pen.fillRect(0, 0, 20, 20);
  pen.beginPath();
  for (const x of [-20, 0, 20]) { pen.moveTo(x - 2, 22); pen.lineTo(x + 22, -2); }
  pen.stroke();
  return pen.getImageData(0, 0, 20, 20);
}

function furnishMap() {
  const { ink, quiet, land, coast, unknown, plain } = data.colours;
  map.addImage("arsir", hatching(), { pixelRatio: 2 });
  map.addSource("daratan", geojson([feature(data.land)]));
  map.addSource("desa", geojson(data.desa.filter((d) => d.area).map(({ code, fill, area }) => feature(area, { code, fill }))));
  map.addSource("titik", geojson(data.desa.filter((d) => d.ashore).map(({ name, figure, fill, at }) => point(at, { name, figure, fill }))));
  map.addSource("kecamatan", geojson(data.groups.map(({ name, at }) => point(at, { name }))));
  map.addSource("tempat", geojson(data.sites.filter((s) => s.kind !== "dermaga").map(({ name, at }) => point(at, { name }))));
  const text = (size, font, colour) => ({ layout: { "text-size": size, "text-font": font }, paint: { "text-color": colour, "text-halo-color": "#fff", "text-halo-width": 1.6 } });
  const symbol = (id, source, field, { layout, paint }, more = {}, rest = {}) =>
    map.addLayer({ id, source, type: "symbol", layout: { "text-field": ["get", field], ...layout, ...more }, paint, ...rest });
  const hatched = ["==", ["get", "fill"], ""];
  map.addLayer({ id: "laut", type: "background", paint: { "background-color": "#fff" } });
  map.addLayer({ id: "daratan", source: "daratan", type: "fill", paint: { "fill-color": land, "fill-outline-color": coast } });
  map.addLayer({ id: "warna", source: "desa", type: "fill", filter: ["!", hatched], paint: { "fill-color": ["get", "fill"] } });
  map.addLayer({ id: "arsir", source: "desa", type: "fill", filter: hatched, paint: { "fill-pattern": "arsir" } });
  map.addLayer({ id: "batas", source: "desa", type: "line", paint: { "line-color": "#fff", "line-width": 1.3 } });
  map.addLayer({ id: "dipilih", source: "desa", type: "line", filter: ["==", ["get", "code"], ""], paint: { "line-color": ink, "line-width": 3 } });
  const empty = ["==", ["get", "figure"], ""];
  map.addLayer({ id: "bulat", source: "titik", type: "circle", filter: empty, paint: { "circle-radius": 3, "circle-color": ["case", hatched, "#fff", plain], "circle-stroke-width": 1.6, "circle-stroke-color": ["case", hatched, unknown, "#fff"] } });
  symbol("nama-tempat", "tempat", "name", text(11, PLAIN, quiet), { "text-anchor": "top", "text-offset": [0, 0.8] }, { minzoom: 10 });
  symbol("nama-desa", "titik", "name", text(11, PLAIN, quiet), { "text-anchor": "top", "text-offset": [0, 0.8] }, { minzoom: 9.6 });
  symbol("kecamatan", "kecamatan", "name", text(13.5, BOLD, ink), { "text-variable-anchor": ["center", "bottom", "top", "left", "right"], "text-radial-offset": 0.8 });
  symbol("angka", "titik", "figure", text(13, BOLD, ink), { "text-allow-overlap": true }, { filter: ["!", empty] });
  for (const thing of data.sites) pinned(thing, make("span", "movingmap-pin"), site(thing), "top", thing.name + (thing.provisional ? " (letak sementara)" : ""));
  for (const thing of data.islands) island(thing);
  for (const thing of data.markers) { const link = make("a", "movingmap-pin"); link.href = thing.href; pinned(thing, link, warning(), "bottom", thing.title, thing.label); }
  listen();
}

function listen() {
  const at = (where) => { const [hit] = map.queryRenderedFeatures(where, { layers: ["warna", "arsir"] }); return hit && find(hit.properties.code); };
  map.on("click", (event) => { const place = at(event.point); if (place) open(place); });
  map.on("mousemove", (event) => {
    const place = at(event.point);
    map.getCanvas().title = place ? `${place.name}: ${place.word}` : "";
    map.getCanvas().style.cursor = place ? "pointer" : "";
  });
  map.getCanvas().addEventListener("keydown", (event) => {
    const place = event.key === "Enter" && at(map.project(map.getCenter()));
    if (place) { open(place); detail.focus(); }
  });
  map.on("moveend", () => kept("view", { region: data.region, center: map.getCenter().toArray(), zoom: map.getZoom() }));
}

/* The middle of the shape, 16 px high, stands on the point, or the tip of a warning; its words stand below, or above. */
function pinned(thing, element, shape, anchor, title, words = "", half = 8) {
  element.title = title;
  element.append(shape);
  if (words) element.append(make("span", "", words)); else element.append(make("span", "visually-hidden", title));
  new library.Marker({ element, anchor, offset: [0, anchor === "top" ? -half : 0] }).setLngLat(thing.at).addTo(map);
}

function island(thing) { // a desa that is an island has no area; its row opens here
  const place = data.desa.find((d) => !d.ashore && d.at[0] === thing.at[0] && d.at[1] === thing.at[1]);
  const button = make("button", "movingmap-pin");
  button.type = "button";
  button.addEventListener("click", (event) => { event.stopPropagation(); open(place ?? thing); });
  const numbered = thing.figure || thing.fill; // a whole desa lies there: its number on its colour, as on the areas ashore
  pinned(thing, button, numbered ? disc(thing) : state(thing.state), "top", [thing.name, thing.word].filter(Boolean).join(": "), thing.name + (thing.detail && !numbered ? ` · ${thing.detail}` : ""), numbered ? 13 : 8);
}

const canvas = (...children) => { const node = drawn("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }); node.append(...children); return node; };
const state = (code) => canvas({ // the shapes of {% state %}
  good: () => drawn("circle", { cx: 8, cy: 8, r: 6.5, class: "shape-good" }), warn: () => drawn("path", { d: "M8 0.5L15.5 8L8 15.5L0.5 8z", class: "shape-warn" }),
  bad: () => drawn("rect", { x: 1.5, y: 1.5, width: 13, height: 13, class: "shape-bad" }), unknown: () => drawn("circle", { cx: 8, cy: 8, r: 6, class: "shape-unknown" }),
}[code]?.() ?? drawn("circle", { cx: 8, cy: 8, r: 5, class: "shape-plain" }));
const disc = ({ figure, fill }) => {
  const node = drawn("svg", { viewBox: "0 0 26 26", width: 26, height: 26, "aria-hidden": "true", class: "movingmap-disc" });
  const number = drawn("text", { x: 13, y: 17.5, "text-anchor": "middle", class: "disc-number" });
  number.textContent = figure;
  node.append(drawn("circle", { cx: 13, cy: 13, r: 12, class: "disc-edge", fill: fill || "#fff" }), number);
  return node;
};
const site = ({ kind, provisional }) => canvas(kind === "dermaga"
  ? drawn("path", { d: "M8 2L14 13H2Z", class: "shape-site shape-pier", ...(provisional ? { "stroke-dasharray": "2.5 1.5" } : {}) })
  : drawn("rect", { x: 2, y: 2, width: 12, height: 12, class: provisional ? "shape-site" : "shape-site shape-sure", ...(provisional ? { "stroke-dasharray": "2.5 1.5" } : {}) }));
const warning = () => {
  const bang = drawn("text", { x: 8, y: 11, "text-anchor": "middle", class: "shape-bang" });
  bang.textContent = "!";
  return canvas(drawn("path", { d: "M8 16L2 9.5A7 7 0 1 1 14 9.5Z", class: "shape-bad" }), bang);
};

/* --- when -------------------------------------------------------------------------------------------------------------------------------- */

if (figure && able()) {
  furnish();
  const chosen = kept("mode");
  // By itself only where there is room and the line is not spared; on a telephone the button asks for it.
  if (chosen ?? (matchMedia("(min-width: 48rem)").matches && !navigator.connection?.saveData)) {
    const soon = globalThis.requestIdleCallback ?? ((task) => setTimeout(task, 200));
    const seen = new IntersectionObserver((entries) => { if (entries.some((e) => e.isIntersecting)) { seen.disconnect(); soon(() => void move()); } });
    seen.observe(figure);
  }
}
