import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterimFilter } from '../../src/http-client/interim-responses.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What a parser gets to see of these bytes, in these pieces. */
function seen(bytes: string, cuts: readonly number[] = []): string {
  const filter = new InterimFilter();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const chunks = ends.map((end, i) => Buffer.from(bytes.slice(i === 0 ? 0 : ends[i - 1], end)));
  return chunks.map((chunk) => filter.take(chunk).toString()).join('');
}

describe('a filter of interim responses', () => {
  it.each([
    ['nothing before the response', '', ''],
    ['a 100', 'HTTP/1.1 100 Continue\r\n\r\n', ''],
    ['a 100 without a reason', 'HTTP/1.1 100\r\n\r\n', ''],
    ['a 100 of HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n', ''],
    ['bare line feeds', 'HTTP/1.1 100 Continue\n\n', ''],
    ['102, 103 and 199', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 199 X\r\n\r\n', ''],
    ['a 101, which ends HTTP', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 1000 X\r\n\r\n', ''],
  ])('given %s, leaves the response whole, however it is cut', (_given, before, left) => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (cuts) => {
        expect(seen(before + OK, cuts)).toBe(left + OK);
      }),
    );
  });

  it('takes nothing out of the response, not even what looks like one', () => {
    const tricky = 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n';
    expect(seen(tricky, [5, 20, 21])).toBe(tricky);
  });

  it('begins again with the next request', () => {
    const filter = new InterimFilter();
    filter.take(Buffer.from(OK));
    filter.requestWritten();
    expect(filter.take(Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${OK}`)).toString()).toBe(OK);
  });

  it('leaves an interim response of more than 16 KiB to the parser', () => {
    const endless = `HTTP/1.1 100 Continue\r\nX: ${'a'.repeat(20_000)}`;
    expect(seen(endless, [10_000])).toBe(endless);
  });
});
