import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import { expect, it } from 'vitest';
import { watchExporter } from '../../src/tracing/start-tracing.ts';

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0];
const well: Result = { code: 0 };
const failed = (facts: object): Result => ({ code: 1, error: Object.assign(new Error('POST http://user:key@collector said no'), facts) });

it('a collector that goes away, and one that comes back, is reported once, by a code and never by a message', () => {
  const script = [
    well,
    failed({ code: 'ECONNREFUSED' }),
    failed({ code: 'ECONNREFUSED' }),
    well,
    well,
    failed({ code: 401 }),
    failed({}),
    well,
  ];
  const told: string[] = [];
  const results: Result[] = [];
  const exporter: SpanExporter = { export: (_spans, done) => done(script.shift() as Result), shutdown: async () => undefined };
  const watched = watchExporter(exporter, { onLost: (cause) => void told.push(cause), onRecovered: () => void told.push('recovered') });
  for (let left = script.length; left > 0; left -= 1) watched.export([], (result) => void results.push(result));
  expect(told).toEqual(['ECONNREFUSED', 'recovered', '401', 'recovered']);
  expect(results.map(({ code }) => code)).toEqual([0, 1, 1, 0, 0, 1, 1, 0]);
});

it('a failure without a code is reported by its kind', () => {
  const told: string[] = [];
  const exporter: SpanExporter = { export: (_spans, done) => done(failed({})), shutdown: async () => undefined };
  watchExporter(exporter, { onLost: (cause) => void told.push(cause), onRecovered: () => undefined }).export([], () => undefined);
  expect(told).toEqual(['Error']);
});
