import fc from 'fast-check';
import { expect, it } from 'vitest';
import { phoneCounter } from '../../../src/pipeline/routing/directory.ts';
import { createRoom, ROOM } from '../../../src/pipeline/routing/room.ts';
import { loadYaml } from '../../config/load-yaml.ts';

/** Work that the test ends when it likes. */
function held() {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end: () => end() };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('with any number of large alerts, no more messages are in memory than there is room for, all admitted ones end, and others come back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 21, max: 1_000 }), fc.boolean()), { maxLength: 60 }), async (alerts) => {
      const room = createRoom();
      let inHand = 0;
      let most = 0;
      let ran = 0;
      const answers = await Promise.all(
        alerts.map(([messages, urgent]) =>
          room.run(messages, urgent, async () => {
            inHand += messages;
            most = Math.max(most, inHand);
            await turn();
            inHand -= messages;
            ran += 1;
          }),
        ),
      );
      expect(most).toBeLessThanOrEqual(ROOM);
      expect(ran + answers.filter((answer) => answer === 'full').length).toBe(alerts.length);
    }),
  );
});

it('a small alert never waits, an urgent one goes first, work that throws gives its room back, and few slots are held by those that wait', async () => {
  const room = createRoom();
  const first = held();
  const order: string[] = [];
  const running = room.run(ROOM, false, first.work);
  const rest = Array.from({ length: 10 }, () => room.run(ROOM, false, async () => void order.push('rest')));
  const urgent = room.run(ROOM, true, () => {
    order.push('urgent');
    return Promise.reject(new Error('away'));
  });
  urgent.catch(() => undefined);
  expect(await room.run(1, false, async () => 'small')).toBe('small');
  expect(order).toEqual([]);
  first.end();
  await running;
  await expect(urgent).rejects.toThrow('away');
  const answers = await Promise.all(rest);
  expect(order).toEqual(['urgent', 'rest', 'rest', 'rest', 'rest']);
  expect(answers.filter((answer) => answer === 'full')).toHaveLength(6);
});

it('the size of an alert counts each entry once and each name for what it opens to', () => {
  const { config } = loadYaml(`
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
contacts: { a: { phone: "+60123456781", consent: true }, b: { phone: "+60123456782", consent: true } }
groups: { both: [a, b] }
`);
  const count = phoneCounter(config, { now: () => new Date() });
  expect(count({ to: ['+60123456789', 'group:both', 'contact:a'] })).toBe(4);
  expect(count({ to: 'group:both' })).toBe(2);
  for (const data of [{}, null, 'text', { to: 7 }, { to: null }]) expect(count(data)).toBe(1);
});
