// Where a link leads: into a chat of this page, out to the web, or nowhere. Only http, https, mailto and tel ever become an address.

const HOSTS = new Set(["t.me", "www.t.me", "telegram.me"]);
const PAYLOAD = /^[A-Za-z0-9_-]{1,64}$/; // core.telegram.org/bots/features#deep-linking
const OUTSIDE = new Set(["http:", "https:", "mailto:", "tel:"]);

/** {start: payload} for the bot's own links (empty payload: just open the chat), {href} for others, null for what is no link. */
export function destination(address, username) {
  const url = parse(address);
  if (!url) return null;
  const name = HOSTS.has(url.hostname) ? url.pathname.slice(1) : url.protocol === "tg:" ? url.searchParams.get("domain") : null;
  if (name && username && name.toLowerCase() === username.toLowerCase()) {
    const payload = url.searchParams.get("start") ?? "";
    return { start: PAYLOAD.test(payload) ? payload : "" };
  }
  return OUTSIDE.has(url.protocol) ? { href: url.href } : null;
}

function parse(address) {
  const full = /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`;
  return URL.canParse(full) ? new URL(full) : null;
}
