import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { Message } from '../../src/pipeline/message.ts';
import { refitProviders } from '../../src/pipeline/refit-providers.ts';

const config = {
  providers: new Map(['a', 'b', 'c'].map((name) => [name, {}])),
  routes: [{ name: 'pages', providers: ['b', 'a'], countries: { '65': ['c'] } }],
} as unknown as Pick<Config, 'providers' | 'routes'>;

test.each([
  ['keeps its providers while one of them is left', { providers: ['gone', 'c'] }, ['gone', 'c']],
  ['takes those that its route has now', {}, ['b', 'a']],
  ['takes those that its route has now for its country', { to: '+6581234567' }, ['c']],
  ['takes all where its route is gone as well', { route: 'gone' }, ['a', 'b', 'c']],
])('a message of another config %s', (_what, given, providers) => {
  const message = { id: 'm-1', to: '+60123456789', route: 'pages', providers: ['gone'], ...given } as unknown as Message;
  expect(refitProviders(message, config).providers).toEqual(providers);
});
