import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePrintedUris } from '../../src/embedded/apt.ts';
import { startEmbeddedServer } from '../../src/embedded/embedded-server.ts';
import { findRedisBinary } from '../../src/embedded/find-redis.ts';
import { findOnPath } from '../../src/embedded/run.ts';
import { pickPackages } from '../../src/embedded/unpack-redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';

let dir: string;
let dataDir: string;
let said: string[];

beforeEach(async () => {
  said = [];
  dir = await mkdtemp(join(tmpdir(), 'sms-unpack-'));
  // A space in the path is where quoting goes wrong.
  dataDir = join(dir, 'my data');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A PATH on which there are these programs only, as they are on this machine. */
async function pathWith(...programs: string[]): Promise<string> {
  const bin = await mkdtemp(join(dir, 'bin-'));
  for (const program of programs) {
    const [real] = await findOnPath(program, process.env);
    if (real !== undefined) await symlink(real, join(bin, program));
  }
  return bin;
}

/** A program of this name that does nothing but print. */
async function fakeProgram(name: string, output: string): Promise<string> {
  const bin = await mkdtemp(join(dir, 'bin-'));
  await writeFile(join(bin, name), `#!/bin/sh\necho "${output}"\n`);
  await chmod(join(bin, name), 0o755);
  return bin;
}

const find = (PATH: string) => findRedisBinary({ dataDir, env: { ...process.env, PATH }, say: (line) => said.push(line) });

const APT_TOOLS = ['apt-get', 'apt-cache', 'dpkg-deb'];
const missing = (
  await Promise.all(APT_TOOLS.map(async (tool) => ((await findOnPath(tool, process.env)).length === 0 ? [tool] : [])))
).flat();
if (missing.length > 0) console.warn(`\n=== SKIPPED: unpacking a real Redis, as this system has no ${missing.join(', ')} ===\n`);
const OFFLINE = /Failed to fetch|Could not resolve|Unable to connect/;

describe.skipIf(missing.length > 0)('on a machine without a Redis but with apt', () => {
  it('unpacks a server that runs, once, and says so in one line with the size', { timeout: 300_000 }, async ({ skip }) => {
    // What an interrupted run leaves behind.
    await mkdir(join(dataDir, 'redis-server/usr'), { recursive: true });
    const leftover = join(dataDir, 'redis-server.part-old');
    await mkdir(leftover);
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(leftover, yesterday, yesterday);

    const path = await pathWith(...APT_TOOLS);
    const binary = await find(path).catch((error: Error) => {
      if (!OFFLINE.test(error.message)) throw error;
      console.warn(`\n=== SKIPPED: unpacking a real Redis, as this machine reaches no package archive ===\n${error.message}\n`);
      return skip('no package archive can be reached');
    });
    expect(binary.command).toBe(join(dataDir, 'redis-server/usr/bin', binary.command.split('/').at(-1) as string));
    expect(said).toEqual([
      expect.stringMatching(/^no redis-server on this machine; unpacking \S+ \d\S+ .* \(\d+\.\d MB to download, once\)$/),
    ]);
    expect(await readdir(dataDir)).toEqual(['redis-server']);

    // The second time there is nothing to fetch with.
    expect(await find(await pathWith())).toEqual(binary);
    expect(said).toHaveLength(1);

    const server = await startEmbeddedServer({ binary, dataDir, say: (line) => said.push(line) });
    const redis = connectRedis(server.url, 'commands');
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    await server.stop();
  });
});

describe('on a machine with neither', () => {
  it.each([
    ['apt-get', 'sudo apt-get install -y redis-server'],
    ['dnf', 'sudo dnf install -y redis'],
    ['apk', 'sudo apk add redis'],
    ['brew', 'brew install redis'],
    ['nothing', 'docker run -d'],
  ])('names the command that installs one: with %s, %s', async (tool, command) => {
    const failure = find(await fakeProgram(tool, ''));
    await expect(failure).rejects.toThrow(`Install one: ${command}`);
    await expect(failure).rejects.toThrow(/apt-(get|cache) not found on this system/);
    expect(await readdir(dataDir)).toEqual([]);
  });
});

describe('a server on PATH', () => {
  it('is taken when it is new enough, whichever of the two it is', async () => {
    const path = await fakeProgram('valkey-server', 'Valkey server v=8.1.1 sha=00000000:0');
    expect(await find(path)).toEqual({ command: join(path, 'valkey-server'), description: 'Valkey 8.1.1' });
    expect(said).toEqual([]);
  });

  it('is passed over for a newer one behind it when it is too old, broken or something else', async () => {
    const good = await fakeProgram('redis-server', 'Redis server v=7.0.15 sha=00000000:0');
    const others = await Promise.all(
      ['Redis server v=6.0.16 sha=00000000:0', 'usage: redis-server'].map((output) => fakeProgram('redis-server', output)),
    );
    const broken = await fakeProgram('redis-server', '');
    await writeFile(join(broken, 'redis-server'), 'not a program');
    expect(await find([...others, broken, good].join(delimiter))).toMatchObject({ command: join(good, 'redis-server') });
  });
});

describe('the packages to fetch', () => {
  it('are the server and the libraries that it needs, without the C library and what only an installation needs', () => {
    expect(pickPackages('redis-server', DEPENDS)).toEqual([
      'redis-server',
      'redis-tools',
      'libjemalloc2',
      'libssl3t64',
      'libsystemd0',
      'lua-cjson',
      'libgcc-s1',
      'libcap2',
      'liblua5.1-0',
    ]);
  });

  it('are read with name, version and size from the addresses that apt prints', () => {
    const printed = `'http://deb.debian.org/debian-security/pool/updates/main/r/redis/redis-server_7.0.15-1%7edeb12u10_amd64.deb' redis-server_5%3a7.0.15-1~deb12u10_amd64.deb 73908 SHA256:784e
W: something apt had to say
'http://deb.debian.org/debian/pool/main/libl/liblzf/liblzf1_3.6-3_amd64.deb' liblzf1_3.6-3_amd64.deb 10192 SHA256:9854
`;
    expect(parsePrintedUris(printed)).toEqual([
      { name: 'redis-server', version: '7.0.15', bytes: 73908 },
      { name: 'liblzf1', version: '3.6', bytes: 10192 },
    ]);
  });
});

/** `apt-cache depends --recurse`, shortened: alternatives, virtual packages, their providers, other architectures. */
const DEPENDS = `redis-server
  PreDepends: init-system-helpers
  Depends: lsb-base
    sysvinit-utils
  Depends: redis-tools
init-system-helpers
 |Depends: usrmerge
  Depends: usr-is-merged
redis-tools
  Depends: adduser
  Depends: libc6
  Depends: libjemalloc2
 |Depends: libssl3t64
  Depends: libssl-elsewhere
  Depends: libsystemd0
    libelogind0
  Depends: lua-cjson
adduser
  Depends: libpam0g
libjemalloc2
  Depends: libc6
  Depends: libgcc-s1
libsystemd0
  PreDepends: libcap2
  Depends: <libvirtual>
  Depends: libcap2:i386
lua-cjson
  Depends: liblua5.1-0
libgcc-s1
  Depends: gcc-14-base
  Depends: libc6
`;
