// What comes over the chat for a moment: toasts, alerts, a picture in full. Dialogs are the browser's own: they hold the focus and give it back.

import { find, make } from "./dom.js";

/** A few words over the header, where they hide nothing that is read or pressed; they go by themselves, slower when longer. */
export function toast(words) {
  const node = make("p", { class: "toast" }, words);
  const box = find("toasts");
  if (box.children.length >= 3) box.firstChild.remove();
  box.append(node);
  setTimeout(() => node.remove(), 1_800 + 60 * words.length);
}

/** A modal alert; with an address it asks before anything opens, and shows where it leads. */
export function alertBox(words, address) {
  const box = find("alert");
  find("alert-words").textContent = words;
  find("alert-place").textContent = address ?? "";
  find("alert-place").hidden = !address;
  find("alert-close").textContent = address ? "Stay here" : "OK";
  box.querySelector(".go")?.remove();
  if (address) {
    const go = make("a", { class: "plain go", href: address, target: "_blank", rel: "noopener noreferrer", onclick: () => box.close() }, "Open");
    box.querySelector(".choices").append(go);
  }
  if (!box.open) box.showModal();
}

/** A question with one way to say yes; closing the box is no. */
export function askBox(words, yes, action) {
  alertBox(words);
  find("alert-close").textContent = "Keep it";
  const sure = () => {
    find("alert").close();
    action();
  };
  find("alert").querySelector(".choices").append(make("button", { type: "button", class: "plain go danger", onclick: sure }, yes));
}

export function enlarge(source, about) {
  const box = find("lightbox");
  box.querySelector("img")?.remove();
  box.append(make("img", { src: source, alt: about }));
  box.onclick = () => box.close();
  box.showModal();
}

/** One strip for one kind of word from the machine: {text, error} and perhaps a button; null takes it away. */
export function strip(id, content, button) {
  const node = find(id);
  node.hidden = !content;
  if (!content) return;
  node.classList.toggle("error", Boolean(content.error));
  node.replaceChildren(make(content.error ? "pre" : "p", {}, content.text), button ?? "");
}
