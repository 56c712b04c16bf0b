import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Top to bottom. A room may import what lies on a lower floor; not what lies above it, nor its neighbours. There are no exceptions. */
export const FLOORS: readonly (readonly string[])[] = [
  ['workers'],
  ['app.ts', 'index.ts'],
  ['roles'],
  ['console'],
  ['http', 'cli'],
  ['queue', 'metrics'],
  ['overview'],
  ['explain'],
  ['pipeline'],
  ['config'],
  ['policy'],
  ['provider', 'channel', 'ledger', 'limit'],
  ['embedded'],
  ['redis', 'http-client', 'logger.ts', 'version.ts'],
  ['tracing', 'clock.ts', 'log-output.ts'],
  ['alert'],
  ['text', 'setting'],
];

/** Everything outside that we import → the only room, or file, that may. Others use what the owner exports. */
export const OWNERS: Readonly<Record<string, string>> = {
  bullmq: 'queue',
  ioredis: 'redis',
  bottleneck: 'limit',
  undici: 'http-client',
  twilio: 'provider/twilio',
  '@aws-sdk/*': 'provider/aws',
  'tencentcloud-sdk-nodejs-sms': 'provider/tencent',
  fastify: 'http',
  '@bull-board/*': 'http',
  preact: 'console',
  'prom-client': 'metrics',
  yaml: 'config',
  commander: 'cli',
  pino: 'logger.ts',
  nodemailer: 'channel',
  'csv-parse': 'cli',
  'p-retry': 'pipeline',
  'libphonenumber-js': 'alert',
  re2js: 'policy',
  'string-width': 'text',
  'node:process': 'setting/environment.ts',
  '@opentelemetry/*': 'tracing',
  'package.json': 'version.ts',
};

/**
 * Rooms and the Redis keys, by their names in `redis/keys.ts`, that only they read and write; others call their functions.
 * The limiters' scripts look at two keys of the ledger in one step with their own.
 */
export const KEY_OWNERS: Readonly<Record<string, readonly string[]>> = {
  ledger: [
    ...[
      'seen',
      'alert',
      'message',
      'claims',
      'resolved',
      'acknowledged',
      'ackCode',
      'ackCodes',
      'resolveSubscribers',
      'open',
      'openMessages',
    ],
    ...['pendingAlerts', 'pendingJob', 'requeued', 'lostSends', 'inFlight', 'unknown', 'ended', 'kept', 'heldCriticals', 'missedCriticals'],
    ...['digestContent', 'storm', 'receiptIndex', 'optOuts', 'optedIn', 'inbound', 'keptInbound', 'keptInboundOrder', 'parked'],
    ...['journalCursor', 'routeKinds'],
  ],
  limit: ['keptSlot', 'sentCriticals', 'budget', 'budgetHold', 'contributions', 'capNames', 'limiter'],
  redis: ['dataSet', 'dataSetHistory'],
};

/** What every room may import, besides the rest of Node. */
export const SHARED: readonly string[] = ['zod', 'luxon'];

/** Every import in `src` and `workers` that goes through a wall, as `src/http/x.ts:3 imports bullmq, which queue/ owns`. */
export function checkTree(root: string): string[] {
  return filesOf(root).flatMap((path) => checkFile(path, readFileSync(join(root, path), 'utf8')));
}

/**
 * Every circle of imports among files of `src` and `workers`, types included, as `src/a.ts → src/b.ts → src/a.ts`. Between
 * rooms there can be none; within a room nothing else forbids them.
 */
export function findCircles(root: string): string[] {
  const imports = new Map(
    filesOf(root).map((path) => [
      path,
      specifiersOf(readFileSync(join(root, path), 'utf8'))
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(path), specifier)),
    ]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (done.has(path)) return;
    const at = trail.indexOf(path);
    if (at >= 0) {
      circles.push([...trail.slice(at), path].join(' → '));
      return;
    }
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return circles;
}

function filesOf(root: string): string[] {
  return ['src', 'workers']
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((path) => posix.join(top, path)))
    .filter((path) => /\.tsx?$/.test(path))
    .sort();
}

function specifiersOf(source: string): string[] {
  return [...source.matchAll(IMPORT)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

/** Import statements as the formatter leaves them, the last line of one that takes several, and calls. */
const IMPORT =
  /^(?:import|export|\})[^'"\n]*\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"`]([^'"`]+)['"`]/gm;

/** @param path from the root of the project, such as `src/http/x.ts` */
export function checkFile(path: string, source: string): string[] {
  return [...importFaults(path, source), ...keyFaults(path, source)];
}

function keyFaults(path: string, source: string): string[] {
  return Object.entries(KEY_OWNERS)
    .filter(([owner]) => !covers(owner, inHouse(path)) && inHouse(path) !== 'redis/keys.ts')
    .flatMap(([owner, names]) =>
      [...source.matchAll(new RegExp(`\\bkeys\\.(${names.join('|')})\\(`, 'g'))].map((match) => {
        const line = source.slice(0, match.index).split('\n').length;
        return `${path}:${line} uses the key ${match[1]}, which ${label(owner)} owns`;
      }),
    );
}

function importFaults(path: string, source: string): string[] {
  return [...source.matchAll(IMPORT)].flatMap((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3]) as string;
    const fault = faultOf(path, specifier);
    const line = source.slice(0, match.index).split('\n').length;
    return fault === undefined ? [] : [`${path}:${line} imports ${specifier}, ${fault}`];
  });
}

function faultOf(path: string, specifier: string): string | undefined {
  const from = inHouse(path);
  if (!specifier.startsWith('.')) return ownerFault(from, packageOf(specifier));
  const target = inHouse(posix.join(posix.dirname(path), specifier));
  return Object.hasOwn(OWNERS, target) ? ownerFault(from, target) : wallFault(from, target);
}

function ownerFault(from: string, name: string): string | undefined {
  const owner = OWNERS[name] ?? OWNERS[name.replace(/\/.*/, '/*')];
  if (owner === undefined) return SHARED.includes(name) || name.startsWith('node:') ? undefined : 'which no room owns yet';
  return covers(owner, from) ? undefined : `which ${label(owner)} owns`;
}

function wallFault(from: string, target: string): string | undefined {
  const [own, other] = [roomOf(from), roomOf(target)];
  const [ownFloor, otherFloor] = [floorOf(own), floorOf(other)];
  if (ownFloor < 0) return `but ${label(own)} is on no floor`;
  if (otherFloor < 0) return `but ${label(other)} is on no floor`;
  if (own === other || otherFloor > ownFloor) return undefined;
  return otherFloor === ownFloor ? `but ${label(other)} lies beside ${label(own)}` : `but ${label(other)} lies above ${label(own)}`;
}

/** `src/http/x.ts` → `http/x.ts`. */
function inHouse(path: string): string {
  return path.replace(/^src\//, '');
}

/** `http/x.ts` → `http`, `app.ts` → `app.ts`. */
function roomOf(path: string): string {
  return path.split('/')[0] as string;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** Whether a path is this file or lies in this room. */
function covers(place: string, path: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** `libphonenumber-js/max` → `libphonenumber-js`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function label(place: string): string {
  return place.endsWith('.ts') ? place : `${place}/`;
}
