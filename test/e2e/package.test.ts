import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRedis } from '../support/redis.ts';

/** Dependencies as an installation of the package alone would have them. */
function productionModules(): string[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, optional }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !optional)
    .map(([path]) => path);
}

describe('the package in another project', { timeout: 480_000 }, () => {
  const { url: redisUrl, prefix, redis } = testRedis();
  const project = mkdtempSync(join(tmpdir(), 'sms-consumer-'));
  const home = join(project, 'node_modules/sms-dispatch');
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFileSync(join(project, name), text);
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: project, encoding: 'utf8' });

  beforeAll(() => {
    // As it lies here: it was built before the tests.
    const args = ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', project];
    const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' })) as [{ filename: string }];
    run('tar', '-xzf', packed.filename);
    mkdirSync(join(project, 'node_modules'));
    renameSync(join(project, 'package'), home);
    for (const path of productionModules()) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      symlinkSync(resolve(path), join(project, path));
    }
    write('package.json', '{ "type": "module" }');
  }, 480_000);

  it('raises alerts and resolves them', async () => {
    write(
      'raise.js',
      `import { createProducer } from 'sms-dispatch';
       const producer = createProducer({ redis: '${redisUrl}', prefix: '${prefix}' });
       console.log(JSON.stringify(await producer.enqueue({ id: 'from-outside', severity: 'critical', to: '+60123456789', text: 'x' })));
       await producer.resolve('anything');
       await producer.close();`,
    );
    expect(JSON.parse(run(process.execPath, 'raise.js'))).toEqual({ id: 'from-outside', duplicate: false });
    const [job] = await redis.lrange(`${prefix}:sms-alerts:wait`, 0, -1);
    expect(JSON.parse((await redis.hget(`${prefix}:sms-alerts:${job}`, 'data')) as string)).toMatchObject({
      id: 'from-outside',
      text: 'x',
    });
  });

  it('brings its types', () => {
    write(
      'typed.ts',
      `import { type AlertInput, createProducer, type Enqueued, RedisUnavailableError } from 'sms-dispatch';
       const alert: AlertInput = { severity: 'critical', to: ['group:oncall'], text: 'x' };
       const enqueued: Enqueued = await createProducer({ redis: 'redis://127.0.0.1' }).enqueue(alert);
       // @ts-expect-error severity is a word
       const wrong: AlertInput = { severity: 3 };
       export { enqueued, wrong, RedisUnavailableError };`,
    );
    run(
      resolve('node_modules/.bin/tsc'),
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--skipLibCheck',
      'false',
      '--types',
      '',
      'typed.ts',
    );
  });

  it('brings the JSON Schema of an alert for other languages', () => {
    write(
      'schema.js',
      `import schema from 'sms-dispatch/schema.json' with { type: 'json' }; console.log(JSON.stringify(schema.required));`,
    );
    expect(JSON.parse(run(process.execPath, '--no-warnings', 'schema.js'))).toEqual(['severity']);
  });

  it('brings the command, and a config that works as it is', () => {
    const { bin, version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
      version: string;
    };
    const command = join(home, bin['sms-dispatch'] as string);
    expect(run(process.execPath, command, '--version')).toBe(`${version}\n`);
    expect(run(process.execPath, command, 'config', 'check', join(home, 'config/sms-dispatch.yaml'))).toMatch(/^OK /);
  });

  it('brings the page of the console', () => {
    for (const file of ['index.html', 'app.js', 'app.css']) expect(existsSync(join(home, 'dist/console', file)), file).toBe(true);
  });

  it('brings the Lua of every script', () => {
    const luaIn = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.lua'))
        .sort();
    expect(luaIn(join(home, 'dist/src')).filter((path) => luaIn('src').includes(path))).toEqual(luaIn('src'));
    expect(luaIn('src').length).toBeGreaterThan(50);
  });

  it('leaves our tests at home', () => {
    expect(existsSync(join(home, 'dist/src'))).toBe(true);
    expect(existsSync(join(home, 'dist/test'))).toBe(false);
  });
});

it('finds itself by its own name', () => {
  const script = "import('sms-dispatch').then((all) => console.log(Object.keys(all).sort().join(' ')))";
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe(
    'AlertError OutcomeTimeoutError RedisUnavailableError createProducer\n',
  );
});
