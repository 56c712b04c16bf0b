import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isNewEnough } from '../redis/version.ts';
import { type Apt, createApt, type PackageFile } from './apt.ts';
import { type Environment, probeBinary, type RedisBinary } from './run.ts';

export interface UnpackOptions {
  /** Absolute path of the target directory. */
  readonly into: string;
  readonly env: Environment;
  readonly say: (line: string) => void;
}

/** The packages of the distribution are too old, so that installing them does not help. */
export class OutdatedPackagesError extends Error {}

const SERVERS = ['redis-server', 'valkey-server'];

/**
 * Unpacks a Redis server and its libraries from the distribution's own signed packages, without root and without
 * installing anything: about 6 MB to download, plus package lists that are deleted again.
 * @throws Error with the reason why it is not possible here
 */
export async function unpackRedis({ into, env, say }: UnpackOptions): Promise<RedisBinary> {
  await mkdir(dirname(into), { recursive: true });
  await removeLeftovers(into);
  // Works in a temporary directory that is renamed at the end, so that an incomplete tree is never used.
  const work = await mkdtemp(`${into}.part-`);
  try {
    const apt = await createApt(work, env);
    const updateError = await apt.update();
    const { server, files } = await choosePackages(apt).catch((error: Error) => {
      if (updateError !== undefined) error.message += ` (${updateError})`;
      throw error;
    });
    const megabytes = (files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);
    say(
      `no redis-server on this machine; unpacking ${server.name} ${server.version} with its libraries from the package sources of this system ` +
        `into ${into} (${megabytes} MB to download, once)`,
    );
    const [debs, root] = [join(work, 'debs'), join(work, 'root')];
    await Promise.all([mkdir(debs), mkdir(root)]);
    await apt.download(
      files.map(({ name }) => name),
      debs,
    );
    for (const deb of await readdir(debs)) await apt.unpack(join(debs, deb), root);
    await openTree(root);
    await putInPlace(root, into);
    return await openTree(into);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Returns the server of an unpacked tree. @throws Error when it has none that runs */
export async function openTree(root: string): Promise<RedisBinary> {
  const programs = await readdir(join(root, 'usr/bin'));
  const server = SERVERS.find((name) => programs.includes(name));
  if (server === undefined) throw new Error(`no Redis server in ${root}`);
  const libraries = await Promise.all(['usr/lib', 'lib'].map((place) => libraryDirs(join(root, place))));
  return probeBinary(join(root, 'usr/bin', server), libraries.flat().join(':'));
}

/** Returns the library directories. Debian has one per architecture, such as `x86_64-linux-gnu`. */
async function libraryDirs(place: string): Promise<string[]> {
  const entries = await readdir(place).catch(() => []);
  return entries.filter((name) => name.includes('-linux-gnu')).map((name) => join(place, name));
}

/** Chooses the first server that is new enough, with all libraries that it needs except the C library. */
async function choosePackages(apt: Apt): Promise<{ server: PackageFile; files: PackageFile[] }> {
  const seen: string[] = [];
  let outdated = false;
  for (const name of SERVERS) {
    const depends = await apt.depends(name).catch(() => undefined);
    if (depends === undefined) {
      seen.push(`no ${name}`);
      continue;
    }
    const files = await apt.files(pickPackages(name, depends));
    const server = files.find((file) => file.name === name);
    if (server !== undefined && isNewEnough(server.version)) return { server, files };
    seen.push(`${name} ${server?.version}`);
    outdated = true;
  }
  const Fault = outdated ? OutdatedPackagesError : Error;
  throw new Fault(`this system's package sources have ${seen.join(' and ')}`);
}

/** Packages with programs and libraries; others (user management, init scripts, perl) are only for an installation. */
const USEFUL = /^(?:redis|valkey|lib|lua)[^:]*$/;
/** Always part of the system; a second copy beside the system's loader would crash. */
const C_LIBRARY = /^libc6?(?:-|\d|$)/;

/**
 * Returns the packages to download for `server`, from the output of `apt-cache depends --recurse`: names at the left margin, below
 * each ` Depends: name` lines; a line with `|` has its alternative in the next line.
 */
export function pickPackages(server: string, depends: string): string[] {
  const needs = new Map<string, string[]>();
  let current: string[] = [];
  let isAlternative = false;
  for (const line of depends.split('\n')) {
    const [, name] = /^(\S+)$/.exec(line) ?? [];
    if (name !== undefined) {
      current = [];
      needs.set(name, current);
    }
    const [, bar, needed] = /^ ([ |])(?:Pre)?Depends: ([^<\s]+)/.exec(line) ?? [];
    if (needed === undefined) continue;
    if (!isAlternative && USEFUL.test(needed) && !C_LIBRARY.test(needed)) current.push(needed);
    isAlternative = bar === '|';
  }
  const picked = new Set([server]);
  // The loop also visits elements added to the set while it runs, so it reaches all packages.
  for (const name of picked) for (const needed of needs.get(name) ?? []) picked.add(needed);
  return [...picked];
}

async function putInPlace(root: string, into: string): Promise<void> {
  try {
    await rename(root, into);
  } catch (error) {
    // Another process was faster, with the same packages.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const HOUR_MS = 3_600_000;

/** Removes directories of interrupted runs; a recent one may belong to a running process. */
async function removeLeftovers(into: string): Promise<void> {
  const entries = await readdir(dirname(into));
  for (const name of entries.filter((entry) => entry.startsWith(`${basename(into)}.part-`))) {
    const path = join(dirname(into), name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > HOUR_MS) await rm(path, { recursive: true, force: true });
  }
}
