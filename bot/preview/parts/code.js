// A block of code: its language, a Copy button, and calm colours for Python. What is copied is the text, to the letter.

import { copy, make, whenSized } from "./dom.js";

const WORDS =
  "and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield None True False";
const PYTHON = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>(?:\b[rbfu]{1,2})?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))/,
    new RegExp(`(?<word>\\b(?:${WORDS.replaceAll(" ", "|")})\\b)`),
    /(?<number>\b\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?\b)/,
  ]
    .map((part) => part.source)
    .join("|"),
  "gi",
);

/** The text as nodes; their texts joined are the text itself. */
function painted(text, language) {
  if (!/^(python|py|python3)$/i.test(language ?? "")) return [text];
  const nodes = [];
  let seen = 0;
  for (const match of text.matchAll(PYTHON)) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    if (kind === "word" && !WORDS.split(" ").includes(match[0])) continue;
    nodes.push(text.slice(seen, match.index), make("span", { class: `code-${kind}` }, match[0]));
    seen = match.index + match[0].length;
  }
  return [...nodes, text.slice(seen)];
}

/** `inside` is given when other entities lie within the block; otherwise the text is painted. */
export function codeBlock(text, language, inside) {
  const label = language || "code";
  const button = make("button", { type: "button", class: "copy", "aria-label": `Copy ${label}` }, "Copy");
  button.addEventListener("click", () => told(button, text));
  const body = make("pre", {}, make("code", {}, ...(inside ? [inside] : painted(text, language))));
  whenSized(body, reachable);
  return make("div", { class: "code", role: "group", "aria-label": `Code, ${label}` }, make("div", { class: "code-head" }, make("span", {}, label), button), body);
}

/** What scrolls sideways can be scrolled by keyboard too, and costs no tab stop otherwise. */
function reachable(body) {
  if (body.scrollWidth > body.clientWidth) body.tabIndex = 0;
  else body.removeAttribute("tabindex");
}

async function told(button, text) {
  const label = button.getAttribute("aria-label");
  let word = "Copied";
  try {
    await copy(text);
  } catch {
    word = "Not allowed"; // the browser refused: the person can still select the text
  }
  button.textContent = word;
  button.setAttribute("aria-label", word);
  setTimeout(() => {
    button.textContent = "Copy";
    button.setAttribute("aria-label", label);
  }, 1600);
}
