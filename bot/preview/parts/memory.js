// What the browser remembers for this page; a browser that forbids storage just forgets.

export function remember(store, name, value) {
  try {
    window[store].setItem(name, value);
  } catch {
    return; // storage is switched off in this browser: the choice lasts until the page is closed
  }
}

export function remembered(store, name) {
  try {
    return window[store].getItem(name);
  } catch {
    return null;
  }
}
