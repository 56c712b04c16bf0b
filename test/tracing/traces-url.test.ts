import { expect, it } from 'vitest';
import { tracesUrl } from '../../src/tracing/traces-url.ts';

it.each([
  ['nothing', {}, undefined],
  ['an empty word', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
  ['a host', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, 'http://127.0.0.1:4318/v1/traces'],
  ['a path', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/' }, 'https://collector.example/otlp/v1/traces'],
  [
    'the whole address, which wins as it is',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a.example', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b.example/in' },
    'http://b.example/in',
  ],
])('%s leads to its address', (_what, env, url) => {
  expect(tracesUrl(env)).toBe(url);
});

it.each(['collector:4318', 'grpc://127.0.0.1:4317', '4318', 'http://'])('%s is none', (endpoint) => {
  expect(() => tracesUrl({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toThrow(TypeError);
});
