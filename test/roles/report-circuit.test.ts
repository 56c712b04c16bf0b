import { expect, it } from 'vitest';
import { createLogger } from '../../src/logger.ts';
import type { CircuitChange } from '../../src/provider/breaker/with-breaker.ts';
import { ProviderError } from '../../src/provider/contract/provider.ts';
import { reportCircuit } from '../../src/roles/dispatcher.ts';

const until = new Date('2026-11-20T03:00:05.000Z');

it.each<[CircuitChange, level: string, words: RegExp]>([
  [{ state: 'open', until, error: new ProviderError('unavailable', { code: 'ECONNREFUSED' }) }, 'warn', /requests keep failing/],
  [{ state: 'open', until, error: new ProviderError('auth', { code: '20003', status: 401 }) }, 'error', /credentials or account/],
  [{ state: 'open', until, error: new ProviderError('balance') }, 'error', /balance exhausted/],
  [{ state: 'half_open' }, 'info', /half-open/],
  [{ state: 'closed' }, 'info', /circuit closed/],
])('%o is one line and sets the gauge', (change, level, words) => {
  const lines: Record<string, unknown>[] = [];
  const gauge: [string, string][] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  reportCircuit(change, 'sns', { circuit: (provider, state) => void gauge.push([provider, state]) }, logger);
  expect(gauge).toEqual([['sns', change.state]]);
  expect(lines).toMatchObject([{ level, provider: 'sns', msg: expect.stringMatching(words) }]);
  if (change.state !== 'open') return;
  const { reason, code, status } = change.error;
  expect(lines[0]).toMatchObject(JSON.parse(JSON.stringify({ reason, code, status, until })));
});
