// Everything on the page is made here, node by node: a word from outside is always a text node, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element; traits that start with "on" are listeners, undefined, null and false are left out. */
export function make(tag, traits = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

/** A drawing from the drawer in page.html, silent for screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export const find = (id) => document.getElementById(id);

/** Calls `look` with the node whenever its size has changed, for what CSS cannot tell (does it overflow?). */
const looks = new WeakMap();
const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => looks.get(target)?.(target)));
export function whenSized(node, look) {
  looks.set(node, look);
  watcher.observe(node);
  return node;
}

/** Puts text on the clipboard; the second way is for plain http on another host name, where the first is missing. */
export async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const box = make("textarea", { class: "hearing", readonly: true });
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("The browser did not allow copying");
}
