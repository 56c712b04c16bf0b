import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/metrics/catalogue.ts';

const file = new URL('../../docs/metrics.md', import.meta.url);
const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : undefined;
if (lines === undefined) console.warn('SKIPPED: there is no docs/metrics.md to hold against the metrics');

describe.skipIf(lines === undefined)('docs/metrics.md', () => {
  it.each(Object.values(CATALOGUE).map(({ name, labels }) => [name, labels] as const))('documents %s and its labels', (name, labels) => {
    const row = lines?.find(
      (line) => new RegExp(`\\b${name}\\b`).test(line) && labels.every((label) => new RegExp(`\\b${label}\\b`).test(line)),
    );
    expect(row).toBeDefined();
  });

  it('documents only existing metrics', () => {
    const names: string[] = Object.values(CATALOGUE).map(({ name }) => name);
    const told = (lines ?? []).join('\n').match(/\bsms_[a-z_]+/g) ?? [];
    expect(told.filter((name) => !names.includes(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([]);
  });
});
