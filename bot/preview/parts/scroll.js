// The view stays where the reader is: at the end it follows, elsewhere nothing moves, whatever is added or edited above.

const NEAR_PX = 48;
const EXPECT_MS = 15_000;

export class Scroll {
  #shown; // the log in view
  #places = new WeakMap(); // log → scroll position, null for "at the end"
  #expected = 0; // until when the person waits for an answer to a tap or a message (monotonic ms)
  #first = null; // the first message that came since then
  #missed = 0;
  #top = 0; // scroll position when last looked at

  constructor(view, pill) {
    this.view = view;
    this.pill = pill;
    this.following = true;
    view.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    pill.addEventListener("click", () => this.toEnd());
    this.watcher = new ResizeObserver(() => this.following && this.#down());
    this.watcher.observe(view);
  }

  /** Shows another log, where it was left. */
  show(log) {
    if (this.#shown) {
      this.#places.set(this.#shown, this.following ? null : this.view.scrollTop);
      this.watcher.unobserve(this.#shown.node);
    }
    this.#shown = log;
    this.view.replaceChildren(log.node);
    this.watcher.observe(log.node); // a picture that has loaded, a quote that was opened
    const place = this.#places.get(log) ?? null;
    this.following = place === null;
    this.#missed = 0;
    if (this.following) this.#down();
    else this.view.scrollTop = place;
    this.#tell();
  }

  expect() {
    this.#expected = performance.now() + EXPECT_MS;
    this.#first = null;
  }

  toEnd() {
    this.following = true;
    this.#down();
    this.#tell();
  }

  /** Makes a change that must not move what is being read; if `change` returns a list item, its beginning is not left above the view. */
  keep(change) {
    const anchor = this.following ? null : this.#firstVisible();
    const was = anchor?.offsetTop; // not the rectangle: that one includes the animation of a message that has just come
    const item = change();
    if (this.following) this.#down();
    else if (anchor?.isConnected) this.view.scrollTop += anchor.offsetTop - was;
    if (item) this.#begin(item);
    this.#tell();
  }

  /** A new message: shown if the reader is at the end or waits for it, else counted on the pill. */
  arrive(add, mine) {
    const awaited = performance.now() < this.#expected;
    if (mine || awaited) this.following = true;
    if (!this.following) this.#missed += 1;
    this.keep(() => {
      const item = add();
      if (mine || !awaited) return item;
      this.#first = this.#first?.isConnected ? this.#first : item; // an answer in several messages is read from its beginning
      return this.#first;
    });
  }

  #begin(item) {
    const top = item.offsetTop - this.view.offsetTop - 8;
    if (top >= this.view.scrollTop) return;
    this.view.scrollTop = top;
    this.following = this.#atEnd();
  }

  #firstVisible() {
    const top = this.view.scrollTop + this.view.offsetTop;
    return [...this.#shown.node.children].find((node) => node.offsetTop + node.offsetHeight > top);
  }

  #down() {
    this.view.scrollTop = this.view.scrollHeight;
  }

  #atEnd() {
    return this.view.scrollHeight - this.view.clientHeight - this.view.scrollTop < NEAR_PX;
  }

  /** Only a move upwards ends the following: what grows below, such as a picture, does not. */
  #scrolled() {
    if (this.#atEnd()) this.following = true;
    else if (this.view.scrollTop < this.#top) {
      this.following = false;
      this.#expected = 0; // who scrolls back wants to read there
    }
    this.#tell();
  }

  #tell() {
    this.#top = this.view.scrollTop;
    if (this.following) this.#missed = 0;
    this.pill.hidden = this.following;
    this.pill.classList.toggle("many", this.#missed > 0);
    const words = this.#missed === 0 ? "" : this.#missed === 1 ? "1 new message" : `${this.#missed} new messages`;
    this.pill.lastChild.textContent = words;
    this.pill.setAttribute("aria-label", words ? `${words}, go there` : "Go to the newest message");
  }
}
