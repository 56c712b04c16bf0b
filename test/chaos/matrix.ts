import { diskFull, erased, redisStepped } from './data-faults.ts';
import { between, resetStorm } from './network.ts';
import { oddOpts, runawayLabels } from './odd-input.ts';
import { overtaking, sameIdAtOnce } from './pressure.ts';
import { blockedLogs, noDescriptors, smallHeap, steppedClocks } from './process-faults.ts';
import { absent, allAway, badDay, interimAnswers, silentVendor, throttleStorm } from './provider-faults.ts';
import { frozen, killed, outOfMemory, readOnly, scriptsFlushed } from './redis-faults.ts';
import type { Scenario } from './scenario.ts';
import { frozenDispatcher, killedAtTheAnswer, killedBeforeTheCall, killStorm, rollingRestart } from './worker-death.ts';

/** One row of the fault matrix: run here, or held by a test of ours that `npm test` runs. */
export type Row = { readonly fault: string } & ({ readonly run: Scenario } | { readonly heldBy: string });

const TEXTS = 300;
const MINUTE_MS = 60_000;

export const MATRIX: Readonly<Record<string, Row>> = {
  F1: { fault: 'dispatchers killed mid-send, every 700 ms, resend', run: killStorm(TEXTS, 'resend') },
  'F1-hold': { fault: 'the same, hold', run: killStorm(TEXTS, 'hold') },
  F2: { fault: 'dispatcher killed at the answer', run: killedAtTheAnswer },
  F3: { fault: 'dispatcher killed before the call', run: killedBeforeTheCall },
  'F4-1s': { fault: 'Redis killed, back after 1 s', run: killed(1_000) },
  'F4-9s': { fault: 'Redis killed, back after 9 s (lock: 5 s)', run: killed(9_000) },
  'F4-40s': { fault: 'Redis killed, back after 40 s', run: killed(40_000) },
  'F5-3s': { fault: 'Redis frozen for 3 s', run: frozen(3_000) },
  'F5-9s': { fault: 'Redis frozen for 9 s (lock: 5 s)', run: frozen(9_000) },
  'F5-40s': { fault: 'Redis frozen for 40 s', run: frozen(40_000) },
  'F7-cut': { fault: 'dispatcher cut off from Redis for 18 s', run: between('blackhole', 18_000) },
  'F7-one-way': { fault: 'Redis’ answers lost for 18 s', run: between('one-way', 18_000) },
  'F7-resets': { fault: 'connections to Redis cut again and again', run: resetStorm },
  'F7-refused': { fault: 'dispatcher refused by Redis for 9 s', run: between('refuse', 9_000) },
  'F7-slow': { fault: '300 ms more to Redis', run: between({ latencyMs: 300 }, 6_000) },
  F8: { fault: 'Redis out of memory', run: outOfMemory },
  F10: { fault: 'Redis read-only after a failover', run: readOnly },
  F11: { fault: 'scripts flushed', run: scriptsFlushed },
  F13: { fault: 'provider: 500, 502, 503, 429, resets', run: badDay },
  'F13-429': { fault: 'provider throttles everything', run: throttleStorm },
  'F14-refused': { fault: 'provider: connection refused', run: absent((port) => `http://127.0.0.1:${port}`) },
  'F14-dns': { fault: 'provider: no such host', run: absent(() => 'http://nobody.invalid') },
  'F15-silent': { fault: 'provider accepts and never answers', run: silentVendor },
  'F15-asked': { fault: 'the same, by a vendor that can be asked', heldBy: 'test/e2e/reconcile.test.ts' },
  F15: { fault: 'broken, endless and huge answers; TLS', heldBy: 'test/http-client/transport.test.ts' },
  F16: { fault: 'malformed jobs', heldBy: 'test/queue/malformed.test.ts' },
  F17: { fault: 'poison jobs, blocked event loop', heldBy: 'test/queue/worker/queue-worker.test.ts, test/e2e/watchdog.test.ts' },
  'F17-frozen': { fault: 'dispatcher frozen past its locks and leases', run: frozenDispatcher },
  F18: { fault: 'huge payload', heldBy: 'test/http/server/http-server.test.ts' },
  F19: { fault: 'the same alert 20 times at once', run: sameIdAtOnce },
  F20: { fault: 'receipts twice, forged, out of order', heldBy: 'test/e2e/receipts.test.ts' },
  F21: { fault: 'bad config', heldBy: 'test/e2e/start-up.test.ts (config is read at start only)' },
  F22: { fault: 'SIGTERM with calls in flight', heldBy: 'test/e2e/crash.test.ts, test/e2e/start-up.test.ts' },
  F23: { fault: 'rolling restart under load', run: rollingRestart },
  F24: { fault: 'four processes race for a cap', heldBy: 'test/limit/caps/bottleneck-cap.processes.test.ts' },
  F25: { fault: 'cap full, then its window slides', heldBy: 'test/e2e/caps.test.ts' },
  F26: { fault: 'a critical behind a backlog', run: overtaking },
  F27: { fault: 'memory of a large backlog', heldBy: 'npm run bench' },
  F28: { fault: 'provider down with 10,000 texts waiting', heldBy: 'test/e2e/backlog.test.ts' },
  F29: { fault: 'closed label sets', heldBy: 'test/metrics/metrics.test.ts' },
  F30: { fault: 'Alertmanager while we are away', heldBy: 'test/e2e/alertmanager.test.ts' },
  F33: { fault: 'every provider says not now', run: allAway },
  'F35-1h': { fault: 'the wall clock of each process in turn, ±61 min', run: steppedClocks(61 * MINUTE_MS) },
  'F35-1d': { fault: 'the same, ±25 h', run: steppedClocks(25 * 60 * MINUTE_MS) },
  'F36-ahead': { fault: 'Redis’ clock steps ahead by 2 h', run: redisStepped(120 * MINUTE_MS) },
  'F36-back': { fault: 'Redis’ clock steps back by 2 h', run: redisStepped(-120 * MINUTE_MS) },
  'F36-killed': { fault: 'the same, and a dispatcher killed with calls open', run: redisStepped(-120 * MINUTE_MS, { killed: true }) },
  F37: { fault: 'the reader of stdout stops for 15 s', run: blockedLogs },
  F38: { fault: 'FLUSHALL in mid-run', run: erased },
  F39: { fault: 'no free descriptor in a dispatcher and the door', run: noDescriptors },
  F40: { fault: '20 alerts of 1,000 phones, heaps of 96 MB', run: smallHeap(96, 20) },
  F41: { fault: 'the disk of Redis is full', run: diskFull },
  F42: { fault: 'interim answers that nothing asked for', run: interimAnswers },
  F43: { fault: 'raw jobs with options that are no object', run: oddOpts },
  F44: { fault: 'labels that make patterns run away', run: runawayLabels },
  F34: { fault: 'Redis: wrong password, too old, evicting', heldBy: 'test/redis/fitness/check.test.ts' },
};

/** Rows that a word asks for: `F4` means all of F4, `F4-9s` just that. */
export function pickRows(only: readonly string[]): [string, Row][] {
  const rows = Object.entries(MATRIX);
  if (only.length === 0) return rows;
  for (const word of only) {
    if (!rows.some(([name]) => isAskedFor(name, word)))
      throw new Error(`no row named ${word}: there are ${Object.keys(MATRIX).join(', ')}`);
  }
  return rows.filter(([name]) => only.some((word) => isAskedFor(name, word)));
}

function isAskedFor(name: string, word: string): boolean {
  return name === word || (!word.includes('-') && name.startsWith(`${word}-`));
}
