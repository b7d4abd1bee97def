// Boxes of scores by keyboard: a full box leads to the next, the total and the figure follow what is typed.
"use strict";
(() => {
  const ready = () => {
    const boxes = [...document.querySelectorAll("input[data-ts-next], input[data-ts-enter]")];
    const move = (box, step) => {
      const next = boxes[boxes.indexOf(box) + step];
      if (next) next.focus();
    };
    const fits = (box) => /^\d+$/.test(box.value) && Number(box.value) <= Number(box.dataset.tsMost);
    for (const box of boxes) {
      // What is typed into a full box replaces its digit.
      box.addEventListener("focus", () => box.select());
      box.addEventListener("input", () => {
        const wrong = box.value !== "" && !fits(box);
        box.setAttribute("aria-invalid", String(wrong));
        if (!wrong && box.dataset.tsNext && box.value !== "") move(box, 1);
        show();
      });
      box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); move(box, 1); }
        else if (event.key === "ArrowUp" || (event.key === "Backspace" && box.value === "")) {
          event.preventDefault();
          move(box, -1);
        }
      });
    }
    const total = document.querySelector("[data-ts-total]");
    const show = () => {
      if (!total) return;
      const sites = total.dataset.tsTotal.split(" ").map((name) => document.getElementById(`id_${name}`)).filter(Boolean);
      // Without boxes (a reader of the record) the page shows what the server computed.
      if (!sites.length) return;
      const open = sites.filter((box) => !fits(box));
      const sum = sites.filter(fits).reduce((whole, box) => whole + Number(box.value), 0);
      total.textContent = open.length ? `No total: ${open.length} of ${sites.length} sites open` : `Total ${sum}`;
      for (const box of sites) {
        const site = document.querySelector(`[data-ts-site="${box.id.slice(3)}"]`);
        site.setAttribute("class", `site ${fits(box) ? `s${box.value}` : "s-none"}`);
        site.querySelector("text").textContent = fits(box) ? box.value : "–";
      }
    };
    for (const site of document.querySelectorAll("[data-ts-site]")) {
      site.addEventListener("click", () => {
        const box = document.getElementById(`id_${site.dataset.tsSite}`);
        if (box) box.focus();
      });
    }
    show();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
