import { expect, test } from 'vitest';
import { STYLE } from './style.js';

/** Least contrast of text (WCAG 2.2, 1.4.3), and of what is no text but has to be told apart (1.4.11). */
const TEXT = 4.5;
const GRAPHIC = 3;

/** Colours by name, of each theme: the dark one replaces those of the light one. */
function palette(theme: 'light' | 'dark'): Map<string, string> {
  const dark = STYLE.indexOf('prefers-color-scheme: dark');
  const text = theme === 'light' ? STYLE.slice(0, dark) : STYLE.slice(dark, STYLE.indexOf('* { box-sizing'));
  return new Map(
    [...text.matchAll(/--([\w-]+): (#[0-9a-f]{3,6})/g)].map(([, name = '', hex = '']) => [name, hex]),
  );
}

/** Relative luminance of a colour, from 0 to 1. */
function luminance(hex: string): number {
  const digits = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(digits.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test.each(['light', 'dark'] as const)('in the %s theme everything can be read', (theme) => {
  const colours = palette(theme);
  const of = (name: string) => colours.get(name) ?? '';
  for (const ground of ['paper', 'card']) {
    for (const ink of ['ink', 'soft', 'fault', 'doubt', 'clean', 'accent', 'to-server', 'to-client'])
      expect(contrast(of(ink), of(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(TEXT);
  }
  for (const ink of ['ink', 'soft', 'fault'])
    expect(contrast(of(ink), of('select')), `${ink} on a selected row`).toBeGreaterThanOrEqual(TEXT);
  expect(contrast(of('on-accent'), of('accent')), 'text of a button').toBeGreaterThanOrEqual(TEXT);
  for (const mark of ['open', 'gap', 'unknown'])
    expect(contrast(of(mark), of('card')), `${mark} of a band`).toBeGreaterThanOrEqual(GRAPHIC);
});
