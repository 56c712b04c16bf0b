import { expect, test } from 'vitest';
import { ticksOf } from './process-cpu.ts';
import { medians, ratiosOf } from './ratios.ts';

test('a ratio is the median of the ratios of the rounds, not the ratio of medians', () => {
  const rate = (...rates: number[]) => rates.map((rate) => ({ rate }));
  expect(ratiosOf({ a: rate(100, 200, 400), b: rate(50, 20, 100) })).toEqual({ 'b/a': 0.25 });
});

test('several workers are compared with one', () => {
  expect(ratiosOf({ h1: [{ rate: 400 }], h2: [{ rate: 600 }], h4: [{ rate: 1000 }] })).toEqual({ 'h(2)/h(1)': 1.5, 'h(4)/h(1)': 2.5 });
});

test('CPU is compared the other way round, so that more is better', () => {
  const ratios = ratiosOf({ c: [{ cpuMicrosEach: 900 }], d: [{ cpuMicrosEach: 600 }] });
  expect(ratios).toEqual({ 'd/c by CPU (of c over d)': 1.5 });
});

test('we are compared with Kannel by texts a second and by the CPU of all processes', () => {
  const kannel = [{ rate: 1600, cpuMicrosEach: 200, serverMicrosEach: 200 }];
  const ours = [{ rate: 400, cpuMicrosEach: 600, redisMicrosEach: 400, serverMicrosEach: 1000 }];
  expect(ratiosOf({ 'g kannel': kannel, 'g ours': ours })).toEqual({
    'ours/kannel': 0.25,
    'ours/kannel by CPU (of kannel over ours)': 0.2,
  });
});

test('what did not run has no ratio', () => {
  expect(ratiosOf({ b: [{ rate: 1 }], f: [] })).toEqual({});
});

test('each figure has its own median', () => {
  expect(
    medians([
      { rate: 1, p50Ms: 9 },
      { rate: 3, p50Ms: 7 },
      { rate: 2, p50Ms: 8 },
    ]),
  ).toEqual({ rate: 2, p50Ms: 8 });
});

test('CPU time of a process is read behind its name, whatever that holds', () => {
  expect(ticksOf('7 (a) b (c)) S 1 7 7 0 -1 4194560 100 0 0 0 250 30 0 0 20 0 11')).toBe(280);
});
