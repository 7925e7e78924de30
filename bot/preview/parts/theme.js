// The chosen colours are set before the first paint, so that a dark room never flashes white.
"use strict";
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // storage is switched off in this browser: the system's colours it is
}
