import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** WCAG 2.2, 1.4.3: https://www.w3.org/TR/WCAG22/#contrast-minimum */
const AA = 4.5;
const css = readFileSync(new URL('../../src/console/app.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = [...css.matchAll(/:root \{(.*?)\}/gs)].map(([, body = '']) => body);

function colours(body: string): ReadonlyMap<string, string> {
  return new Map([...body.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]));
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const BACKS = ['page', 'card', 'sunken', 'well-back', 'concern-back', 'alarm-back'];
const PAIRS = [
  ...['text', 'muted', 'accent'].flatMap((word) => BACKS.map((back) => [word, back] as const)),
  ...['good', 'wait', 'bad'].flatMap((word) => ['page', 'card', 'sunken'].map((back) => [word, back] as const)),
  ['on-accent', 'accent'],
  ['card', 'bad'],
  ['text', 'bubble'],
] as const;

describe.each([
  ['light', light],
  ['dark', dark],
])('in %s', (_scheme, body) => {
  it.each(PAIRS)('%s can be read on %s', (word, back) => {
    const all = colours(body);
    expect(contrast(all.get(word) ?? '', all.get(back) ?? '')).toBeGreaterThanOrEqual(AA);
  });
});
