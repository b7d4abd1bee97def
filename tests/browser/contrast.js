// Texts of a page whose contrast is below AA: 4.5 to 1, large text (24 pixels, or bold from 18.66) 3 to 1.
() => {
  // Icons are drawn by a font; what is disabled may be faint.
  const PASSED_OVER = "[disabled], script, style, svg, .material-symbols-outlined, option, .ts-unseen";
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const known = new Map();
  function rgba(colour) {
    if (!known.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat([1]);
  function behind(node) {
    const layers = [];
    for (let one = node; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  }
  function opacity(node) {
    let all = 1;
    for (let one = node; one; one = one.parentElement) all *= parseFloat(getComputedStyle(one).opacity);
    return all;
  }
  function luminance(colour) {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), node = walker.currentNode.parentElement;
    if (!text || !node.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const box = node.getBoundingClientRect(), style = getComputedStyle(node);
    if (box.width < 2 || box.height < 2 || node.closest(PASSED_OVER)) continue;
    const ground = behind(node), ink = rgba(style.color);
    const shown = over([ink[0], ink[1], ink[2], ink[3] * opacity(node)], ground);
    const [low, high] = [luminance(shown), luminance(ground)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
    const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    if (ratio < wanted) {
      const what = `${ratio.toFixed(2)}: "${text.slice(0, 40)}" (${node.tagName.toLowerCase()}.${node.className})`;
      found.set(`${style.color} on ${ground.slice(0, 3).map(Math.round)}`, what);
    }
  }
  return [...found].map(([colours, what]) => `${what}, ${colours}`);
}
