import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AlertInput } from '../../src/alert/alert.ts';
import { AlertError, readAlert } from '../../src/alert/parse-alert.ts';
import type { EnqueueResult } from '../../src/queue/producer-port.ts';
import { type } from './recording-deps.ts';

function csv(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'bulk-')), 'codes.csv');
  writeFileSync(path, text);
  return path;
}

/** A queue that knows what it has taken, as the real one does. */
function openTaker({ failAfter = Number.POSITIVE_INFINITY, onTaken }: { failAfter?: number; onTaken?: (count: number) => void } = {}) {
  const taken = new Map<string, AlertInput>();
  const enqueueMany = async (alerts: readonly unknown[]): Promise<EnqueueResult[]> => {
    if (taken.size >= failAfter) throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:6379'), { code: 'ECONNREFUSED' });
    const results = alerts.map((alert): EnqueueResult => {
      const read = readAlert(alert, { strictNumbers: true });
      if (read instanceof AlertError) return { ok: false, issues: read.issues };
      const id = read.id as string;
      const duplicate = taken.has(id);
      taken.set(id, alert as AlertInput);
      return { ok: true, id, duplicate };
    });
    onTaken?.(taken.size);
    return results;
  };
  return { taken, enqueueMany };
}

const run = (path: string, world: Parameters<typeof type>[1], ...more: string[]) =>
  type(['bulk', path, '--template', 'login-code', ...more], world);
const rows = (count: number) =>
  `to,code\n${Array.from({ length: count }, (_, index) => `+6012${3_000_000 + index},${index}`).join('\n')}\n`;

describe('a CSV file', () => {
  it('becomes one alert a row, filled in from its columns', async () => {
    const taker = openTaker();
    const path = csv('to,code,team\n+60123456789,1234,a\n "contact:alice" , "5, 6" ,b\n');
    const { code, stdout } = await run(path, taker, '--severity', 'info', '--source', 'shop');
    expect([...taken(taker)]).toMatchObject([
      {
        to: '+60123456789',
        severity: 'info',
        purpose: 'notification',
        source: 'shop',
        template: { name: 'login-code', params: { code: '1234' } },
      },
      { to: 'contact:alice', template: { params: { code: '5, 6' } } },
    ]);
    expect(new Set(taken(taker).map(({ dedupKey }) => dedupKey)).size).toBe(2);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 taken, 0 had been taken before, 0 refused\n' });
    expect(existsSync(`${path}.progress`)).toBe(false);
  });

  it('with bad rows has each reported with its line, in order, and the others taken', async () => {
    const taker = openTaker();
    const path = csv(
      'to,code\n+60123456789,1\n12,2\n+60123456780,3,4\n+60123456781,"5"6\n+60123456783,"8\n+60123456782,7\n+60123456784,\n',
    );
    const { code, stdout, stderr } = await run(path, taker);
    expect(stderr.trim().split('\n')).toEqual([
      'line 4: 3 value(s) for 2 columns',
      'line 5: not CSV: a quote inside a quoted value is written twice',
      'line 6: a quote is opened and not closed in this line',
      'line 8: nothing in the column code',
      expect.stringMatching(/^line 3: to\[0\]: /),
    ]);
    expect(taken(taker).map(({ to }) => to)).toEqual(['+60123456789', '+60123456782']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '2 taken, 0 had been taken before, 5 refused\n' });
    expect(stderr).not.toContain('+60123456781');
  });

  it('from a spreadsheet has each number whose digits it changed refused, with its line and no whole number', async () => {
    const taker = openTaker();
    const path = csv('to,code\n60123456789.0,1\n6.01E+10,2\n"60123456789,00",3\n"6,01234E+10",4\n\'+60123456789,5\n=60123456789,6\n');
    const { code, stderr } = await run(path, taker);
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.replace(/ looks .* got/, '')),
    ).toEqual([
      'line 2: to[0]: "601*******9.0"',
      'line 3: to[0]: "6.0*******+10"',
      'line 4: to[0]: "601*******,00"',
      'line 5: to[0]: "6,0*******+10"',
      'line 7: to[0]: "=60*******789"',
    ]);
    expect(taken(taker).map(({ to }) => to)).toEqual(["'+60123456789"]);
    expect(code).toBe(1);
  });

  it('offered again texts nobody twice', async () => {
    const taker = openTaker();
    const path = csv(rows(3));
    await run(path, taker);
    const { stdout, code } = await run(path, taker, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 0, duplicates: 3, rejected: 0, finished: true });
    expect(code).toBe(0);
  });

  it('that was cut off goes on where it was, in one campaign', async () => {
    const path = csv(rows(1_200));
    const stop = new AbortController();
    const first = openTaker({ onTaken: () => stop.abort() });
    const cut = await run(path, { ...first, interrupted: stop.signal });
    expect({ code: cut.code, size: first.taken.size }).toEqual({ code: 1, size: 500 });
    const second = openTaker();
    const rest = await run(path, second);
    expect(rest.stderr).toContain('going on after line 501');
    expect(rest.stdout).toBe('1200 taken, 0 had been taken before, 0 refused\n');
    expect(second.taken.size).toBe(700);
    expect([...second.taken.keys()].filter((id) => first.taken.has(id))).toEqual([]);
  });

  it('that a Redis breaks off goes on where it was as well', async () => {
    const path = csv(rows(1_200));
    const { code, stderr } = await run(path, openTaker({ failAfter: 500 }));
    expect(code).toBe(1);
    expect(stderr).toContain('Tried 10.0.0.5:6379');
    const second = openTaker();
    await run(path, second);
    expect(second.taken.size).toBe(700);
  });

  it('cut off and then changed begins anew', async () => {
    const path = csv(rows(600));
    await run(path, openTaker({ failAfter: 500 }));
    writeFileSync(path, `${rows(600)}+60123456789,x\n`);
    const second = openTaker();
    await run(path, second);
    expect(second.taken.size).toBe(601);
  });

  it.each([
    ['phone,code\n+60123456789,1\n', 'no column "to"'],
    ['to\n+60123456789\n', 'no column "code"'],
    ['to;code\n+60123456789;1\n', 'no column "to", "code"'],
    ['to,code,code\n+60123456789,1,2\n', 'two columns are named "code"'],
  ])('that begins with %j is refused before anybody is texted', async (text, message) => {
    const taker = openTaker();
    const { code, stderr } = await run(csv(text), taker);
    expect(stderr).toContain(message);
    expect({ code, taken: taker.taken.size }).toEqual({ code: 1, taken: 0 });
  });

  it('that is not there, and a template that is not there, are said', async () => {
    expect((await run('/nowhere.csv', openTaker())).stderr).toContain('no such file: /nowhere.csv');
    const wrong = await type(['bulk', csv(rows(1)), '--template', 'nope'], openTaker());
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('no template is named "nope"') });
  });

  it('shows a bar where somebody watches', async () => {
    const { stderr } = await run(csv(rows(1_000)), { ...openTaker(), isTTY: true });
    expect(stderr).toMatch(/█+░* \d+ % {2}1000 taken, 0 refused, \d+\/s/);
  });
});

function taken(taker: ReturnType<typeof openTaker>): AlertInput[] {
  return [...taker.taken.values()];
}
