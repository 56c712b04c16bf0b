import { expect, it } from 'vitest';
import { findTraced, storyOf } from '../../src/explain/find-story.ts';
import type { AlertHistory, MessageHistory, StoryHistories } from '../../src/ledger/history/history.ts';
import { alertHistory, attempt, messageHistory, NOW } from '../support/fixtures/history.ts';

function tracesOf(alerts: readonly AlertHistory[]): StoryHistories {
  const messages = alerts.flatMap(({ messages }) => messages);
  return {
    alert: async (id) => alerts.find((alert) => alert.id === id),
    message: async (id) => messages.find((message) => message.id === id),
    capFilling: async () => undefined,
  };
}

async function conclude(id: string, ...alerts: AlertHistory[]): Promise<string> {
  const found = await findTraced(tracesOf(alerts), id);
  if (found === undefined) throw new Error(`no ${id}`);
  return storyOf(found, NOW).conclusion.text;
}

const original = (...messages: MessageHistory[]) => alertHistory({ id: 'a-0', messages });
const duplicate = alertHistory({
  outcome: 'suppressed',
  reason: 'duplicate',
  duplicateOf: 'a-0',
  events: [{ at: '', stage: 'dedupe-gate', verdict: 'suppressed', reason: 'duplicate', detail: 'same dedup key as alert a-0' }],
});
const NOT_TEXTED =
  'Not texted: another alert with the same dedup key was raised for the same phone within dedupeFor (duplicate): same dedup key as alert a-0.';

it('a duplicate names the alert that it repeats and says that it was texted, where it was', async () => {
  const accepted = messageHistory({ state: 'accepted', provider: 'sns', attempts: [attempt({ provider: 'sns' })] });
  expect(await conclude('a-1', original(accepted), duplicate)).toMatch(`${NOT_TEXTED} Alert a-0: Texted: accepted by sns at `);
});

it('a duplicate of an alert that still waits says that it waits', async () => {
  const waiting = messageHistory({ state: 'deferred', reason: 'quiet_hours', until: '2026-11-20T03:30:00.000Z' });
  const told = await conclude('a-1', original(waiting), duplicate);
  expect(told).toMatch(`${NOT_TEXTED} Alert a-0: Not texted yet: `);
  expect(told).not.toContain('gone out');
});

it('a duplicate of an alert that is forgotten says no more than that', async () => {
  expect(await conclude('a-1', duplicate)).toBe(NOT_TEXTED);
});

it('a message that is a duplicate, while others of its alert are not, says what became of the one to the same phone', async () => {
  const here = messageHistory({ id: 'm-here', to: '+60*******111', state: 'suppressed', reason: 'duplicate', duplicateOf: 'a-0' });
  const there = messageHistory({ id: 'm-there', to: '+60*******222', state: 'accepted', provider: 'sns' });
  const before = original(
    messageHistory({ id: 'm-1', to: '+60*******111', state: 'unknown', reason: 'unknown_outcome' }),
    messageHistory({ id: 'm-2', to: '+60*******333', state: 'accepted', provider: 'sns' }),
  );
  const alert = alertHistory({ id: 'a-9', messages: [here, there] });
  expect(await conclude('m-here', before, alert)).toContain(' Alert a-0: Perhaps texted: ');
  expect(await conclude('a-9', before, alert)).toBe('Texted: 1 of 2 phones; 1 not: duplicate.');
});
