// Draws images/*-icon.svg as the PNG files the marketplace and the agent want. Run after changing an SVG.
import { readFileSync, writeFileSync } from 'node:fs';
import { Resvg } from '@resvg/resvg-js';

for (const icon of [
  { name: 'extension-icon', width: 128 },
  { name: 'task-icon', width: 32 },
]) {
  const svg = readFileSync(new URL(`../images/${icon.name}.svg`, import.meta.url));
  const png = new Resvg(svg, { fitTo: { mode: 'width', value: icon.width } }).render().asPng();
  writeFileSync(new URL(`../images/${icon.name}.png`, import.meta.url), png);
}
