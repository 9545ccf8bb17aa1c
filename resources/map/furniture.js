// What stands round the map: buttons, legend, layers, scale, coordinates, graticule, measuring.
"use strict";

window.geolocdesk = window.geolocdesk || {};

(function (geolocdesk) {
  const element = (...rest) => geolocdesk.element(...rest);

  const LEAST_WIDTH_FOR_LEGEND_PX = 700;
  const LEGEND_GAP_PX = 22; // its margin below and some air above
  const LEAST_LEGEND_PX = 120;

  const OVERLAY_LAYERS = [
    ["density", "Probability surface"],
    ["cells", "Cells of places"],
    ["regions", "50 and 90 % regions"],
    ["rings", "Rings of the five levels"],
    ["neighbours", "Neighbours"],
    ["exif", "Position in EXIF"],
    ["labels", "Names"],
    ["graticule", "Graticule"],
  ];

  function button(icon, label, action) {
    const made = element("button", "tool");
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.append(element("span", "icon icon-" + icon));
    made.addEventListener("click", action);
    return made;
  }

  function panel(corner, className) {
    const made = element("div", "panel " + className);
    L.DomEvent.disableClickPropagation(made);
    L.DomEvent.disableScrollPropagation(made);
    document.querySelector("." + corner).append(made);
    return made;
  }

  geolocdesk.panel = panel;

  /** Buttons at the upper left. */
  geolocdesk.makeTools = function (map, actions) {
    const zoom = panel("leaflet-top.leaflet-left", "tools");
    zoom.append(
      button("zoom-in", "Zoom in (+)", () => map.zoomIn()),
      button("zoom-out", "Zoom out (−)", () => map.zoomOut()),
    );
    const views = panel("leaflet-top.leaflet-left", "tools");
    const fit = button("answer", "Show the answer (A)", () => actions.fit("answer"));
    const all = button("fit", "Show everything (E)", () => actions.fit("everything"));
    const world = button("globe", "Show the whole world (W)", () => actions.fit("world"));
    views.append(fit, all, world);
    const more = panel("leaflet-top.leaflet-left", "tools");
    const canMeasure = !geolocdesk.lacks?.has("measure");
    more.hidden = !canMeasure;
    const measure = button("ruler", "Measure a distance (M)", () => actions.measure(!geolocdesk.measuring));
    measure.setAttribute("aria-pressed", "false");
    more.append(measure);
    return {
      canMeasure,
      setOverlay(there) { fit.disabled = all.disabled = !there; },
      setMeasuring(on) {
        measure.setAttribute("aria-pressed", String(on));
        measure.classList.toggle("pressed", on);
      },
    };
  };

  /** The list of base maps and layers at the upper right, folded away behind one button. */
  class LayerList {
    constructor(actions) {
      this.actions = actions;
      this.box = panel("leaflet-top.leaflet-right", "layers");
      this.toggle = button("layers", "Layers (L)", () => this.open(this.list.hidden));
      this.toggle.setAttribute("aria-expanded", "false");
      this.list = element("div", "layer-list");
      this.list.hidden = true;
      this.box.append(this.toggle, this.list);
      this.boxes = new Map();
      this.maps = element("fieldset");
      this.maps.append(element("legend", "", "Base map"));
      this.list.append(this.maps, this.overlays());
      this.list.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        this.open(false);
        this.toggle.focus();
      });
    }

    open(shown) {
      this.list.hidden = !shown;
      this.toggle.setAttribute("aria-expanded", String(shown));
    }

    overlays() {
      const group = element("fieldset");
      group.append(element("legend", "", "On the map"));
      for (const [name, title] of OVERLAY_LAYERS) {
        if (geolocdesk.lacks?.has(name)) continue;
        const box = this.choice("checkbox", "layer-" + name, title, () => this.actions.setVisible(name, box.checked));
        box.checked = true;
        this.boxes.set(name, box);
        group.append(box.parentElement);
      }
      return group;
    }

    choice(type, id, title, changed) {
      const label = element("label");
      const input = element("input");
      input.type = type;
      input.id = id;
      input.addEventListener("change", changed);
      label.append(input, element("span", "", title));
      return input;
    }

    setVisible(name, shown) {
      const box = this.boxes.get(name);
      if (box) box.checked = shown;
    }

    showMaps(sources, chosen) {
      for (const old of this.maps.querySelectorAll("label")) old.remove();
      for (const [name, source] of sources) {
        const input = this.choice("radio", "map-" + name, source.name, () => this.actions.chooseMap(name));
        input.name = "base-map";
        input.checked = name === chosen;
        this.maps.append(input.parentElement);
      }
    }
  }

  geolocdesk.LayerList = LayerList;

  /** What the colours, lines and marks mean, at the lower left. */
  class Legend {
    constructor(actions) {
      this.actions = actions;
      this.box = panel("leaflet-bottom.leaflet-left", "legend");
      this.box.hidden = true;
      this.fold = element("button", "legend-title");
      this.fold.type = "button";
      this.fold.append(element("span", "", "Legend"), element("span", "icon icon-chevron-down"));
      this.fold.addEventListener("click", () => {
        this.isChosen = true;
        this.setFolded(!this.body.hidden);
      });
      this.body = element("div", "legend-body");
      this.box.append(this.fold, this.body);
      this.setFolded(false);
    }

    setFolded(folded) {
      this.body.hidden = folded;
      this.box.classList.toggle("folded", folded);
      this.fold.setAttribute("aria-expanded", String(!folded));
    }

    /** Fold where there is no room below the buttons, until the user says otherwise; then what does not fit scrolls. */
    follow(size) {
      this.size = size;
      if (this.box.hidden) return;
      const room = size.y - document.querySelector(".leaflet-top.leaflet-left").offsetHeight - LEGEND_GAP_PX;
      const wasFolded = this.body.hidden;
      this.setFolded(false);
      this.body.style.maxHeight = "none";
      const fits = this.box.offsetHeight <= room;
      const rest = room - (this.box.offsetHeight - this.body.offsetHeight);
      this.body.style.maxHeight = fits ? "none" : `${Math.max(rest, LEAST_LEGEND_PX)}px`;
      this.setFolded(this.isChosen ? wasFolded : size.x < LEAST_WIDTH_FOR_LEGEND_PX || !fits);
    }

    isOpen() {
      return !this.box.hidden && !this.body.hidden;
    }

    show(legend) {
      this.legend = legend;
      this.body.replaceChildren();
      this.box.hidden = !legend;
      if (!legend) return;
      const colours = legend.density[geolocdesk.theme];
      if (colours) this.body.append(this.ramp(colours));
      for (const region of legend.regions) this.body.append(this.row(this.swatch(region.mass <= 0.5 ? "core" : "rim"), region.title, region.text));
      const levels = element("div", "legend-levels");
      for (const level of legend.levels) levels.append(this.level(level));
      this.body.append(levels, this.neighbours(legend.neighbours));
      if (legend.exif) this.body.append(this.row(element("span", "exif sample"), "Position in EXIF", legend.exif));
      if (this.size) this.follow(this.size);
    }

    ramp(colours) {
      const made = element("div", "legend-ramp");
      const bar = element("span", "ramp");
      bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
      made.append(element("span", "", "less"), bar, element("span", "", "more probable"));
      return made;
    }

    swatch(kind) {
      return element("span", "swatch " + kind);
    }

    row(sample, title, text) {
      const made = element("div", "legend-row");
      made.append(sample, element("span", "", title), element("span", "quiet", text));
      return made;
    }

    level(level) {
      const made = element("button", "legend-row");
      made.type = "button";
      made.title = level.text;
      made.setAttribute("aria-label", `Show ring: ${level.title}, ${level.radius}, ${level.text}`);
      made.append(this.swatch("level-" + level.index), element("span", "", level.title), element("span", "quiet", level.radius), element("span", "number", level.probability));
      made.addEventListener("click", () => this.actions.fit(level.level));
      for (const [event, name] of [["pointerenter", level.level], ["focus", level.level], ["pointerleave", null], ["blur", null]]) {
        made.addEventListener(event, () => this.actions.highlightLevel(name));
      }
      return made;
    }

    neighbours(count) {
      const sample = element("span", "sizes");
      sample.append(element("span", "neighbour s1"), element("span", "neighbour s2"), element("span", "neighbour s3"));
      return this.row(sample, "Neighbours", count + ", sized by weight");
    }
  }

  geolocdesk.Legend = Legend;

  /** Scale, coordinates under the pointer and sources, along the lower right. */
  geolocdesk.makeFooter = function (map, bridge) {
    const north = panel("leaflet-top.leaflet-right", "north");
    north.setAttribute("role", "img");
    north.setAttribute("aria-label", "North is up");
    north.append(element("span", "needle"), element("span", "", "N"));
    const footer = panel("leaflet-bottom.leaflet-right", "footer");
    const sources = element("span", "sources");
    const coordinates = element("span", "coordinates");
    coordinates.setAttribute("aria-live", "off");
    const scale = L.control.scale({ maxWidth: 110, position: "bottomright" }).addTo(map);
    footer.append(coordinates, scale.getContainer(), sources);
    geolocdesk.showAttribution = (parts) => {
      sources.textContent = parts.join(" · ");
      sources.title = sources.textContent;
    };
    const notice = panel("leaflet-top.leaflet-right", "notice");
    notice.setAttribute("role", "status");
    document.querySelector("#map_geolocdesk").append(notice);
    geolocdesk.showNotice = (words) => {
      notice.textContent = words;
      notice.hidden = !words;
    };
    geolocdesk.showNotice("");
    let pending = null;
    map.on("mousemove", (event) => {
      if (!pending) requestAnimationFrame(() => {
        const at = pending;
        pending = null;
        coordinates.textContent = written(at);
        bridge.pointerMoved(at.lat, at.lng);
      });
      pending = event.latlng.wrap();
    });
    map.on("mouseout", () => { coordinates.textContent = ""; });
  };

  function written(at) {
    const latitude = Math.abs(at.lat).toFixed(4) + "° " + (at.lat < 0 ? "S" : "N");
    return latitude + "  " + Math.abs(at.lng).toFixed(4) + "° " + (at.lng < 0 ? "W" : "E");
  }

  /** Meridians and parallels of the part in view, as Python lays them out after each move. */
  class Graticule {
    constructor(map, bridge) {
      this.map = map;
      this.bridge = bridge;
      this.group = L.layerGroup().addTo(map);
      this.shown = true;
      map.on("moveend resize", () => this.ask());
    }

    ask() {
      if (!this.shown) return;
      const box = this.map.getBounds();
      const size = this.map.getSize();
      this.bridge.viewChanged(JSON.stringify([box.getWest(), box.getSouth(), box.getEast(), box.getNorth(), size.x, size.y]));
    }

    show(data) {
      this.group.clearLayers();
      if (!this.shown) return; // hidden while Python was laying it out
      L.geoJSON(data, {
        pane: "graticule", interactive: false, renderer: this.renderer,
        filter: (feature) => feature.geometry.type !== "Point",
        style: { color: geolocdesk.colour("map-graticule"), weight: 0.7, opacity: 0.55 },
      }).addTo(this.group);
      for (const label of data.features.filter((feature) => feature.geometry.type === "Point")) {
        const [longitude, latitude] = label.geometry.coordinates;
        L.marker([latitude, longitude], {
          pane: "graticule", interactive: false, keyboard: false,
          icon: L.divIcon({ className: "graticule-label " + label.properties.kind, html: element("span", "", label.properties.text), iconSize: [0, 0] }),
        }).addTo(this.group);
      }
    }

    setVisible(shown) {
      this.shown = shown;
      if (shown) this.ask();
      else this.group.clearLayers();
    }
  }

  geolocdesk.Graticule = Graticule;

  /** Points clicked on the map; the great circle between them and its length come from Python. */
  class Measure {
    constructor(map, bridge, tools) {
      this.map = map;
      this.bridge = bridge;
      this.tools = tools;
      this.group = L.layerGroup().addTo(map);
      this.points = [];
      map.on("click", (event) => {
        if (!geolocdesk.measuring) return;
        this.points.push([event.latlng.lat, event.latlng.lng]);
        this.send();
      });
    }

    set(on) {
      geolocdesk.measuring = on;
      this.map.getContainer().classList.toggle("measuring", on);
      this.tools.setMeasuring(on);
      this.points = [];
      this.group.clearLayers();
      this.bridge.measureToggled(on);
    }

    key(name) {
      if (name === "Escape") this.set(false);
      else if (name === "Backspace" && this.points.length) {
        this.points.pop();
        this.send();
      }
    }

    send() {
      this.bridge.measuredPoints(JSON.stringify(this.points));
    }

    show(data) {
      this.group.clearLayers();
      if (!data) return;
      L.geoJSON(data.line, { pane: "measure", interactive: false, style: { color: geolocdesk.colour("map-casing"), weight: 5, opacity: 0.7 } }).addTo(this.group);
      L.geoJSON(data.line, { pane: "measure", interactive: false, style: { color: geolocdesk.colour("accent"), weight: 2.4 } }).addTo(this.group);
      for (const point of data.points) {
        const [longitude, latitude] = point.coordinates;
        const dot = L.circleMarker([latitude, longitude], {
          pane: "measure", interactive: false, radius: 4.5, color: geolocdesk.colour("accent"), weight: 2, fillColor: geolocdesk.colour("raised"), fillOpacity: 1,
        }).addTo(this.group);
        if (point.text) dot.bindTooltip(element("span", "", point.text), { permanent: true, direction: "right", className: "measure-tip", offset: [8, 0] });
      }
    }
  }

  geolocdesk.Measure = Measure;
})(window.geolocdesk);
