import { describe, expect, it } from 'vitest';
import { carriedIn, formatTraceparent, parseTraceparent } from '../../src/tracing/traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const good = `00-${traceId}-${spanId}-01`;

describe('a traceparent', () => {
  it.each([
    ['sampled', good, 1],
    ['not sampled', `00-${traceId}-${spanId}-00`, 0],
    ['of flags that we do not know', `00-${traceId}-${spanId}-03`, 1],
    ['of a later version, which may be longer', `01-${traceId}-${spanId}-01-more`, 1],
  ])('%s is read', (_what, text, traceFlags) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  });

  it.each([
    ['nothing', undefined],
    ['a list, as of a header sent twice', [good, good]],
    ['some word', 'none'],
    ['no trace', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['no span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capitals', good.toUpperCase()],
    ['the version that there is not', good.replace('00-', 'ff-')],
    ['something before it', ` ${good}`],
  ])('that is %s is none', (_what, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('is written as it is read', () => {
    expect(formatTraceparent(parseTraceparent(good))).toBe(good);
    expect(formatTraceparent(undefined)).toBeUndefined();
    expect(formatTraceparent({ traceId: '0'.repeat(32), spanId, traceFlags: 1 })).toBeUndefined();
  });
});

it.each([
  ['what we and BullMQ’s own add-on write', JSON.stringify({ traceparent: good, tracestate: 'a=b' }), good],
  ['what is no text', { traceparent: good }, undefined],
  ['what is no JSON', '{', undefined],
  ['null', 'null', undefined],
  ['a job without any', undefined, undefined],
  ['another propagator’s', JSON.stringify({ b3: `${traceId}-${spanId}-1` }), undefined],
  ['something else under that name', JSON.stringify({ traceparent: '+60123456789' }), undefined],
])('a job carries %s', (_what, metadata, traceparent) => {
  expect(carriedIn(metadata)).toBe(traceparent);
});
