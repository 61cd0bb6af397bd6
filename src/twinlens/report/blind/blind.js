// Blind test: shows the trials in an order of chance, takes answers by keys, pointer or touch, and saves them as JSON.
const content = JSON.parse(document.getElementById("content").textContent);
const test = document.getElementById("test");
const key = `blind-${content.salt}`;
const sources = content.pictures.map((one) => `data:image/jpeg;base64,${one}`);
let state = { observer: "", order: [], answers: [] };
let shown = 0;

const make = (name, facts = {}, ...children) => {
  const one = Object.assign(document.createElement(name), facts);
  one.append(...children);
  return one;
};
const picture = (index, words) => make("img", { src: sources[index], alt: words, draggable: false });
const keep = () => {
  try { localStorage.setItem(key, JSON.stringify(state)); } catch { /* a page opened as a file may not store */ }
};
const kept = () => {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
};
const shuffled = (count) => {
  const order = [...Array(count).keys()];
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
};
const show = (...parts) => {
  test.replaceChildren(...parts);
  window.scrollTo(0, 0);
};

function examples() {
  return content.examples.map(([a, b]) => make("div", { className: "pair" },
    make("figure", {}, picture(a, "an example of A"), make("figcaption", { textContent: "A" })),
    make("figure", {}, picture(b, "an example of B"), make("figcaption", { textContent: "B" }))));
}

function welcome() {
  const name = make("input", { id: "observer", autocomplete: "off", value: state.observer, maxLength: 60 });
  const begin = make("button", { textContent: "begin", className: "main" });
  begin.addEventListener("click", () => {
    state = { observer: name.value.trim(), order: shuffled(content.trials.length), answers: [] };
    ask();
  });
  const parts = [make("p", {}, make("label", { htmlFor: "observer", textContent: "Your name or any word (so that several people can be told apart): " }), name)];
  const before = kept();
  if (before && before.answers.length && before.order.length === content.trials.length) {
    const go = make("button", { textContent: `go on after ${before.answers.length} of ${content.trials.length}` });
    go.addEventListener("click", () => { state = before; ask(); });
    parts.push(go, " ");
  }
  const lines = examples();
  if (lines.length) parts.unshift(make("h2", { textContent: "Examples" }), ...lines);
  show(...parts, make("p", {}, begin), make("p", { className: "quiet", textContent: "Keys: left and right arrow choose; E shows the examples; backspace goes back." }));
}

function ask() {
  const done = state.answers.length;
  keep();
  if (done >= content.trials.length) return finish();
  const trial = content.trials[state.order[done]];
  shown = performance.now();
  const choice = (side, index, words) => {
    const one = make("button", { className: "choice" }, picture(index, `the ${words} picture`), make("span", { textContent: words }));
    one.dataset.side = side;
    one.addEventListener("click", () => answer(side));
    return one;
  };
  const row = [choice("a", trial.left, "left"), choice("b", trial.right, "right")];
  if (trial.middle !== null) {
    const middle = make("figure", { className: "middle" }, picture(trial.middle, "the picture in the middle"), make("figcaption", { textContent: "this one" }));
    row.splice(1, 0, middle);
  }
  const back = make("button", { textContent: "back", disabled: !done });
  back.addEventListener("click", undo);
  const parts = [
    make("p", { className: "question" }, make("b", { textContent: content.question }), ` ${done + 1} of ${content.trials.length}`),
    make("div", { className: `pair ${trial.middle !== null ? "three" : ""}` }, ...row),
    make("p", {}, back),
  ];
  const lines = examples();
  if (lines.length) parts.push(make("details", { id: "examples" }, make("summary", { textContent: "the examples again" }), ...lines));
  show(...parts);
}

function answer(side) {
  const trial = content.trials[state.order[state.answers.length]];
  const seconds = Math.round((performance.now() - shown) / 100) / 10;
  state.answers.push({ trial: trial.trial, scene: trial.scene, token: trial.token, answer: side, seconds });
  ask();
}

function undo() {
  state.answers.pop();
  ask();
}

function finish() {
  const told = { format: "blind-answers/1", method: content.method, salt: content.salt, observer: state.observer, answers: state.answers };
  const text = JSON.stringify(told, null, 1);
  const name = `answers-${(state.observer || "somebody").replace(/[^\p{L}\p{N}_-]+/gu, "_")}.json`;
  const save = make("a", { className: "main", download: name, textContent: "save the answers",
    href: URL.createObjectURL(new Blob([text], { type: "application/json" })) });
  const next = make("button", { textContent: "another person" });
  next.addEventListener("click", () => { state = { observer: "", order: [], answers: [] }; keep(); welcome(); });
  show(
    make("p", { className: "question" }, make("b", { textContent: "Thank you." }), " Save the answers and send them to whoever asked you."),
    make("p", {}, save, " ", next),
    make("details", {}, make("summary", { textContent: "where nothing can be saved, copy this" }), make("textarea", { textContent: text, readOnly: true, rows: 8 })),
  );
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("input, textarea") || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (!test.querySelector(".choice")) return;
  if (event.key === "ArrowLeft") answer("a");
  else if (event.key === "ArrowRight") answer("b");
  else if (event.key === "Backspace" && state.answers.length) undo();
  else if (event.key.toLowerCase() === "e" && document.getElementById("examples")) {
    const one = document.getElementById("examples");
    one.open = !one.open;
    if (one.open) one.scrollIntoView();
  } else return;
  event.preventDefault();
});

welcome();
