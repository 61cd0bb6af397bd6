// Slider: lays "after" over "before" and moves the border between them by pointer, touch or arrow keys.
// The pictures side by side stay in the page: for print, and for a reader who switches back to them.
for (const pair of document.querySelectorAll(".pair[data-slides]")) {
  const before = pair.querySelector('[data-role="before"] img');
  const after = pair.querySelector('[data-role="after"] img');
  const slider = document.createElement("div");
  slider.className = "slider";
  const under = after.cloneNode();
  const over = before.cloneNode();
  over.className = "over";
  const line = document.createElement("span");
  line.className = "line";
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: 0, max: 100, step: 1, value: 50 });
  range.setAttribute("aria-label", `${before.alt}: how much is shown of "before"; the rest is "after"`);
  const show = () => {
    over.style.clipPath = `inset(0 ${100 - range.value}% 0 0)`;
    line.style.left = `${range.value}%`;
    range.setAttribute("aria-valuetext", `${range.value} % before`);
  };
  range.addEventListener("input", show);
  const fit = () => {
    slider.style.maxWidth = `calc(80vh * ${before.naturalWidth / before.naturalHeight})`;
  };
  before.decode().then(fit, fit);
  for (const [name, side] of [["before", "left"], ["after", "right"]]) {
    const tag = document.createElement("span");
    tag.className = `tag ${name} ${side}`;
    tag.textContent = name;
    slider.append(tag);
  }
  slider.prepend(under, over, line);
  slider.append(range);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "turn";
  const turn = (slides) => {
    pair.parentElement.classList.toggle("slides", slides);
    button.textContent = slides ? "show side by side" : "lay one over the other";
  };
  button.addEventListener("click", () => turn(!pair.parentElement.classList.contains("slides")));
  pair.before(slider);
  pair.parentElement.querySelector("figcaption").append(" ", button);
  show();
  turn(true);
}
