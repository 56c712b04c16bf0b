import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Watch } from './watchdog.ts';

const watch = workerData as Watch;
const beats = new Int32Array(watch.beats);
let last = Atomics.load(beats, 0);
let still = 0;

// Counts checks and reads no clock: a process that was frozen as a whole is not blocked when it resumes.
setInterval(() => {
  const beat = Atomics.load(beats, 0);
  still = beat === last ? still + 1 : 0;
  last = beat;
  if (still < watch.looks) return;
  still = 0;
  report({ blockedMs: watch.looks * watch.beatMs }, 'event loop blocked; ending this process');
  process.kill(process.pid, 'SIGKILL');
  // Reached only where SIGKILL has no effect: the first process of a container cannot kill itself.
  report({ hint: 'run the container with an init (docker run --init), or let a liveness probe end it' }, 'process 1 cannot end itself');
}, watch.beatMs);

/** Writes past the main thread, which is blocked. */
function report(fields: object, msg: string): void {
  const line = { level: 'fatal', time: new Date().toISOString(), ...fields, msg };
  try {
    writeSync(watch.stderrFd, `${JSON.stringify(line)}\n`);
  } catch {
    // Without a reader the process must end all the same.
  }
}
