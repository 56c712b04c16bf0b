import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createConfigReader } from '../../src/config/config-reader.ts';
import { until } from '../support/until.ts';
import { minimal } from './load-yaml.ts';

/** A config that was loaded and is being watched; `loads` counts the calls since. */
function watched(files: Readonly<Record<string, string>>, main = 'c.yaml') {
  const dir = mkdtempSync(join(tmpdir(), 'sms-config-'));
  const at = (name: string) => join(dir, name);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), text);
  }
  const reader = createConfigReader({ path: at(main), env: {} }, { everyMs: 10, settleMs: 5 });
  const ending = new AbortController();
  const seen = { loads: 0, error: '' };
  return {
    at,
    seen,
    start: async () => {
      reader.load();
      const ended = reader.watch(async () => {
        seen.loads += 1;
        try {
          reader.load();
          seen.error = '';
        } catch (error) {
          seen.error = String(error);
        }
      }, ending.signal);
      onTestFinished(async () => {
        ending.abort();
        await ended;
        rmSync(dir, { recursive: true });
      });
    },
  };
}

const people = (name: string) => `contacts: { ${name}: { phone: "+60123456789", consent: true } }\n`;

describe('a file of the config that is', () => {
  test('written in place is noticed, once', async () => {
    const { at, seen, start } = watched({ 'c.yaml': minimal() });
    await start();
    writeFileSync(at('c.yaml'), minimal('logLevel: debug\n'));
    await until(() => seen.loads === 1);
    // Touched, and the same: a look that comes after this one would have to be another load.
    utimesSync(at('c.yaml'), new Date(), new Date());
    writeFileSync(at('c.yaml'), minimal('logLevel: warn\n'));
    await until(() => seen.loads === 2);
  });

  test('replaced by rename, as editors do, is noticed in a contact file', async () => {
    const { at, seen, start } = watched({ 'c.yaml': minimal('contactFiles: [people.yaml]\n'), 'people.yaml': people('alice') });
    await start();
    writeFileSync(at('people.yaml~'), people('bob'));
    renameSync(at('people.yaml~'), at('people.yaml'));
    await until(() => seen.loads === 1);
  });

  test('reached through a symbolic link that is led elsewhere, as Kubernetes does, is noticed', async () => {
    const { at, seen, start } = watched({ '..1/c.yaml': minimal(), '..2/c.yaml': minimal('logLevel: debug\n') });
    symlinkSync('..1', at('..data'));
    symlinkSync('..data/c.yaml', at('c.yaml'));
    await start();
    symlinkSync('..2', at('..tmp'));
    renameSync(at('..tmp'), at('..data'));
    await until(() => seen.loads === 1);
  });

  test('a secret is noticed', async () => {
    const { at, seen, start } = watched({ 'c.yaml': minimal(`http: { tokens: ["\${file:token}"] }\n`), token: 'one' });
    await start();
    writeFileSync(at('token'), 'two');
    await until(() => seen.loads === 1);
    // As long as the one before.
    writeFileSync(at('token'), 'six');
    await until(() => seen.loads === 2);
  });

  test('gone is noticed, and so is its return; one that is wrong is not read again until it changes', async () => {
    const { at, seen, start } = watched({ 'c.yaml': minimal('contactFiles: [people.yaml]\n'), 'people.yaml': people('alice') });
    await start();
    renameSync(at('people.yaml'), at('away'));
    await until(() => seen.error.includes('no such file'));
    writeFileSync(at('people.yaml'), 'contacts: [');
    await until(() => seen.error.includes('people.yaml:1'));
    const { loads } = seen;
    renameSync(at('away'), at('people.yaml'));
    await until(() => seen.error === '');
    expect(seen.loads).toBe(loads + 1);
  });
});
