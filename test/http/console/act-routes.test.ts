import { expect, it } from 'vitest';
import { histories, messageHistory, openTestServer } from '../test-server.ts';
import { write } from './browser.ts';
import { consoleOf } from './console-of.ts';

it.each([
  [{ kind: 'settled' }, ['twilio-main']],
  [{ kind: 'kept', state: 'accepted' }, []],
] as const)('a word on an unknown message that is answered %j counts for %j', async (settled, counted) => {
  const seen: string[] = [];
  const message = {
    ...messageHistory,
    attempts: [{ provider: 'twilio-main', startedAt: '2026-11-20T03:00:00.000Z', result: 'unknown' as const }],
  };
  const server = await openTestServer({
    histories: { ...histories, message: async () => message },
    console: consoleOf({ resolver: { list: async () => [], resolve: async () => settled }, onSettled: (provider) => seen.push(provider) }),
  });
  expect((await write(`${server.url}/console/api/unknown/m-known`, { word: 'sent' })).json).toEqual(settled);
  expect(seen).toEqual(counted);
});
