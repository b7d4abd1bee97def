// The laboratory grid by keyboard and by paste. Without this script the page is an ordinary form.
"use strict";

(function () {
  const form = document.getElementById("grid-form");
  if (!form) return;
  const inputs = Array.from(form.querySelectorAll(".ts-cell-text"));
  const said = document.getElementById("grid-said");

  function say(sentence) {
    said.textContent = sentence;
    said.hidden = !sentence;
  }

  function put(input, text) {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function rowOf(name) {
    const wanted = name.trim().toLowerCase();
    return inputs.findIndex((one) => one.dataset.codes.toLowerCase().split("|").includes(wanted));
  }

  // Two columns, the first of them analytes: each value goes to its analyte, wherever the cursor stands.
  function byName(lines) {
    const strangers = [];
    for (const cells of lines) {
      const at = rowOf(cells[0]);
      if (at < 0) strangers.push(cells[0].trim());
      else if (cells[1].trim()) put(inputs[at], cells[1].trim());
    }
    return strangers.length ? `Not in this panel, and not pasted: ${strangers.join(", ")}.` : "";
  }

  function downwards(lines, start) {
    lines.forEach((cells, index) => {
      const input = inputs[start + index];
      if (input && cells[0].trim()) put(input, cells[0].trim());
    });
    const over = start + lines.length - inputs.length;
    return over > 0 ? `${over} pasted ${over === 1 ? "line" : "lines"} below the last row: not pasted.` : "";
  }

  inputs.forEach((input, index) => {
    input.addEventListener("keydown", (event) => {
      const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const next = inputs[index + step];
      if (next) {
        next.focus();
        next.select();
      } else if (event.key === "Enter") {
        form.querySelector("button[type=submit]")?.focus();
      }
    });
    input.addEventListener("paste", (event) => {
      const text = (event.clipboardData?.getData("text/plain") || "").replace(/\r\n?/g, "\n").replace(/\n$/, "");
      if (!/[\n\t]/.test(text)) return;
      event.preventDefault();
      const lines = text.split("\n").map((line) => line.split("\t"));
      const named = lines.every((cells) => cells.length === 2) && lines.some((cells) => rowOf(cells[0]) >= 0);
      if (!named && lines.some((cells) => cells.length > 1)) {
        say("Paste one column of results, or two columns: analyte and result. Nothing was pasted.");
        return;
      }
      say(named ? byName(lines) : downwards(lines, index));
    });
  });
  inputs.find((input) => !input.value)?.focus();
})();
