// Sums the five items of the ICE score beside them while they are typed. The server computes it again on saving.
(() => {
  const parts = ["orientation", "naming", "commands", "writing", "attention"];
  const most = { orientation: 4, naming: 3, commands: 1, writing: 1, attention: 1 };
  const show = (input) => {
    const prefix = input.name.replace(/ice_[a-z]+$/, "");
    const inputs = parts.map((part) => document.querySelector(`[name="${prefix}ice_${part}"]`));
    if (inputs.some((one) => one === null)) return;
    const total = (input.closest("tr") || input.form).querySelector(".ts-ice-total");
    if (total === null) return;
    const points = inputs.map((one) => (one.value === "" ? NaN : Number(one.value)));
    const known = points.every((value, place) => value >= 0 && value <= most[parts[place]]);
    const text = known ? `${points.reduce((sum, value) => sum + value, 0)} of 10` : "-";
    total.textContent = text;
    total.setAttribute("aria-live", "polite");
  };
  document.addEventListener("input", (event) => {
    if (/ice_[a-z]+$/.test(event.target.name || "")) show(event.target);
  });
})();
