import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkFile, checkTree, FLOORS, findCircles, OWNERS, SHARED } from './walls.ts';

test('no import of ours goes through a wall', () => {
  expect(checkTree('.')).toEqual([]);
});

describe('a circle of imports', () => {
  test('is nowhere, types included', () => {
    expect(findCircles('.')).toEqual([]);
  });

  test('is found within a room, also when it is of types and over several files', () => {
    const root = mkdtempSync(join(tmpdir(), 'sms-circle-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    mkdirSync(join(root, 'src/alert/deep'), { recursive: true });
    mkdirSync(join(root, 'workers'));
    writeFileSync(join(root, 'src/alert/a.ts'), "import type { B } from './deep/b.ts';\n");
    writeFileSync(join(root, 'src/alert/deep/b.ts'), "import { c } from '../c.ts';\n");
    writeFileSync(join(root, 'src/alert/c.ts'), "export type { A } from './a.ts';\nimport './d.ts';\n");
    writeFileSync(join(root, 'src/alert/d.ts'), '');
    expect(findCircles(root)).toEqual(['src/alert/a.ts → src/alert/deep/b.ts → src/alert/c.ts → src/alert/a.ts']);
  });
});

describe('what a room owns, others may not import', () => {
  test.each([
    ['bullmq', 'src/queue/a.ts', 'src/http/a.ts', 'queue/'],
    ['ioredis', 'src/redis/a.ts', 'src/ledger/a.ts', 'redis/'],
    ['bottleneck', 'src/limit/a.ts', 'src/pipeline/a.ts', 'limit/'],
    ['undici', 'src/http-client/a.ts', 'src/provider/a.ts', 'http-client/'],
    ['twilio', 'src/provider/twilio/a.ts', 'src/provider/http/a.ts', 'provider/twilio/'],
    ['@aws-sdk/client-sns', 'src/provider/aws/a.ts', 'src/app.ts', 'provider/aws/'],
    ['tencentcloud-sdk-nodejs-sms', 'src/provider/tencent/a.ts', 'src/http/a.ts', 'provider/tencent/'],
    ['fastify', 'src/http/a.ts', 'src/metrics/a.ts', 'http/'],
    ['prom-client', 'src/metrics/a.ts', 'src/http/a.ts', 'metrics/'],
    ['yaml', 'src/config/a.ts', 'src/cli/a.ts', 'config/'],
    ['commander', 'src/cli/a.ts', 'workers/a.ts', 'cli/'],
    ['pino', 'src/logger.ts', 'src/http/a.ts', 'logger.ts'],
    ['p-retry', 'src/pipeline/a.ts', 'src/provider/a.ts', 'pipeline/'],
    ['libphonenumber-js/max', 'src/alert/a.ts', 'src/config/a.ts', 'alert/'],
    ['string-width', 'src/text/a.ts', 'src/cli/a.ts', 'text/'],
    ['@opentelemetry/api', 'src/tracing/a.ts', 'src/queue/a.ts', 'tracing/'],
    ['preact/hooks', 'src/console/parts/a.tsx', 'src/http/a.ts', 'console/'],
    ['node:process', 'src/setting/environment.ts', 'src/config/a.ts', 'setting/environment.ts'],
    ['../package.json', 'src/version.ts', 'src/app.ts', 'version.ts'],
  ])('%s: %s may, %s may not', (specifier, owner, other, label) => {
    const source = `import x from '${specifier}';\n`;
    expect(checkFile(owner, source)).toEqual([]);
    expect(checkFile(other, source)).toEqual([`${other}:1 imports ${specifier}, which ${label} owns`]);
  });

  test('every dependency has an owner or is shared', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
    const source = Object.keys(dependencies)
      .map((name) => `import '${name}';\n`)
      .join('');
    expect(checkFile('src/alert/a.ts', source).filter((fault) => fault.includes('no room owns'))).toEqual([]);
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining([...SHARED]));
  });

  test('a room is not one whose name only begins the same', () => {
    expect(checkFile('src/queues/a.ts', "import 'bullmq';\n")).toEqual(['src/queues/a.ts:1 imports bullmq, which queue/ owns']);
  });

  test('a package without an owning room is reported', () => {
    expect(checkFile('src/alert/a.ts', "import { get } from 'lodash';\n")).toEqual([
      'src/alert/a.ts:1 imports lodash, which no room owns yet',
    ]);
  });

  test('zod and the rest of Node are for all', () => {
    expect(checkFile('src/alert/a.ts', "import { z } from 'zod';\nimport { readFile } from 'node:fs/promises';\n")).toEqual([]);
  });
});

/** Each file with one that it may import. The other way round it may not. */
const DOWNWARD: readonly (readonly [from: string, to: string])[] = [
  ['workers/start.ts', 'src/app.ts'],
  ['src/app.ts', 'src/http/a.ts'],
  ['src/app.ts', 'src/cli/a.ts'],
  ['src/app.ts', 'src/queue/a.ts'],
  ['src/app.ts', 'src/overview/a.ts'],
  ['src/app.ts', 'src/metrics/a.ts'],
  ['src/index.ts', 'src/queue/a.ts'],
  ['src/http/a.ts', 'src/pipeline/a.ts'],
  ['src/cli/a.ts', 'src/pipeline/a.ts'],
  ['src/queue/a.ts', 'src/pipeline/a.ts'],
  ['src/overview/a.ts', 'src/pipeline/a.ts'],
  ['src/metrics/a.ts', 'src/pipeline/a.ts'],
  ['src/pipeline/a.ts', 'src/provider/a.ts'],
  ['src/pipeline/a.ts', 'src/ledger/a.ts'],
  ['src/pipeline/a.ts', 'src/limit/a.ts'],
  ...['redis/a.ts', 'clock.ts', 'logger.ts'].flatMap((below) =>
    ['provider', 'ledger', 'limit'].map((room) => [`src/${room}/a.ts`, `src/${below}`] as const),
  ),
  ...['provider', 'channel', 'limit'].map((room) => ['src/config/a.ts', `src/${room}/a.ts`] as const),
  ...['provider', 'ledger', 'limit', 'config', 'redis'].map((room) => [`src/${room}/a.ts`, 'src/alert/a.ts'] as const),
  ['src/logger.ts', 'src/alert/a.ts'],
];

describe('a Redis key', () => {
  test.each([
    ['src/queue/a.ts', 'redis.hget(keys.alert(id), 1)', 'src/queue/a.ts:1 uses the key alert, which ledger/ owns'],
    ['src/ledger/a.ts', '\nkeys.limiter(name)', 'src/ledger/a.ts:2 uses the key limiter, which limit/ owns'],
  ])('used in %s by %j is a fault', (path, source, fault) => expect(checkFile(path, source)).toEqual([fault]));

  test('is used by its owner', () => expect(checkFile('src/ledger/lists/a.ts', 'redis.zcard(keys.unknown())')).toEqual([]));
});

describe('imports point down', () => {
  test.each(DOWNWARD)('%s may import %s, not the other way round', (from, to) => {
    expect(checkFile(from, importing(from, to))).toEqual([]);
    const [fault, ...more] = checkFile(to, importing(to, from));
    expect(more).toEqual([]);
    expect(fault).toMatch(`${to}:1 imports `);
    expect(fault).toMatch(/, but \S+ lies above \S+$/);
  });

  test('also over several floors', () => {
    expect(checkFile('workers/a.ts', importing('workers/a.ts', 'src/alert/a.ts'))).toEqual([]);
    expect(checkFile('src/alert/a.ts', importing('src/alert/a.ts', 'workers/a.ts'))).toEqual([
      'src/alert/a.ts:1 imports ../../workers/a.ts, but workers/ lies above alert/',
    ]);
  });

  test('within a room there are no walls', () => {
    expect(checkFile('src/provider/twilio/a.ts', importing('src/provider/twilio/a.ts', 'src/provider/http/a.ts'))).toEqual([]);
    expect(checkFile('src/http/a.ts', "import { b } from './b.ts';\n")).toEqual([]);
  });

  test.each([
    ['src/http/a.ts', 'src/cli/a.ts', 'but cli/ lies beside http/'],
    ['src/metrics/a.ts', 'src/queue/a.ts', 'but queue/ lies beside metrics/'],
    ['src/provider/a.ts', 'src/ledger/a.ts', 'but ledger/ lies beside provider/'],
    ['src/config/a.ts', 'src/pipeline/routing/router.ts', 'but pipeline/ lies above config/'],
    ['src/provider/a.ts', 'src/config/config.ts', 'but config/ lies above provider/'],
    ['src/http/a.ts', 'test/support/until.ts', 'but test/ is on no floor'],
    ['src/attic/a.ts', 'src/alert/a.ts', 'but attic/ is on no floor'],
  ])('%s importing %s is reported', (from, to, fault) => {
    expect(checkFile(from, importing(from, to))).toEqual([expect.stringContaining(fault)]);
  });
});

describe('an import is seen however it is written', () => {
  test.each([
    "import type { Redis } from 'ioredis';",
    "import {\n  type Redis,\n} from 'ioredis';",
    "import * as redis from 'ioredis';",
    "import Redis, { type Cluster } from 'ioredis';",
    'import { Redis } from "ioredis";',
    "import 'ioredis';",
    "export { Redis } from 'ioredis';",
    "export * from 'ioredis/built/x.js';",
    "const { Redis } = await import('ioredis');",
    "let redis: import('ioredis').Redis;",
    "const Redis = require('ioredis');",
    'const Redis = await import(`ioredis`);',
  ])('%s', (source) => {
    expect(checkFile('src/http/a.ts', `const first = 1;\n${source}\n`)).toEqual([
      expect.stringMatching(/^src\/http\/a\.ts:\d+ imports ioredis/),
    ]);
  });

  test('each with its own line', () => {
    expect(checkFile('src/http/a.ts', "// one\nimport 'ioredis';\n\nimport 'bullmq';\n")).toEqual([
      'src/http/a.ts:2 imports ioredis, which redis/ owns',
      'src/http/a.ts:4 imports bullmq, which queue/ owns',
    ]);
  });

  test('and a text that looks like one is not', () => {
    expect(checkFile('src/http/a.ts', "const text = \"read it from 'ioredis'\";\n * from 'bullmq'\n")).toEqual([]);
  });
});

test('the plan names only rooms and files that stand', () => {
  const standing = (place: string) => existsSync(join('src', place)) || existsSync(place);
  expect(FLOORS.flat().filter((room) => !standing(room))).toEqual([]);
  expect([...new Set(Object.values(OWNERS))].filter((owner) => !standing(owner))).toEqual([]);
});

function importing(from: string, to: string): string {
  const up = '../'.repeat(from.split('/').length - 1);
  return `import { x } from '${up}${to}';\n`;
}
