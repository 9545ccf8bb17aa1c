// Which part of the report shows, and the map beside it. All texts are in the document already.
"use strict";

window.geolocdesk = window.geolocdesk || {};

(function (geolocdesk) {
  const root = document.documentElement;
  const desk = document.querySelector(".desk");
  const content = document.querySelector("#content");
  const pages = new Map([...content.querySelectorAll(":scope > .page")].map((page) => [page.id, page]));
  const links = new Map([...document.querySelectorAll(".exhibits li a")].map((link) => [link.hash.slice(1), link]));
  const map = window.map_geolocdesk;
  const hasMap = Boolean(geolocdesk.receive);
  let current = null;

  const warn = (words) => {
    const notice = document.querySelector("#page-failure");
    notice.textContent = words;
    notice.hidden = false;
  };

  // Pages

  function opening() {
    const analysed = [...links].find(([, link]) => link.classList.contains("analysed"));
    return analysed ? analysed[0] : "overview";
  }

  function show(name) {
    const page = pages.get(name) || pages.get(opening());
    if (page === current) return;
    if (current) current.classList.remove("shown");
    current = page;
    page.classList.add("shown");
    for (const details of page.querySelectorAll("details")) details.open = false;
    desk.classList.toggle("wide", page.classList.contains("wide") || !hasMap);
    content.scrollTop = 0;
    mark(page.id);
    if (hasMap && page.classList.contains("exhibit")) draw(page);
  }

  function mark(id) {
    for (const link of document.querySelectorAll(".exhibits a, .pages a")) {
      if (link.hash === "#" + id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    links.get(id)?.scrollIntoView({ block: "nearest" });
  }

  // The map

  async function draw(page) {
    const block = page.querySelector(".overlay");
    const overlay = block ? await geolocdesk.openOverlay(block) : null;
    if (page !== current) return;
    geolocdesk.report.overlay = overlay;
    map.invalidateSize({ animate: false });
    if (overlay) {
      geolocdesk.receive({ kind: "overlay", overlay, fit: overlay.bounds.answer });
    } else {
      geolocdesk.receive({ kind: "clear" });
      geolocdesk.localBridge.fitAsked("world");
    }
  }

  function highlight(rank, page) {
    for (const card of page.querySelectorAll(".neighbour-card")) {
      const chosen = card.dataset.rank === String(rank);
      card.classList.toggle("chosen", chosen);
      card.querySelector("button")?.setAttribute("aria-pressed", String(chosen));
    }
    geolocdesk.receive({ kind: "neighbour", rank });
  }

  content.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !hasMap) return;
    if (button.matches(".show-level")) geolocdesk.localBridge.fitAsked(button.dataset.level);
    if (button.matches(".show-neighbour")) {
      const card = button.closest(".neighbour-card");
      highlight(card.classList.contains("chosen") ? null : Number(card.dataset.rank), current);
    }
  });

  if (hasMap) {
    geolocdesk.report.neighbourClicked = (rank) => {
      highlight(rank, current);
      current.querySelector(`.neighbour-card[data-rank="${rank}"]`)?.scrollIntoView({ block: "nearest" });
    };
    new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(document.querySelector(".map-pane"));
  }

  // The list: small pictures are taken from the exhibits, when they come into view

  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      const photo = document.querySelector(target.closest("a").hash + " .photo img");
      if (!photo) continue;
      const picture = new Image();
      picture.alt = "";
      picture.src = photo.src;
      target.append(picture);
    }
  }, { root: document.querySelector(".exhibits"), rootMargin: "200px" });
  for (const thumb of document.querySelectorAll(".exhibits .thumb")) seen.observe(thumb);

  document.querySelector("#filter").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let found = 0;
    for (const link of links.values()) {
      const fits = link.textContent.toLowerCase().includes(wanted);
      link.parentElement.hidden = !fits;
      if (fits) found += 1;
    }
    document.querySelector(".nothing-found").hidden = found > 0;
  });

  // Colours and paper

  const dark = matchMedia("(prefers-color-scheme: dark)");

  const wanted = () => (dark.matches ? "dark" : "light");

  function setTheme(theme) {
    root.dataset.theme = theme;
    if (hasMap && geolocdesk.theme !== theme) geolocdesk.receive({ kind: "theme", theme });
  }

  dark.addEventListener("change", () => {
    if (!root.classList.contains("printing")) setTheme(wanted());
  });

  /** Print in the light colours, once the map is drawn in them. */
  function print(everything) {
    root.classList.toggle("print-everything", everything);
    if (!hasMap || everything || geolocdesk.theme === "light") {
      window.print();
      return;
    }
    geolocdesk.report.tilesDrawn = () => {
      geolocdesk.report.tilesDrawn = () => {};
      requestAnimationFrame(() => window.print());
    };
    setTheme("light");
  }

  document.querySelector("#print-page").addEventListener("click", () => print(false));
  document.querySelector("#print-all").addEventListener("click", () => print(true));
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    root.classList.add("printing");
    // the map itself keeps its colours: there is no time to draw it again
    root.dataset.theme = "light";
    // paper is narrower than most windows: keep the middle of the map
    if (hasMap) map.invalidateSize({ animate: false });
  });
  window.addEventListener("afterprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = false;
    root.classList.remove("print-everything", "printing");
    setTheme(wanted());
    if (hasMap) map.invalidateSize({ animate: false });
  });

  if (document.querySelector("#tiles") && typeof DecompressionStream === "undefined") {
    warn("This browser is too old to draw the maps. All texts and pictures are here; open the file in a current browser to see the maps.");
  }
  window.addEventListener("hashchange", () => {
    const name = location.hash.slice(1);
    if (pages.has(name)) show(name);
  });
  show(location.hash.slice(1));
})(window.geolocdesk);
