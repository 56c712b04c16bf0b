import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../../src/channel/event-webhook-config.ts';
import { loadYaml, minimal } from './load-yaml.ts';

const docs = readFileSync('docs/events.md', 'utf8');

test('docs/events.md has every type of event, and marks those that are sent on request only', () => {
  const rows = docs.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z.]+)`( ¹)?/g)]);
  expect(named.map(([, type]) => type).toSorted()).toEqual(EVENT_TYPES.toSorted());
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  const { types } = loadYaml(minimal(`events: { erp: { url: "https://x", secret: "${secret}" } }`)).config.events.get('erp') ?? {};
  expect(named.filter(([, , onDemand]) => onDemand === undefined).map(([, type]) => type)).toEqual(
    expect.arrayContaining([...(types ?? [])]),
  );
  expect(named.filter(([, , onDemand]) => onDemand !== undefined)).toHaveLength(EVENT_TYPES.length - (types?.length ?? 0));
});
