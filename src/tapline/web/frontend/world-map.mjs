// Draws the world once, at set-up: `node world-map.mjs CODES.json MAP.svg`.
// Each country is a path whose id is its two letters (CODES.json leads there from ISO 3166's numbers);
// pages show them with <use>, so that a map costs them a line per country and no script.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";

// Pages name the same size in their viewBox.
const WIDTH = 960;
const HEIGHT = 430;
const ANTARCTICA = "010";

const [codesPath, mapPath] = process.argv.slice(2);
const codes = JSON.parse(readFileSync(codesPath, "utf-8"));
const topology = createRequire(import.meta.url)("world-atlas/countries-110m.json");
const land = feature(topology, topology.objects.countries);
land.features = land.features.filter((country) => country.id !== ANTARCTICA);

const draw = geoPath(geoEqualEarth().fitSize([WIDTH, HEIGHT], land)).digits(1);
const paths = land.features.map((country) => {
  const code = codes[country.id];
  return `<path${code === undefined ? "" : ` id="${code}"`} d="${draw(country)}"/>`;
});
writeFileSync(
  mapPath,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"><g id="world">${paths.join("")}</g></svg>`,
);
