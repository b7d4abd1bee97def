// The endpoint panel follows its inputs: while answers are older than what was entered, it asks for the new ones, more and
// more seldom, and puts them in place. A reader of the screen is told once.
"use strict";

(function () {
  const FIRST_MS = 300;
  const LONGEST_MS = 10000;
  const panel = document.querySelector("[data-follow][data-stale]");
  if (!panel) return;
  let pause = FIRST_MS;

  async function ask() {
    let answer;
    try {
      answer = await fetch(panel.dataset.follow, { credentials: "same-origin", redirect: "error" });
    } catch (error) {
      answer = null;
    }
    if (answer && answer.status === 200) {
      const section = panel.parentElement;
      panel.outerHTML = await answer.text();
      const status = section.querySelector("[data-follow-status]");
      if (status) status.textContent = "Computed anew just now.";
      return;
    }
    if (answer && answer.status !== 204) return;
    pause = Math.min(pause * 1.5, LONGEST_MS);
    window.setTimeout(ask, pause);
  }

  window.setTimeout(ask, pause);
})();
