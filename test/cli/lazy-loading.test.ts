import { expect, test } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { type LaunchOptions, launch, runToEnd } from '../support/system.ts';

const { url: redisUrl, prefix } = testRedis();

const CONFIG = `
redis: { prefix: "${prefix}" }
logLevel: info
providers:
  sim: { type: simulated }
routes:
  - name: all
    match: { severity: critical }
    providers: [sim]
`;

/** Prints one line per module that Node loads, of either kind. */
const HOOKS = `
import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  writeSync(2, 'LOADED ' + url + '\\n');
  return next(url, context);
}`;
const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
const REPORT = dataUrl(`
import { writeSync } from 'node:fs';
import Module, { register } from 'node:module';
register(${JSON.stringify(dataUrl(HOOKS))});
const read = Module._extensions['.js'];
Module._extensions['.js'] = (module, path) => {
  writeSync(2, 'LOADED ' + path + '\\n');
  return read(module, path);
};`);
const env = { NODE_OPTIONS: `--import ${REPORT}` };

function loadedModules(output: string): string[] {
  return [...output.matchAll(/^LOADED (.*)$/gm)].map(([, url = '']) => url);
}

/** Those of `packages` that were loaded. */
function loadedOf(output: string, packages: readonly string[]): string[] {
  const modules = loadedModules(output);
  return packages.filter((name) => modules.some((url) => url.includes(`/node_modules/${name}/`)));
}

const SDKS = ['twilio', '@aws-sdk/client-sns', '@aws-sdk/client-pinpoint-sms-voice-v2'];
const OPTIONAL = [...SDKS, '@bull-board/api', 'nodemailer', 'undici', '@opentelemetry/sdk-trace-node', 'csv-parse', 'ajv'];
const SERVERS = ['fastify', 'prom-client', 'pino', 'bullmq', 'bottleneck', 'p-retry'];
const READING = ['zod', 'yaml', 'ioredis', 'luxon', 'libphonenumber-js', 're2js', 'string-width'];

/** Command lines that need only the declarations of the commands; the last one is a mistyped command. */
const LIGHT: readonly string[] = ['--version', 'dead replay --help', 'expain'];

test.each(LIGHT)('`%s` loads no command, no config and no client', async (line) => {
  const args = line.split(' ');
  const { output } = await runToEnd({ config: CONFIG, env, args });
  expect(loadedOf(output, ['commander'])).toEqual(['commander']);
  expect(loadedOf(output, [...OPTIONAL, ...SERVERS, ...READING])).toEqual([]);
  expect(loadedModules(output).filter((url) => url.includes('/run-'))).toEqual([expect.stringContaining('/cli/run-cli.js')]);
});

test('`explain` loads what reads the ledger, and no queue, server or vendor', async () => {
  const { code, output } = await runToEnd({ config: CONFIG, redisUrl, env, args: ['explain'] });
  expect([code, output]).toEqual([1, expect.stringContaining('no alert has been raised yet')]);
  expect(loadedOf(output, ['ioredis', 'zod'])).toEqual(['ioredis', 'zod']);
  expect(loadedOf(output, [...OPTIONAL, ...SERVERS])).toEqual([]);
});

test('a process whose config has a fault reports it without loading what it would run', async () => {
  const { code, output } = await runToEnd({ config: `${CONFIG}nonsense: 1\n`, redisUrl, env });
  expect([code, output]).toEqual([1, expect.stringContaining('nonsense: unknown key')]);
  expect(loadedOf(output, ['bullmq', 'fastify', 'prom-client', 'bottleneck', ...OPTIONAL])).toEqual([]);
});

test.each<NonNullable<LaunchOptions['kind']>>(['worker', 'receiver'])(
  'a %s with a simulated provider loads no SDK, console, mail, tracing or JSON schemas, and no other command',
  async (kind) => {
    const process = await launch({ kind, config: CONFIG, redisUrl, env });
    const output = process.output();
    expect(loadedOf(output, ['bullmq', 'fastify'])).toEqual(['bullmq', 'fastify']);
    expect(loadedOf(output, OPTIONAL)).toEqual([]);
    // Required, not imported: an import parses each of their files twice.
    expect(loadedModules(output).filter((url) => /^file:.*\/node_modules\/(?:bullmq|ioredis)\//.test(url))).toEqual([]);
    expect(loadedModules(output).filter((url) => url.includes('/src/cli/') && url.includes('/run-'))).toEqual([
      expect.stringContaining('/cli/run-cli.js'),
    ]);
  },
);
