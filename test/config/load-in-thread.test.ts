import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { changedSections } from '../../src/config/changed-sections.ts';
import { createConfigReader } from '../../src/config/config-reader.ts';
import { ConfigError } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { putSecretsBack, takeSecretsApart } from '../../src/config/secrets-apart.ts';
import { Secret } from '../../src/setting/secret.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';
import { minimal } from './load-yaml.ts';

/** As the build leaves it: Node runs no TypeScript in a thread. */
const THREAD = new URL('../../dist/src/config/load-thread.js', import.meta.url);

const readerOf = async (yaml: string, env: Readonly<Record<string, string>> = {}) => {
  const path = await writeConfig(yaml);
  return { path, reader: createConfigReader({ path, env }, { everyMs: 10, settleMs: 5 }, THREAD) };
};
/** What it gives, or throws. */
const outcome = async (load: () => unknown) => {
  try {
    return { value: await load() };
  } catch (error) {
    return { error };
  }
};

const people = (count: number, more = '') =>
  `contacts:\n${Array.from({ length: count }, (_, i) => `  p${i}: { phone: "+6012${3_000_000 + i}", consent: true${more} }\n`).join('')}`;

describe('a config that is read in a thread', () => {
  test('is the one that is read without: its secrets, patterns, maps, warnings and hash', async () => {
    const { reader } = await readerOf(
      minimal(`http: { tokens: ["\${TOKEN}", short] }
contacts: { alice: { phone: "+60123456789", quietHours: { from: "22:00", to: "07:00" }, timeZone: Asia/Kuala_Lumpur }, bob: { phone: "+60123456780" } }
rotations: { week: { timeZone: UTC, shifts: [{ contacts: [alice] }] } }
channels: { chat: { type: webhook, url: "https://example.com/hook", headers: { x-key: "\${TOKEN}" } } }
money: { currency: EUR, prices: { desk: { other: 0.1 } } }
defaultCountry: MY
`).replace('- { name', '- { match: { source: /^db-/i, labels: { team: [a, b] } }, name'),
      { TOKEN: 'a-token-of-more-than-16-characters' },
    );
    const [before, after] = [reader.load(), await reader.reload()];
    expect(changedSections(before.config, after.config)).toEqual([]);
    expect(after.config).toEqual(before.config);
    expect(after.config.http.tokens.map((token) => token instanceof Secret && token.reveal())).toEqual([
      'a-token-of-more-than-16-characters',
      'short',
    ]);
    expect([after.hash, after.warnings, after.path]).toEqual([before.hash, before.warnings, before.path]);
    expect(after.warnings.length).toBeGreaterThan(0);
  });

  test('is refused with the same faults, and is not read again until a file changes', async () => {
    const { path, reader } = await readerOf(minimal(`capz: {}\n${people(1, ', email: nobody')}`));
    const [before, after] = [await outcome(reader.load), await outcome(reader.reload)];
    expect(after.error).toBeInstanceOf(ConfigError);
    expect(String(after.error)).toBe(String(before.error));

    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const loads: unknown[] = [];
    void reader.watch(async () => loads.push((await outcome(reader.reload)).error), ending.signal);
    writeFileSync(path, minimal('capz: {}\n'));
    await until(() => loads.length === 1);
    writeFileSync(path, minimal());
    await until(() => loads.length === 2);
    expect(loads).toEqual([expect.any(ConfigError), undefined]);
  });

  test('rejects when the thread fails, and is read again when a file changes', async () => {
    const path = await writeConfig(minimal());
    const reader = createConfigReader(
      { path, env: {} },
      { everyMs: 10, settleMs: 5 },
      new URL(`data:text/javascript,${encodeURIComponent('throw new Error("a defect")')}`),
    );
    reader.load();
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const loads: unknown[] = [];
    writeFileSync(path, minimal('logLevel: debug\n'));
    void reader.watch(async () => loads.push(String((await outcome(reader.reload)).error)), ending.signal);
    await until(() => loads.length === 1);
    writeFileSync(path, minimal('logLevel: warn\n'));
    await until(() => loads.length === 2);
    expect(loads).toEqual(['Error: a defect', 'Error: a defect']);
  });

  test('leaves the event loop free: of 10,000 contacts it is held for a small part of the time that reading them takes', async () => {
    const { reader } = await readerOf(minimal(people(10_000)));
    const startedAt = performance.now();
    let [lastAt, longest, turns, isOver] = [startedAt, 0, 0, false];
    const turn = () => {
      const now = performance.now();
      longest = Math.max(longest, now - lastAt);
      lastAt = now;
      turns += 1;
      if (!isOver) setTimeout(turn, 1);
    };
    turn();
    const { config } = await reader.reload();
    const tookMs = performance.now() - startedAt;
    turn();
    isOver = true;
    expect(config.contacts.size).toBe(10_000);
    expect(turns).toBeGreaterThan(20);
    expect(longest).toBeLessThan(tookMs / 3);
  });
});

describe('a config with many contacts', () => {
  test('asks Intl once for a time zone that all of them have', async () => {
    const path = await writeConfig(minimal(people(200, ', timeZone: America/Argentina/Ushuaia')));
    const asked = vi.spyOn(Intl, 'DateTimeFormat');
    onTestFinished(() => asked.mockRestore());
    loadConfig({ path, env: {} });
    expect(asked.mock.calls.filter(([, options]) => options?.timeZone === 'America/Argentina/Ushuaia')).toHaveLength(1);
  });
});

describe('secrets that are taken apart', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '0'));
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.constantFrom(undefined, null, true, /^a/i));
  const secret = fc.string().map((text) => new Secret(text));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, leaf, secret, fc.array(tie('tree')), fc.dictionary(name, tie('tree')), tie('map')),
    map: fc.array(fc.tuple(name, tie('tree'))).map((entries) => new Map(entries)),
  }));
  /** Every secret by its place, and everything else. */
  const written = (value: unknown): string =>
    JSON.stringify(value, function (this: Record<string, unknown>, key, plain) {
      const part = this[key];
      if (part instanceof Secret) return { secret: part.reveal() };
      return part instanceof Map ? { map: [...part] } : part instanceof RegExp ? String(part) : plain;
    });

  test('are where they were on the other side of a structured clone, and nowhere in what was sent without them', () => {
    fc.assert(
      fc.property(fc.record({ tree }), (whole) => {
        const apart = takeSecretsApart(whole);
        expect(written(apart.value)).not.toContain('"secret":');
        expect(written(putSecretsBack(structuredClone(apart)))).toBe(written(whole));
      }),
    );
  });

  test.each([
    ['a class', new Date(), 'a Date cannot be sent to another thread: here'],
    ['a function', () => undefined, 'a function cannot be sent to another thread: here'],
  ])('refuse %s, which would arrive as something else', (_what, value, message) => {
    expect(() => takeSecretsApart({ here: value })).toThrow(message);
  });
});
