// The line to the server: it comes back by itself, a little later each time, at once when the person asks or returns to the page.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

export class Line {
  #socket;
  #wait = FIRST_MS;
  #timer;

  /** `heard(event)` gets every message of the server, `lost(wait_ms)` tells how long until the next try. */
  constructor({ heard, lost }) {
    this.heard = heard;
    this.lost = lost;
    window.addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.now());
  }

  open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#wait = FIRST_MS;
      this.heard(JSON.parse(data));
    });
    socket.addEventListener("close", () => this.#again());
  }

  #again() {
    const wait = this.#wait * (0.75 + Math.random() / 2); // many pages must not come back in one moment
    this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
    this.lost(wait);
    this.#timer = setTimeout(() => this.open(), wait);
  }

  /** Tries at once, if it is down. */
  now() {
    if (!this.#socket || this.#socket.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.#timer);
    this.open();
  }

  /** False when the line is down: nothing was said. */
  say(event) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(event));
    return true;
  }
}
