import { bareNoOp, handWritten } from './bare.ts';
import { bareLatency, ourLatency } from './latency.ts';
import { dispatcherTwilio, fullPath, storm } from './ours.ts';
import { kannelPeer, oursAsPeer } from './peer.ts';
import type { Figures, Task } from './scenario.ts';
import { counting, watched } from './watched.ts';
import { workers } from './workers.ts';

export const SCENARIOS: Readonly<Record<string, (task: Task) => Promise<Figures>>> = {
  a: bareNoOp,
  b: fullPath,
  c: handWritten,
  d: dispatcherTwilio,
  e: storm,
  f: watched,
  'g kannel': kannelPeer,
  'g ours': oursAsPeer,
  h1: workers(1),
  h2: workers(2),
  h4: workers(4),
  'counting one alert': counting,
  'latency of bare BullMQ': bareLatency,
  'latency of ours': ourLatency,
};

const task = JSON.parse(process.argv[2] as string) as Task;
const figures = await (SCENARIOS[task.scenario] as (task: Task) => Promise<Figures>)(task);
process.stdout.write(`\n${JSON.stringify(figures)}\n`, () => process.exit(0));
