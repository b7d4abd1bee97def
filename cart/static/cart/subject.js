// A search box of a form offers what is the form's subject's: its visits, lots and events. Without this script it
// offers those of all subjects, and the form refuses what is another's.
"use strict";

(function () {
  const own = document.currentScript.dataset.subject || "";
  const search = window.django && window.django.jQuery;
  if (!search) return;
  search.ajaxPrefilter((options) => {
    if (!/\/autocomplete\/(?:$|\?)/.test(options.url)) return;
    const subject = document.getElementById("id_subject")?.value || own;
    if (subject) options.data = `${options.data ? `${options.data}&` : ""}of_subject=${encodeURIComponent(subject)}`;
  });
})();
