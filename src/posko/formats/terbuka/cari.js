// Finds a desa or TPS by name or number. Without this script the lists below do the same.
(function () {
  "use strict";
  var place = document.getElementById("cari");
  if (!place || !window.fetch || location.protocol === "file:") return;
  var box = document.createElement("input"), label = document.createElement("label"), list = document.createElement("ul"), rows = null, up = place.getAttribute("data-up") || "";
  box.type = "search"; box.id = "cari-kata"; box.autocomplete = "off"; box.placeholder = place.getAttribute("data-contoh");
  label.htmlFor = box.id; label.textContent = place.getAttribute("data-label");
  list.setAttribute("aria-live", "polite");
  place.append(label, document.createElement("br"), box, list);
  function fold(text) { return text.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim(); }
  function show() {
    list.textContent = "";
    var words = fold(box.value).split(" ").filter(Boolean);
    if (!rows || !words.length) return;
    var found = rows.filter(function (row) { return words.every(function (word) { return /^\d+$/.test(word) ? row[2].split(" ").indexOf(String(Number(word))) >= 0 : row[3].indexOf(word) >= 0; }); });
    found.slice(0, 12).forEach(function (row) {
      var item = document.createElement("li"), link = document.createElement("a"), number = words.filter(function (word) { return /^\d+$/.test(word); })[0];
      link.href = "desa/" + row[0] + ".html" + (number ? "#tps-" + Number(number) : "");
      link.textContent = (number ? "TPS " + String(Number(number)).padStart(3, "0") + ", " : "") + row[1];
      item.append(link); list.append(item);
    });
    if (!found.length) { var none = document.createElement("li"); none.textContent = place.getAttribute("data-kosong"); list.append(none); }
  }
  box.addEventListener("focus", function () {
    if (rows) return;
    fetch(up + "data/cari.json").then(function (answer) { return answer.json(); }).then(function (found) { rows = found.map(function (row) { return [row[0], row[1], row[2], fold(row[1])]; }); show(); });
  });
  box.addEventListener("input", show);
})();
