import { expect, test } from 'vitest';
import { ALERT_STAGES } from '../../src/pipeline/routing/alert-stages.ts';
import { type MessageStageDeps, messageStages } from '../../src/pipeline/sending/message-stages.ts';
import { readDoc, tableRows } from './markdown.ts';

const policy = readDoc('docs/policy.md');
const namesIn = (head: string) => tableRows(policy, head).map(([name]) => name);

test('policy.md names the stages of a message as they are asked, all of them and no other', () => {
  const stages = messageStages({ config: {}, ledger: {} } as unknown as MessageStageDeps);
  expect(namesIn('stage of a message')).toEqual(stages.map(({ name }) => name));
});

test('policy.md names the stages of an alert in the order in which they are asked', () => {
  const stages = ALERT_STAGES.map(({ name }) => name);
  expect(namesIn('stage of an alert').filter((name) => stages.some((stage) => stage === name))).toEqual(stages);
});
