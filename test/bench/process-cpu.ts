import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let ticksPerSecond: number | undefined;

/** CPU time in µs of a process, all its threads: man 5 proc_pid_stat, fields 14 and 15. `NaN` where there is no /proc. */
export function cpuMicrosOf(pid: number | undefined): number {
  try {
    ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    return (ticksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) * 1e6) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}

/** The name of the program, in brackets, may hold spaces and brackets itself. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
