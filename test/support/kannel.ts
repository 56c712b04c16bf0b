import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { spawnWatched, type WatchedProcess } from '../../src/embedded/redis-process.ts';
import { type SmsCentre, startSmsCentre } from './sms-centre.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';

/** The two processes that make a Kannel: one speaks to SMS centres, the other to us. */
export interface KannelPrograms {
  readonly bearerbox: string;
  readonly smsbox: string;
}

export interface RunningKannel {
  /** Its sendsms service, and who may use it. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Process ids of bearerbox and smsbox. */
  readonly pids: readonly (number | undefined)[];
  /** How many texts it expects a report of. It notes a text after the centre took it: an earlier report is dropped. */
  awaitedReports(): Promise<number>;
  stop(): Promise<void>;
}

export interface Kannel extends Omit<RunningKannel, 'pids'> {
  /** What it is connected to. */
  readonly centre: SmsCentre;
}

/** Where Kannel is; `undefined`, said out loud, where this machine has none. */
export function findKannel(): KannelPrograms | undefined {
  const bearerbox = findProgram('bearerbox');
  const smsbox = findProgram('smsbox');
  if (bearerbox !== undefined && smsbox !== undefined) return { bearerbox, smsbox };
  console.warn('SKIPPED: bearerbox and smsbox are not here, so no real gateway is tried (Debian: apt-get install kannel)');
  return undefined;
}

/** Debian puts them where the PATH of users other than root does not lead. */
function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].map((dir) => join(dir, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A whole Kannel on free loopback ports, connected to an SMS centre of ours. It never outlives the tests. */
export async function startKannel(programs: KannelPrograms): Promise<Kannel> {
  const reports = await testPort();
  const centre = await startSmsCentre(reports);
  try {
    const { pids: _, ...running } = await runKannel(programs, { centreUrl: centre.url, reports });
    return {
      ...running,
      centre,
      stop: async () => {
        await running.stop();
        await centre.close();
      },
    };
  } catch (error) {
    await centre.close();
    throw error;
  }
}

export interface KannelOptions {
  /** Where it sends texts: `/mt` below this URL. */
  readonly centreUrl: string;
  /** The port where it takes reports. */
  readonly reports: number;
  /** Keeps waiting texts in a file, so that they survive a kill; left out: in memory only. */
  readonly store?: 'file';
  /** Requests to the centre that may be open; left out: its default. */
  readonly maxPendingSubmits?: number;
}

/** A whole Kannel on free loopback ports. It never outlives this process. */
export async function runKannel({ bearerbox, smsbox }: KannelPrograms, options: KannelOptions): Promise<RunningKannel> {
  const account = { username: 'sms-dispatch', password: 'k&nnel +1%' };
  const ports = { admin: await testPort(), boxes: await testPort(), sendsms: await testPort() };
  const url = `http://127.0.0.1:${ports.sendsms}/cgi-bin/sendsms`;
  const dir = await mkdtemp(join(tmpdir(), 'sms-kannel-'));
  const file = join(dir, 'kannel.conf');
  await writeFile(file, kannelConf({ ...account, ...ports, ...options, dir }));

  const running: WatchedProcess[] = [];
  const run = (command: string) => running.push(spawnWatched({ command, description: 'Kannel' }, [file]));
  const stop = async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ gone }) => gone));
    await rm(dir, { recursive: true, force: true });
  };
  const status = async () => (await fetch(`http://127.0.0.1:${ports.admin}/status.txt?password=admin`)).text();
  try {
    run(bearerbox);
    await until(status);
    run(smsbox);
    await until(async () => /smsbox:.*\bon-line\b.*centre\[centre\].*\(online /s.test(await status()));
    await until(async () => (await fetch(url)).status === 403);
  } catch (error) {
    const log = await readFile(join(dir, 'log'), 'utf8').catch(() => '(no log)');
    await stop();
    throw new Error(`Kannel did not start: ${log.slice(-2000)}`, { cause: error });
  }
  const awaitedReports = async () => Number(/^DLR: (\d+) queued/m.exec(await status())?.[1]);
  return { url, ...account, pids: running.map(({ child }) => child.pid), awaitedReports, stop };
}

interface Settings extends KannelOptions {
  readonly username: string;
  readonly password: string;
  readonly admin: number;
  readonly boxes: number;
  readonly sendsms: number;
  readonly dir: string;
}

/** https://www.kannel.org/download/kannel-userguide-snapshot/userguide.html */
function kannelConf({ username, password, admin, boxes, sendsms, dir, ...options }: Settings): string {
  const { reports, centreUrl, store, maxPendingSubmits } = options;
  const logFile = join(dir, 'log');
  return `
group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = ${boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = "${logFile}"
log-level = 1
${store === undefined ? '' : `store-type = ${store}\nstore-location = "${join(dir, 'store')}"`}

group = smsc
smsc = http
smsc-id = centre
system-type = generic
port = ${reports}
connect-allow-ip = 127.0.0.1
send-url = "${centreUrl}/mt?to=%p&coding=%c&udh=%u&text=%b"
status-success-regex = "taken"
status-permfail-regex = "rejected"
generic-foreign-id-regex = "id=(.+)"
${maxPendingSubmits === undefined ? '' : `max-pending-submits = ${maxPendingSubmits}`}

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = ${boxes}
sendsms-port = ${sendsms}
sendsms-interface = 127.0.0.1
global-sender = 12345
log-file = "${logFile}"
log-level = 1

group = sendsms-user
username = "${username}"
password = "${password}"
concatenation = true
max-messages = 10
`;
}
