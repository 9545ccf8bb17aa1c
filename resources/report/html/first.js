// Before anything is drawn: the reader's colours, and that scripts run at all.
"use strict";

(function (root) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("scripted");
  root.dataset.theme = dark.matches && !matchMedia("print").matches ? "dark" : "light";
})(document.documentElement);
