import { expect, it } from 'vitest';
import { asksForOpenMetrics } from '../../../src/http/server/operation-routes.ts';

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

it.each([
  ['Prometheus 2', PROMETHEUS, true],
  ['an agent that takes nothing else', 'application/openmetrics-text', true],
  ['capitals and spaces', 'text/plain; q=0.3 , Application/OpenMetrics-Text ; q=0.4', true],
  ['who would rather have text', 'text/plain, application/openmetrics-text;q=0.5', false],
  ['who will not have it', 'application/openmetrics-text;q=0, */*', false],
  ['a weight that is none', 'application/openmetrics-text;q=high', false],
  ['curl', '*/*', false],
  ['who says nothing', undefined, false],
])('%s', (_who, accept, open) => {
  expect(asksForOpenMetrics(accept)).toBe(open);
});
