// Brings the page together. Python speaks to it through receive() alone; it answers through the bridge alone.
"use strict";

(function (geolocdesk) {
  const WORLD = [-180, -62, 180, 80];
  const map = window.map_geolocdesk;
  const root = document.documentElement;

  geolocdesk.theme = geolocdesk.theme || (new URLSearchParams(location.search).get("theme") === "dark" ? "dark" : "light");
  root.dataset.theme = geolocdesk.theme;

  window.addEventListener("error", (event) => report(event.message, event.filename, event.lineno));
  window.addEventListener("unhandledrejection", (event) => report(String(event.reason), "", 0));

  let bridge = null;

  function report(message, file, line) {
    if (bridge) bridge.scriptFailed(`${message} (${file}:${line})`);
    else console.error(message);
  }

  function start() {
    map.setMinZoom(1);
    map.setMaxZoom(17);
    geolocdesk.makePanes(map);
    const overlay = new geolocdesk.Overlay(map, bridge);
    const actions = {
      fit: (name) => bridge.fitAsked(name),
      measure: (on) => measure.set(on),
      setVisible,
      chooseMap: (name) => baseMaps.choose(name),
      highlightLevel: (name) => overlay.highlightLevel(name),
    };
    const tools = geolocdesk.makeTools(map, actions);
    const layers = new geolocdesk.LayerList(actions);
    const legend = new geolocdesk.Legend(actions);
    geolocdesk.makeFooter(map, bridge);
    const graticule = new geolocdesk.Graticule(map, bridge);
    const measure = new geolocdesk.Measure(map, bridge, tools);
    const baseMaps = new geolocdesk.BaseMaps(map, bridge);
    tools.setOverlay(false);
    baseMaps.draw();
    layers.showMaps(baseMaps.sources, baseMaps.chosen);

    function setVisible(name, shown) {
      if (name === "labels") baseMaps.setLabels(shown);
      else if (name === "graticule") graticule.setVisible(shown);
      else overlay.setVisible(name, shown);
      layers.setVisible(name, shown);
    }

    /** Move the view to a box, keeping it clear of the buttons and of an open legend. */
    function fit([west, south, east, north], greatestZoom) {
      const { x: width } = map.getSize();
      const left = legend.isOpen() ? legend.box.offsetWidth + 24 : 52;
      const roomy = width > 520;
      map.fitBounds([[south, west], [north, east]], {
        animate: false, maxZoom: greatestZoom,
        paddingTopLeft: [roomy ? left : 12, 20], paddingBottomRight: [roomy ? 52 : 12, 40],
      });
    }

    const receivers = {
      overlay({ overlay: data, fit: bounds }) {
        const started = performance.now();
        // two frames later the overlay is on the screen; the tiles of a new place are painted after that
        const onScreen = new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        baseMaps.waitFor(onScreen);
        onScreen.then(() => bridge.overlayDrawn(performance.now() - started));
        overlay.clear();
        legend.show(data.legend);
        geolocdesk.showNotice(data.legend.notice);
        tools.setOverlay(true);
        // moved while empty, so that nothing is laid out twice
        if (bounds) fit(bounds, 12);
        overlay.show(data);
      },
      clear() {
        overlay.clear();
        legend.show(null);
        geolocdesk.showNotice("");
        tools.setOverlay(false);
      },
      fit: ({ bounds }) => fit(bounds, 16),
      theme({ theme }) {
        geolocdesk.theme = theme;
        root.dataset.theme = theme;
        baseMaps.draw();
        overlay.restyle();
        legend.show(legend.legend);
        graticule.ask();
      },
      neighbour: ({ rank }) => overlay.highlightNeighbour(rank),
      level: ({ level }) => overlay.highlightLevel(level),
      visible: ({ layer, shown }) => setVisible(layer, shown),
      tiles({ source }) {
        source.namesPlaces = geolocdesk.namesPlaces(source.vectorLayers);
        baseMaps.add(source);
        baseMaps.choose(source.source);
        layers.showMaps(baseMaps.sources, baseMaps.chosen);
      },
      graticule: ({ data }) => graticule.show(data),
      measure: ({ on }) => measure.set(on),
      measurement: ({ data }) => measure.show(data),
    };

    /** The one way in. */
    geolocdesk.receive = (message) => receivers[message.kind](message);
    geolocdesk.inspect = { map, overlay, baseMaps, layers, legend, measure, graticule };

    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (geolocdesk.measuring && ["Escape", "Backspace"].includes(event.key)) {
        measure.key(event.key);
        return;
      }
      const action = {
        a: () => actions.fit("answer"), e: () => actions.fit("everything"), w: () => actions.fit("world"),
        m: () => { if (tools.canMeasure) measure.set(!geolocdesk.measuring); }, l: () => layers.open(layers.list.hidden),
      }[event.key.toLowerCase()];
      if (action) action();
    });

    fit(WORLD);
    graticule.ask();
    legend.follow(map.getSize());
    map.on("resize", () => legend.follow(map.getSize()));
    document.fonts.load("12px Inter").finally(() => bridge.pageReady());
  }

  // in a report no program listens: the page brings answers of its own to what it would ask
  if (geolocdesk.localBridge) {
    bridge = geolocdesk.localBridge;
    start();
  } else {
    new QWebChannel(qt.webChannelTransport, (channel) => {
      bridge = channel.objects.bridge;
      start();
    });
  }
})(window.geolocdesk);
