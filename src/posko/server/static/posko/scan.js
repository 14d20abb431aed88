/* Scan screens: camera, hand scanner that types, or fingers. Without this file the forms still work; with it a scan takes no page load,
   speaks by sound and vibration, and a scan that could not be sent stays in its field. */
"use strict";

const TONES = { ok: [[880, 0.09]], done: [[660, 0.1], [880, 0.1], [1175, 0.18]], stop: [[220, 0.35], [160, 0.5]] };
const BUZZ = { ok: [60], done: [60, 60, 120], stop: [350, 120, 350] };
let audio = null;

function speak(kind) {
  if (!TONES[kind]) return;
  if (navigator.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate(BUZZ[kind]);
  if (!audio || audio.state !== "running") return;
  let at = audio.currentTime;
  for (const [hertz, seconds] of TONES[kind]) {
    const tone = audio.createOscillator(), volume = audio.createGain();
    tone.type = kind === "stop" ? "square" : "sine";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.25, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + seconds);
    at += seconds;
  }
}

/* Browsers allow sound only after a key or a touch. */
function wake() {
  audio ??= window.AudioContext ? new AudioContext() : null;
  if (audio?.state === "suspended") audio.resume();
}
document.addEventListener("pointerdown", wake);
document.addEventListener("keydown", wake);

const main = () => document.querySelector("main");
const field = () => main().querySelector("[data-scan-input]");

/* On a phone the page keeps its place when its content changes: what was just said would be out of sight. */
function show() {
  const said = main().querySelector(".error, .stopped, .took, .done, .notice.caution, .prompt");
  said?.scrollIntoView({ block: "start", behavior: "instant" });
}

function settle(spoken) {
  const said = main().querySelector("[data-sound]")?.dataset.sound
    ?? (main().querySelector(".error") ? "stop" : main().querySelector(".done") ? "ok" : "");
  if (spoken) { speak(said); show(); }
  const first = main().querySelector("[autofocus]"), input = field();
  if (first && first !== input) first.focus({ preventScroll: true });
  else if (input) { input.focus({ preventScroll: true }); input.select(); }
  for (const button of main().querySelectorAll("[data-scan-camera]")) button.hidden = !cameraPossible();
  for (const hint of main().querySelectorAll("[data-scan-nocamera]")) hint.hidden = cameraPossible();
}

function trouble(text) {
  main().querySelector("[data-scan-trouble]")?.remove();
  const box = document.createElement("div");
  box.className = "error";
  box.dataset.scanTrouble = "";
  box.setAttribute("role", "alert");
  box.textContent = text;
  main().prepend(box);
  speak("stop");
}

let sending = false;
async function send(form, submitter) {
  if (sending) return;
  sending = true;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action || location.href, { method: "POST", body: new FormData(form, submitter), credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    if (!fresh) throw new Error("no page");
    main().replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    if (answer.url && answer.url !== location.href) history.replaceState(null, "", answer.url);
    settle(true);
  } catch {
    trouble("Tidak terkirim: server tidak menjawab. Yang dipindai masih ada di kotak isian; periksa jaringan, lalu kirim lagi.");
  } finally {
    sending = false;
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-scan]") || event.defaultPrevented) return;
  const input = form.querySelector("[data-scan-input]");
  const adding = !event.submitter || event.submitter.value === "scan";
  if (input && !input.value.trim() && (input.dataset.scanOptional === undefined || adding)) { event.preventDefault(); input.focus(); return; }
  event.preventDefault();
  send(form, event.submitter);
});

/* Some hand scanners end with Tab instead of Enter. */
document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (event.key === "Tab" && !event.shiftKey && input.matches?.("[data-scan-input]") && input.value.length >= 10) {
    event.preventDefault();
    input.form.requestSubmit();
  }
});

/* --- camera ------------------------------------------------------------------------------------------------------------------- */

function cameraPossible() { return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia); }

let decoder = null;
function loadDecoder() {
  decoder ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../vendor/zxing-wasm/reader.js", import.meta.url).href;
    script.onload = () => {
      // The package would fetch its program from a host of its own; ours lies beside it.
      ZXingWASM.prepareZXingModule({ overrides: { locateFile: (name, prefix) => name.endsWith(".wasm") ? new URL("../vendor/zxing-wasm/zxing_reader.wasm", import.meta.url).href : prefix + name } });
      resolve(ZXingWASM);
    };
    script.onerror = () => { decoder = null; reject(new Error("decoder")); };
    document.head.append(script);
  });
  return decoder;
}

let camera = null;
function closeCamera() {
  if (!camera) return;
  camera.stopped = true;
  for (const track of camera.stream.getTracks()) track.stop();
  camera.panel.remove();
  camera = null;
}

async function openCamera(button) {
  if (camera) { closeCamera(); return; }
  button.disabled = true;
  try {
    const reader = await loadDecoder();
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
    const panel = document.createElement("div");
    panel.className = "camera no-print";
    const video = document.createElement("video");
    video.setAttribute("playsinline", "");
    video.muted = true;
    video.srcObject = stream;
    const close = document.createElement("button");
    close.type = "button"; close.className = "btn btn-quiet"; close.textContent = "Tutup kamera";
    close.addEventListener("click", closeCamera);
    panel.append(video, close);
    const track = stream.getVideoTracks()[0];
    if (track.getCapabilities?.().torch) {
      const torch = document.createElement("button");
      torch.type = "button"; torch.className = "btn btn-quiet"; torch.textContent = "Nyalakan lampu";
      let lit = false;
      torch.addEventListener("click", () => { lit = !lit; track.applyConstraints({ advanced: [{ torch: lit }] }); torch.textContent = lit ? "Matikan lampu" : "Nyalakan lampu"; });
      panel.append(torch);
    }
    /* Outside <main>, which every answer replaces: the camera stays open from scan to scan. */
    document.body.append(panel);
    camera = { stream, panel, stopped: false };
    await video.play();
    look(reader, video, camera);
  } catch (error) {
    trouble(error.name === "NotAllowedError"
      ? "Kamera tidak diizinkan. Izinkan kamera untuk alamat ini, atau ketik kode yang tertulis di bawah gambar."
      : "Kamera tidak dapat dibuka. Ketik kode yang tertulis di bawah gambar, atau pakai pemindai.");
  } finally { button.disabled = false; }
}

/* One code is sent once: it must leave the picture, or two seconds must pass, before it counts again. */
async function look(reader, video, mine) {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d", { willReadFrequently: true });
  let last = "", lastAt = 0;
  while (!mine.stopped) {
    if (video.videoWidth && !sending) {
      const scale = Math.min(1, 960 / video.videoWidth);
      canvas.width = video.videoWidth * scale; canvas.height = video.videoHeight * scale;
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const found = await reader.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode", "DataMatrix", "Code128"], maxNumberOfSymbols: 1, tryHarder: true });
      const text = found.find((one) => one.isValid !== false && one.text)?.text ?? "";
      const now = performance.now(), input = field();
      if (text && input && (text !== last || now - lastAt > 2000)) {
        last = text; lastAt = now;
        input.value = text;
        input.form.requestSubmit();
      } else if (text === last) lastAt = now;
    }
    await new Promise((wait) => setTimeout(wait, 120));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-scan-camera]");
  if (button) openCamera(button);
});
window.addEventListener("pagehide", closeCamera);
settle(false);
