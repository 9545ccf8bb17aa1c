// The ground: Natural Earth and the names on it, and the user's own tiles in its stead.
"use strict";

window.geolocdesk = window.geolocdesk || {};

(function (geolocdesk) {
  const TILES = "geolocdesk://map/tiles/";
  const GROUND_ZOOM = geolocdesk.shelf?.groundZoom ?? 6;
  const LABEL_ZOOM = geolocdesk.shelf?.labelZoom ?? 9;
  const LABEL_ROOM_PX = 3;
  const FONT = "Inter, 'Noto Sans', 'Segoe UI', sans-serif";

  // Panes from the lowest to the highest; Leaflet's own tile pane is 200, markers 600, tooltips 650.
  const PANES = {
    ground: 210, density: 350, graticule: 355, labels: 360, outside: 370, cells: 380,
    rings: 410, regions: 420, links: 430, measure: 440,
    neighbours: 610, answers: 620, exif: 630, "line-labels": 640,
  };

  /** Where our own tiles come from: the program, or in a report the shelf of tiles it carries. */
  function shippedTiles(name) {
    return geolocdesk.shelf ? geolocdesk.shelf.tiles(name) : TILES + name + "/{z}/{x}/{y}";
  }

  geolocdesk.colour = function (name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  };

  geolocdesk.makePanes = function (map) {
    for (const [name, height] of Object.entries(PANES)) {
      const pane = map.createPane(name);
      pane.style.zIndex = height;
      if (height < 400) pane.style.pointerEvents = "none";
    }
  };

  function area(fill, stroke, width) {
    return new protomapsL.PolygonSymbolizer({ fill, stroke: stroke || fill, width: width || 0 });
  }

  function line(color, width, dash) {
    // with dashes the library takes dashColor and dashWidth, but only when asked per feature
    if (dash) return new protomapsL.LineSymbolizer({ dash, dashColor: color, dashWidth: width, perFeature: true });
    return new protomapsL.LineSymbolizer({ color, width, lineJoin: "round" });
  }

  function byZoom(stops) {
    return protomapsL.linear(stops);
  }

  function groundRules() {
    const colour = geolocdesk.colour;
    const isDisputed = (zoom, feature) => feature.props.kind === "disputed";
    return [
      { dataLayer: "land", symbolizer: area(colour("map-land"), colour("map-coast"), byZoom([[2, 0.5], [8, 1]])) },
      { dataLayer: "lakes", symbolizer: area(colour("map-sea"), colour("map-coast"), byZoom([[3, 0.3], [8, 0.8]])) },
      { dataLayer: "provinces", minzoom: 5, symbolizer: line(colour("map-province"), byZoom([[5, 0.6], [9, 1]])) },
      {
        dataLayer: "borders", filter: (zoom, feature) => !isDisputed(zoom, feature),
        symbolizer: line(colour("map-border"), byZoom([[2, 0.5], [5, 1], [9, 1.6]])),
      },
      { dataLayer: "borders", filter: isDisputed, symbolizer: line(colour("map-disputed"), 1.1, [4, 3]) },
    ];
  }

  function text(options) {
    return {
      fontFamily: FONT, stroke: geolocdesk.colour("map-halo"), width: 1.6, lineHeight: 1.25, ...options,
    };
  }

  function cityRules() {
    const fill = geolocdesk.colour("map-city-label");
    const size = (zoom, feature) => {
      const population = feature ? feature.props.population : 0;
      return 10.5 + (population > 1e6 ? 1.5 : 0) + (population > 2e5 ? 0.5 : 0) + Math.min(Math.max(zoom - 6, 0), 3) * 0.4;
    };
    const weight = (zoom, feature) => (feature && feature.props.capital ? 600 : 400);
    const dot = new protomapsL.CircleSymbolizer({
      radius: (zoom, feature) => (feature && feature.props.capital ? 2.4 : 1.8),
      fill, stroke: geolocdesk.colour("map-halo"), width: 1.2,
    });
    const name = new protomapsL.OffsetTextSymbolizer(text({
      fill, fontSize: size, fontWeight: weight, offsetX: 5, offsetY: 4, maxLineChars: 40,
      placements: [3, 7],
    }));
    return [{
      dataLayer: "cities", minzoom: 3, filter: (zoom, feature) => feature.props.first_zoom <= zoom,
      sort: (first, second) => first.first_zoom - second.first_zoom || second.population - first.population,
      symbolizer: new protomapsL.Padding(LABEL_ROOM_PX, new protomapsL.GroupSymbolizer([dot, name])),
    }];
  }

  function countryRules() {
    const countries = new protomapsL.CenteredTextSymbolizer(text({
      fill: geolocdesk.colour("map-country-label"), fontWeight: 600, letterSpacing: 0.4, maxLineChars: 16,
      fontSize: (zoom, feature) => Math.min(10 + Math.max(0, 5 - (feature ? feature.props.rank : 5)) * 0.7 + Math.max(zoom - 3, 0) * 0.6, 15),
    }));
    return [{ dataLayer: "countries", maxzoom: 8, sort: (first, second) => first.rank - second.rank, symbolizer: new protomapsL.Padding(LABEL_ROOM_PX, countries) }];
  }

  function seaRules() {
    const seas = new protomapsL.CenteredTextSymbolizer(text({
      fill: geolocdesk.colour("map-sea-label"), stroke: geolocdesk.colour("map-sea"), fontStyle: "italic",
      fontSize: byZoom([[2, 10.5], [6, 13]]), letterSpacing: 1, maxLineChars: 11,
    }));
    return [{ dataLayer: "seas", maxzoom: 8, symbolizer: seas }];
  }

  function labelRules() {
    return [...countryRules(), ...cityRules(), ...seaRules()];
  }

  // Other people's vector tiles: OpenMapTiles' and Protomaps' layers by name, anything else in plain outline.
  const WATER = new Set(["water", "ocean", "sea", "lakes", "lake"]);
  const LAND = new Set(["land", "earth"]);
  const WATERWAYS = new Set(["waterway", "rivers", "physical_line"]);
  const GREEN = new Set(["landcover", "landuse", "park", "natural"]);
  const ROADS = new Set(["transportation", "roads", "road", "streets"]);
  const BORDERS = new Set(["boundary", "boundaries", "borders"]);
  const BUILDINGS = new Set(["building", "buildings"]);
  const PLACES = new Set(["place", "places", "cities", "place_label"]);

  function foreignSymbolizer(layer) {
    const colour = geolocdesk.colour;
    if (WATER.has(layer)) return area(colour("map-sea"));
    if (LAND.has(layer)) return area(colour("map-land"));
    if (GREEN.has(layer)) return new protomapsL.PolygonSymbolizer({ fill: colour("success-fill"), opacity: 0.55 });
    if (BUILDINGS.has(layer)) return area(colour("map-province"), colour("map-border"), 0.4);
    if (WATERWAYS.has(layer)) return line(colour("map-coast"), byZoom([[6, 0.5], [14, 2]]));
    if (ROADS.has(layer)) return line(colour("map-border"), byZoom([[5, 0.5], [10, 1], [16, 4]]));
    if (BORDERS.has(layer)) return line(colour("map-border"), 1, [5, 3]);
    return null;
  }

  function foreignRules(layers) {
    const order = [LAND, GREEN, WATER, WATERWAYS, BUILDINGS, ROADS, BORDERS];
    const known = order.flatMap((kind) => layers.filter((layer) => kind.has(layer)));
    const rules = known.map((layer) => ({ dataLayer: layer, symbolizer: foreignSymbolizer(layer) }));
    for (const layer of layers.filter((name) => !known.includes(name) && !PLACES.has(name))) {
      rules.push({ dataLayer: layer, filter: (zoom, feature) => feature.geomType !== 1, symbolizer: line(geolocdesk.colour("map-border"), 0.7) });
    }
    return rules;
  }

  function foreignLabelRules(layers) {
    const name = new protomapsL.CenteredTextSymbolizer(text({
      labelProps: ["name:en", "name_en", "name:latin", "name"], fill: geolocdesk.colour("map-city-label"), fontSize: 11.5,
    }));
    return layers.filter((layer) => PLACES.has(layer)).map((layer) => ({
      dataLayer: layer, filter: (zoom, feature) => feature.geomType === 1, symbolizer: name,
    }));
  }

  function vectorLayer(options) {
    return protomapsL.leafletLayer({ attribution: "", tileDelay: 0.5, ...options });
  }

  /** The base maps: ours, and each of the user's files under the name of its source. */
  class BaseMaps {
    constructor(map, bridge) {
      this.map = map;
      this.bridge = bridge;
      this.chosen = "basemap";
      this.hidden = new Set();
      this.sources = new Map([["basemap", { name: "Natural Earth", attribution: "Natural Earth" }]]);
      this.layers = [];
    }

    add(source) {
      this.sources.set(source.source, source);
    }

    choose(name) {
      this.chosen = this.sources.has(name) ? name : "basemap";
      this.draw();
    }

    setLabels(shown) {
      if (shown) this.hidden.delete("labels");
      else this.hidden.add("labels");
      this.draw();
    }

    /** Paint no further tile until a promise is kept. */
    waitFor(promise) {
      for (const layer of this.layers) {
        if (layer.tasks) layer.tasks = [promise];
      }
    }

    attribution() {
      const parts = ["Natural Earth", "GeoNames (CC BY 4.0)"];
      const source = this.sources.get(this.chosen);
      return this.chosen === "basemap" ? parts : [source.attribution || source.name, ...parts];
    }

    /** Draw everything again, as after a change of colours. */
    draw() {
      for (const layer of this.layers) layer.remove();
      this.layers = [this.ground()];
      const source = this.sources.get(this.chosen);
      if (this.chosen !== "basemap") this.layers.push(...this.foreign(source));
      if (!this.hidden.has("labels") && !(source.isVector && source.namesPlaces)) this.layers.push(this.labels());
      for (const layer of this.layers) layer.on("load", () => this.tellWhenDrawn()).addTo(this.map);
      geolocdesk.showAttribution(this.attribution());
    }

    tellWhenDrawn() {
      if (this.layers.every((layer) => !layer.isLoading())) this.bridge.tilesDrawn();
    }

    ground() {
      return vectorLayer({
        url: shippedTiles("basemap"), maxDataZoom: GROUND_ZOOM, pane: "ground", paintRules: groundRules(), labelRules: [],
        backgroundColor: geolocdesk.colour("map-sea"),
      });
    }

    labels() {
      return vectorLayer({
        url: shippedTiles("labels"), maxDataZoom: LABEL_ZOOM, pane: "labels", paintRules: [], labelRules: labelRules(),
      });
    }

    foreign(source) {
      const bounds = source.bounds ? { bounds: L.latLngBounds([source.bounds[1], source.bounds[0]], [source.bounds[3], source.bounds[2]]) } : {};
      const url = TILES + source.source + "/{z}/{x}/{y}";
      if (!source.isVector) {
        return [L.tileLayer(url, { pane: "ground", minNativeZoom: source.minZoom, maxNativeZoom: source.maxZoom, ...bounds })];
      }
      const ground = vectorLayer({
        url, maxDataZoom: Math.max(source.maxZoom, 1), levelDiff: source.maxZoom === 0 ? 0 : 1, pane: "ground",
        paintRules: foreignRules(source.vectorLayers), labelRules: foreignLabelRules(source.vectorLayers), ...bounds,
      });
      return [ground];
    }
  }

  geolocdesk.BaseMaps = BaseMaps;
  geolocdesk.namesPlaces = (layers) => layers.some((layer) => PLACES.has(layer));
})(window.geolocdesk);
