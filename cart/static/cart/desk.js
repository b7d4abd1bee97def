// What was typed is not lost by leaving the page. The theme watches typing; this watches what it does not see:
// a page that came back with errors, and forms of our own.
"use strict";

(function () {
  const forms = document.querySelectorAll("form.warn-unsaved-form, form.ts-guarded");
  forms.forEach((form) => {
    let unsaved = form.querySelector(".errors, .errorlist, [role=alert]") !== null;
    let leaving = false;
    form.addEventListener("input", () => { unsaved = true; });
    form.addEventListener("change", () => { unsaved = true; });
    form.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("beforeunload", (event) => {
      if (unsaved && !leaving) event.preventDefault();
    });
  });
})();
