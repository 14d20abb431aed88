/* A position goes into a form only when somebody presses the button; rounded to about a hundred metres before it leaves the phone.
   Without this file, or without a position, every form works. */
"use strict";

const DIGITS = 3, WAIT_MS = 15000;

for (const box of document.querySelectorAll("[data-position]")) {
  if (!navigator.geolocation || !window.isSecureContext) continue;
  const said = box.querySelector("[data-position-said]");
  const take = box.querySelector("[data-position-take]"), drop = box.querySelector("[data-position-drop]");
  const lat = box.querySelector("[data-lat]"), lon = box.querySelector("[data-lon]");
  const empty = said.textContent;
  const put = (a, b, words) => { lat.value = a; lon.value = b; said.textContent = words; drop.hidden = !a; take.disabled = false; };
  const decimal = (number) => number.replace(".", ",");

  take.addEventListener("click", () => {
    take.disabled = true;
    said.textContent = "Mencari posisi …";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const [a, b] = [coords.latitude.toFixed(DIGITS), coords.longitude.toFixed(DIGITS)];
        put(a, b, `Posisi dilampirkan: ${decimal(a)}, ${decimal(b)}, dibulatkan ke sekitar 100 meter.`);
      },
      () => put("", "", "Posisi tidak didapat. Catatan tetap dapat dikirim tanpa posisi."),
      { enableHighAccuracy: false, timeout: WAIT_MS, maximumAge: 60000 },
    );
  });
  drop.addEventListener("click", () => put("", "", empty));
  box.hidden = false;
}
