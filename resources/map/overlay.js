// One analysis on the map. Everything drawn here was worked out in Python; this file only gives it its look.
"use strict";

window.geolocdesk = window.geolocdesk || {};

(function (geolocdesk) {
  const LAYERS = ["density", "cells", "regions", "rings", "links", "neighbours", "exif", "answers"];
  const LEVEL_DASHES = ["", "10 4", "6 4", "2 4", "10 4 2 4"];
  const LEAST_NUMBERED_RADIUS_PX = 7.5;
  const LEAST_RING_RADIUS_PX = 24;
  const SMOOTH_PX = 0.3;

  function element(tag, className, content) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  geolocdesk.element = element;

  /** A tooltip's content; texts may come from files, so they are set as text and never as markup. */
  function card(properties) {
    const made = element("div", "card");
    made.append(element("strong", "", properties.title));
    for (const line of properties.lines || [properties.text]) {
      if (line) made.append(element("span", "", line));
    }
    return made;
  }

  function withCard(layer, properties, options) {
    return layer.bindTooltip(() => card(properties), { direction: "top", opacity: 1, className: "card-tip", ...options });
  }

  class Overlay {
    constructor(map, bridge) {
      this.map = map;
      this.bridge = bridge;
      this.groups = Object.fromEntries(LAYERS.map((name) => [name, L.layerGroup().addTo(map)]));
      this.lineLabels = L.layerGroup().addTo(map);
      this.outside = L.layerGroup().addTo(map);
      this.renderers = {};
      this.hidden = new Set();
      this.data = null;
      this.markers = new Map();
      this.highlighted = null;
      map.on("zoomend resize", () => this.followZoom());
    }

    renderer(pane) {
      this.renderers[pane] = this.renderers[pane] || L.svg({ pane, padding: 0.4 });
      return this.renderers[pane];
    }

    clear() {
      for (const group of Object.values(this.groups)) group.clearLayers();
      this.lineLabels.clearLayers();
      this.outside.clearLayers();
      this.markers.clear();
      this.rings = new Map();
      this.links = new Map();
      this.data = null;
      this.highlighted = null;
    }

    show(data) {
      this.clear();
      this.data = data;
      this.drawOutside(data.centre_longitude);
      this.drawDensity(data.layers.density);
      this.drawCells(data.layers.cells);
      this.drawRegions(data.layers.regions);
      this.drawRings(data.layers.rings);
      this.drawNeighbours(data.layers.neighbours);
      this.drawExif(data.layers.exif);
      this.drawAnswers(data.layers.answers);
      this.prepareLinks(data.layers.links);
      this.followZoom();
    }

    /** Inside its peak the surface is all of one colour and says nothing; it makes room for the map there. */
    followZoom() {
      this.placeLineLabels();
      if (!this.data) return;
      const [west, south, east, north] = this.data.bounds.answer;
      const whole = this.map.getBoundsZoom([[south, west], [north, east]]);
      const closer = Math.max(0, this.map.getZoom() - whole - 1);
      this.map.getPane("density").style.opacity = Math.max(0.25, 1 - 0.22 * closer);
    }

    /** Colours changed: paint again what has no style sheet. */
    restyle() {
      if (this.data) {
        const level = this.highlightedLevel;
        const rank = this.highlighted;
        this.show(this.data);
        this.highlightLevel(level);
        this.highlightNeighbour(rank);
      }
    }

    setVisible(name, shown) {
      if (shown) this.hidden.delete(name);
      else this.hidden.add(name);
      const groups = name === "rings" ? [this.groups.rings, this.groups.answers] : [this.groups[name]];
      for (const group of groups) {
        if (shown) group.addTo(this.map);
        else group.remove();
      }
      this.placeLineLabels();
    }

    /** Dim what lies beyond the strip of longitudes that is shown, so that no copy of the world looks empty. */
    drawOutside(centre) {
      for (const [west, east] of [[centre - 1800, centre - 180], [centre + 180, centre + 1800]]) {
        L.rectangle([[-86, west], [86, east]], {
          pane: "outside", renderer: this.renderer("outside"), interactive: false, stroke: false, fillColor: geolocdesk.colour("map-outside"), fillOpacity: 0.86,
        }).addTo(this.outside);
      }
    }

    drawDensity(collection) {
      for (const band of collection.features) {
        const { colours, opacities } = band.properties;
        L.geoJSON(band, {
          pane: "density", renderer: this.renderer("density"), interactive: false,
          style: { stroke: false, fillColor: colours[geolocdesk.theme], fillOpacity: opacities[geolocdesk.theme] },
        }).addTo(this.groups.density);
      }
    }

    /** The cells that an answer from classes rests on; the surface beneath has their colours. */
    drawCells(collection) {
      for (const cell of collection?.features ?? []) {
        const outline = L.geoJSON(cell, {
          pane: "cells", renderer: this.renderer("cells"),
          style: { color: geolocdesk.colour("text"), weight: 0.7, opacity: 0.5, fillOpacity: 0, smoothFactor: SMOOTH_PX },
        });
        withCard(outline, cell.properties, { sticky: true }).addTo(this.groups.cells);
      }
    }

    drawRegions(collection) {
      for (const region of collection.features) {
        const core = region.properties.mass <= 0.5;
        this.casedLine(region, "regions", {
          color: geolocdesk.colour("text"), weight: core ? 2 : 1.1, opacity: core ? 0.9 : 0.8,
        }, this.groups.regions);
      }
    }

    drawRings(collection) {
      for (const ring of collection.features) {
        const properties = ring.properties;
        const style = {
          color: geolocdesk.colour("levels-" + properties.index), weight: 2, opacity: 0.95, dashArray: LEVEL_DASHES[properties.index] || null,
        };
        this.rings.set(properties.level, this.casedLine(ring, "rings", style, this.groups.rings));
      }
    }

    /** A line over a pale casing, so that it reads on any ground; returns the line. */
    casedLine(feature, pane, style, group) {
      const renderer = this.renderer(pane);
      L.geoJSON(feature, {
        pane, renderer, interactive: false, style: { color: geolocdesk.colour("map-casing"), weight: style.weight + 2.5, opacity: 0.55, lineCap: "round", smoothFactor: SMOOTH_PX },
      }).addTo(group);
      const line = L.geoJSON(feature, { pane, renderer, style: { lineCap: "butt", smoothFactor: SMOOTH_PX, ...style } });
      return withCard(line, feature.properties, { sticky: true }).addTo(group);
    }

    /** Name the lines at their northernmost points, where there is room for it. */
    placeLineLabels() {
      this.lineLabels.clearLayers();
      if (!this.data) return;
      const { rings, regions, answers } = this.data.layers;
      const answer = this.map.latLngToLayerPoint(latLng(answers.features[answers.features.length - 1]));
      const taken = [];
      const lines = [
        ...(this.hidden.has("rings") ? [] : rings.features.map((ring) => [ring.properties, "level-" + ring.properties.index])),
        ...(this.hidden.has("regions") ? [] : regions.features.map((region) => [region.properties, "region"])),
      ];
      for (const [{ top, short }, kind] of lines) {
        const place = this.map.latLngToLayerPoint([top[1], top[0]]);
        const crowded = taken.some((other) => Math.abs(other.x - place.x) < 52 && Math.abs(other.y - place.y) < 17);
        if (crowded || place.distanceTo(answer) < LEAST_RING_RADIUS_PX) continue;
        taken.push(place);
        lineLabel(top, short, kind).addTo(this.lineLabels);
      }
    }

    drawNeighbours(collection) {
      for (const neighbour of collection.features) {
        const { rank, radius_px: radius } = neighbour.properties;
        const dot = element("span", "neighbour" + (radius < LEAST_NUMBERED_RADIUS_PX ? " small" : ""), String(rank));
        const size = 2 * radius;
        const marker = L.marker(latLng(neighbour), {
          pane: "neighbours", keyboard: false, zIndexOffset: Math.round(radius * 1000), riseOnHover: true,
          icon: L.divIcon({ className: "neighbour-place" + reach(neighbour), html: dot, iconSize: [size, size] }),
        });
        withCard(marker, neighbour.properties, { offset: [0, -radius] });
        marker.on("click", () => this.bridge.neighbourClicked(rank));
        marker.addTo(this.groups.neighbours);
        this.markers.set(rank, marker);
        this.prepareKeyboard(marker, rank, neighbour.properties.label);
      }
      const first = this.markers.get(1) || this.markers.values().next().value;
      if (first && first.getElement()) first.getElement().tabIndex = 0;
    }

    /** One tab stop for all neighbours; the arrow keys lead from rank to rank, Return selects. */
    prepareKeyboard(marker, rank, label) {
      const place = marker.getElement();
      if (!place) return;
      place.tabIndex = -1;
      place.setAttribute("role", "button");
      place.setAttribute("aria-label", label);
      place.addEventListener("focus", () => marker.openTooltip());
      place.addEventListener("blur", () => marker.closeTooltip());
      place.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (step) this.focusNeighbour(rank + step, place);
        else if (event.key === "Enter" || event.key === " ") this.bridge.neighbourClicked(rank);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
    }

    focusNeighbour(rank, from) {
      const marker = this.markers.get(rank);
      if (!marker) return;
      from.tabIndex = -1;
      marker.getElement().tabIndex = 0;
      marker.getElement().focus();
    }

    drawExif(collection) {
      for (const claim of collection.features) {
        const marker = L.marker(latLng(claim), {
          pane: "exif", keyboard: true, icon: L.divIcon({ className: "exif-place" + reach(claim), html: element("span", "exif"), iconSize: [18, 18] }),
        });
        withCard(marker, claim.properties, { offset: [0, -8] }).addTo(this.groups.exif);
        marker.getElement()?.setAttribute("aria-label", claim.properties.label);
      }
    }

    drawAnswers(collection) {
      for (const answer of collection.features) {
        const { level, index } = answer.properties;
        const best = level === undefined;
        const mark = element("span", best ? "answer best" : "answer level-" + index);
        const size = best ? 26 : 11;
        const marker = L.marker(latLng(answer), {
          pane: "answers", keyboard: false, interactive: !best, icon: L.divIcon({ className: "answer-place" + reach(answer), html: mark, iconSize: [size, size] }),
        });
        withCard(marker, answer.properties, { offset: [0, -6] }).addTo(this.groups.answers);
      }
    }

    /** Lines to the answer stay hidden until their neighbour is highlighted; the one to the EXIF position shows. */
    prepareLinks(collection) {
      for (const link of collection.features) {
        const rank = link.properties.rank;
        const isClaim = rank === undefined;
        const line = L.geoJSON(link, {
          pane: "links", renderer: this.renderer("links"), interactive: false,
          style: { color: geolocdesk.colour(isClaim ? "exif" : "neighbour"), weight: 1.6, opacity: 0.85, dashArray: isClaim ? "3 5" : null },
        });
        if (isClaim) line.addTo(this.groups.exif);
        else this.links.set(rank, line);
      }
    }

    highlightNeighbour(rank) {
      const before = this.markers.get(this.highlighted);
      before?.getElement()?.classList.remove("highlighted");
      before?.setZIndexOffset(before.options.zIndexOffset % 100000);
      this.groups.links.clearLayers();
      this.highlighted = rank;
      const marker = this.markers.get(rank);
      if (!marker) return;
      marker.getElement()?.classList.add("highlighted");
      marker.setZIndexOffset(marker.options.zIndexOffset + 100000);
      this.links.get(rank)?.addTo(this.groups.links);
    }

    highlightLevel(name) {
      this.highlightedLevel = name;
      for (const [level, ring] of this.rings || []) {
        const chosen = level === name;
        ring.setStyle({ weight: chosen ? 4 : 2, opacity: name && !chosen ? 0.35 : 0.95, fill: chosen, fillOpacity: chosen ? 0.08 : 0, fillColor: ring.options.style.color });
        if (chosen) ring.bringToFront();
      }
    }
  }

  function lineLabel([longitude, latitude], text, kind) {
    const label = element("span", "line-label " + kind, text);
    return L.marker([latitude, longitude], {
      pane: "line-labels", interactive: false, keyboard: false, icon: L.divIcon({ className: "line-label-place", html: label, iconSize: [0, 0] }),
    });
  }

  /** A class for marks beyond the map's edge, which Leaflet draws at the edge. */
  function reach(feature) {
    return feature.properties.beyond ? " beyond" : "";
  }

  function latLng(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    return L.latLng(latitude, longitude);
  }

  geolocdesk.Overlay = Overlay;
})(window.geolocdesk);
