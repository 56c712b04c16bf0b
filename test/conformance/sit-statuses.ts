import { expect, it, onTestFinished } from 'vitest';
import type { ProviderReason } from '../../src/provider/contract/provider.ts';
import { startFaultServer } from '../support/vendors/fault-server.ts';
import type { Wire } from './candidate.ts';
import type { Examiner } from './examiner.ts';

/** The rule for a vendor that says no more than a status. Written out here, not taken from the code under test. */
function ruleFor(status: number): ProviderReason {
  if ([401, 403, 404, 405, 410].includes(status)) return 'auth';
  if ([407, 421, 425, 431, 451].includes(status)) return 'unavailable';
  if (status === 402) return 'balance';
  if (status === 429) return 'throttled';
  if (status >= 400 && status < 500 && status !== 408) return 'content';
  return 'unknown_outcome';
}

export function sitStatuses(wire: Wire, { create, attempt, refused }: Examiner): void {
  const expected = (status: number) => wire.statuses?.[status] ?? ruleFor(status);
  const answer = (status: number, body: string) => `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  const every = Array.from({ length: 500 }, (_, index) => 100 + index);
  const usual = [
    200, 201, 202, 204, 206, 301, 304, 307, 400, 401, 402, 403, 404, 405, 407, 408, 409, 410, 413, 421, 422, 425, 429, 431, 451, 500, 502,
    503, 504, 511,
  ];

  it.each([
    ['every status from 100 to 599', every, '{}'],
    ['the usual statuses without a body', usual, ''],
    ['the usual statuses with a page of HTML', usual, '<html></html>'],
  ])(
    'classifies %s, after one request each',
    async (_what, statuses, body) => {
      let status = 0;
      const server = await startFaultServer((socket) => {
        socket.write(answer(status, body));
        // A 1xx announces an answer, which never comes; 204 and 304 have no body, so what follows would be the next answer.
        if (status < 200 || status === 204 || status === 304) socket.end();
      });
      onTestFinished(server.close);
      const provider = await create(server.url);
      const wrong: unknown[] = [];
      for (status of statuses) {
        if (wire.taken?.includes(status)) {
          expect(await attempt(provider)).toMatchObject({ result: { kind: 'accepted' } });
          continue;
        }
        const { error } = await refused(provider);
        // A 1xx is no answer, so there is no status to tell.
        const told = status < 200 ? undefined : status;
        if (error.reason !== expected(status) || error.status !== told) wrong.push({ status, reason: error.reason, told: error.status });
      }
      expect(wrong).toEqual([]);
      expect(server.requests).toBe(statuses.length);
    },
    60_000,
  );

  it.each([400, 401, 429, 500])('believes a status line of %i although the body breaks', async (status) => {
    const server = await startFaultServer((socket) => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 100\r\n\r\n{"code":`));
    onTestFinished(server.close);
    const { error } = await refused(await create(server.url));
    expect(error).toMatchObject({ reason: ruleFor(status), status });
    expect(server.requests).toBe(1);
  });
}
