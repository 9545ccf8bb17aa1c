// What the map asks of the program, answered from what this file carries; then the map itself.
"use strict";

window.geolocdesk = window.geolocdesk || {};

(function (geolocdesk) {
  /** The bytes packed into a block of this file. */
  async function unpacked(block) {
    const text = atob(block.textContent);
    const bytes = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  /** Lines from their steps: see html_map.py. */
  function unfolded(steps, unitsPerDegree) {
    if (!steps.length || Array.isArray(steps[0])) return steps.map((inner) => unfolded(inner, unitsPerDegree));
    const line = [];
    let x = 0;
    let y = 0;
    for (let index = 0; index < steps.length; index += 2) {
      x += steps[index];
      y += steps[index + 1];
      line.push([x / unitsPerDegree, y / unitsPerDegree]);
    }
    return line;
  }

  /** An exhibit's overlay as the map takes it. */
  async function openOverlay(block) {
    const overlay = JSON.parse(new TextDecoder().decode(await unpacked(block)));
    for (const [layer, units] of Object.entries(overlay.units_per_degree)) {
      for (const { geometry } of overlay.layers[layer].features) geometry.coordinates = unfolded(geometry.coordinates, units);
    }
    return overlay;
  }

  /** The tiles: the length of a list of places as four bytes, the list, and the tiles themselves. */
  async function openShelf(block) {
    const content = await unpacked(block);
    const start = 4 + new DataView(content).getUint32(0);
    const places = JSON.parse(new TextDecoder().decode(content.slice(4, start)));
    return { places, content, start };
  }

  const opened = openShelf(document.querySelector("#tiles"));
  const zooms = document.querySelector("#tiles").dataset;

  geolocdesk.openOverlay = openOverlay;
  geolocdesk.theme = document.documentElement.dataset.theme;
  // both need geometry, which is computed in the program and nowhere else
  geolocdesk.lacks = new Set(["measure", "graticule"]);
  geolocdesk.shelf = {
    groundZoom: Number(zooms.groundZoom),
    labelZoom: Number(zooms.labelZoom),
    tiles: (name) => ({
      async getZxy(zoom, column, row) {
        const { places, content, start } = await opened;
        const place = places[`${name}/${zoom}/${column}/${row}`];
        if (!place) return undefined;
        const [offset, length] = place;
        return { data: content.slice(start + offset, start + offset + length) };
      },
    }),
  };

  const nothing = () => {};
  geolocdesk.report = { neighbourClicked: nothing, tilesDrawn: nothing, overlay: null };
  geolocdesk.localBridge = {
    pageReady: nothing, overlayDrawn: nothing, pointerMoved: nothing, viewChanged: nothing, measuredPoints: nothing, measureToggled: nothing,
    tilesDrawn: () => geolocdesk.report.tilesDrawn(),
    neighbourClicked: (rank) => geolocdesk.report.neighbourClicked(rank),
    scriptFailed: (message) => console.error(message),
    fitAsked(name) {
      const overlay = geolocdesk.report.overlay;
      const centre = overlay ? overlay.centre_longitude : 0;
      const bounds = name === "world" ? [centre - 180, -62, centre + 180, 80] : overlay?.bounds[name];
      if (bounds) geolocdesk.receive({ kind: "fit", bounds });
    },
  };

  window.map_geolocdesk = L.map("map_geolocdesk", {
    center: [20, 10], zoom: 2, zoomControl: false, attributionControl: false, wheelPxPerZoomLevel: 90, bounceAtZoomLimits: false,
    keyboardPanDelta: 120,
  });
})(window.geolocdesk);
