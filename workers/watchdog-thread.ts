import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Watch } from './watchdog.ts';

const watch = workerData as Watch;
const beats = new Int32Array(watch.beats);
let last = Atomics.load(beats, 0);
let still = 0;

// Looks are counted and no clock is read: a process that was frozen as a whole is not blocked when it thaws.
setInterval(() => {
  const beat = Atomics.load(beats, 0);
  still = beat === last ? still + 1 : 0;
  last = beat;
  if (still < watch.looks) return;
  still = 0;
  say(`the event loop has been blocked for ${watch.looks * watch.beatMs} ms: ending this process, others take over its work`);
  process.kill(process.pid, 'SIGKILL');
  // Still here: the first process of a container is deaf to its own SIGKILL.
  say('process 1 cannot end itself: run the container with an init (docker run --init), or let a liveness probe end it');
}, watch.beatMs);

/** Past the main thread, which would have to be free to write for us. */
function say(msg: string): void {
  const line = { level: 'fatal', time: new Date().toISOString(), msg };
  try {
    writeSync(watch.stderrFd, `${JSON.stringify(line)}\n`);
  } catch {
    // Nobody reads it; that must not save the process.
  }
}
