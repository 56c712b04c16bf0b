import { expect, it } from 'vitest';
import type { ShownEntry } from '../../../src/http/console/api.ts';
import { createViewer } from '../../../src/http/console/live.ts';

const alert = { id: 'a', severity: 'critical', outcome: 'routed', reason: null, dedupKey: null, contacts: [], messages: 1 } as const;
const entry = (seq: string): ShownEntry => ({ seq, at: '2026-11-20T03:00:00.000Z', kind: 'alert', alert });

function open(seen?: string) {
  const viewer = createViewer(seen, () => undefined);
  let text = '';
  viewer.stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const told = async () => {
    viewer.end();
    for await (const _ of viewer.stream);
    return [...text.matchAll(/^id: (\S+)|"skipped":(\d+)/gm)].map(([, id, skipped]) => id ?? `${skipped} skipped`);
  };
  return { viewer, told };
}

it('entries that arrive during catch-up come after the missed ones', async () => {
  const { viewer, told } = open('1-0');
  viewer.show([entry('4-0')], 7);
  viewer.catchUp([entry('2-0'), entry('3-0')], 0);
  viewer.show([entry('5-0')], 0);
  expect(await told()).toEqual(['2-0', '3-0', '7 skipped', '4-0', '5-0']);
});

it('no viewer receives an entry twice, though both reads contain it', async () => {
  const { viewer, told } = open('2-0');
  viewer.show([entry('3-0'), entry('4-0')], 0);
  viewer.catchUp([entry('2-0'), entry('3-0')], 0);
  expect(await told()).toEqual(['3-0', '4-0']);
});
