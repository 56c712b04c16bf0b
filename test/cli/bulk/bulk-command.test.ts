import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AlertInput } from '../../../src/alert/alert.ts';
import { AlertError, readAlert } from '../../../src/alert/parse/parse-alert.ts';
import type { EnqueueResult } from '../../../src/queue/producer/producer-port.ts';
import { type } from '../recording-deps.ts';

function csv(text: string | Buffer): string {
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
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 accepted, 0 accepted before, 0 rejected\n' });
    expect(existsSync(`${path}.progress`)).toBe(false);
  });

  it('with bad rows has each reported with its line, in order, and the others taken', async () => {
    const taker = openTaker();
    const path = csv(
      'to,code\n+60123456789,1\n12,2\n+60123456780,3,4\n+60123456781,"5"6\n+60123456783,"8\n+60123456782,7\n+60123456784,\n',
    );
    const { code, stdout, stderr } = await run(path, taker);
    expect(stderr.trim().split('\n')).toEqual([
      'line 4: has 3 value(s) for 2 columns',
      'line 5: is not valid CSV: a quote inside a quoted value must be doubled',
      'line 6: contains an unclosed quote',
      'line 8: has no value in column code',
      expect.stringMatching(/^line 3: to\[0\]: /),
    ]);
    expect(taken(taker).map(({ to }) => to)).toEqual(['+60123456789', '+60123456782']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '2 accepted, 0 accepted before, 5 rejected\n' });
    expect(stderr).not.toContain('+60123456781');
  });

  it('with a NUL character in a row has that row refused, and nothing of it is taken', async () => {
    const taker = openTaker();
    const path = csv('to,code\n+60123456789,12\u000034\n+60123456780,1\u0000+60123456781,2\n\u0000,\u0000\n+60123456782,3\n');
    const { code, stdout, stderr } = await run(path, taker);
    expect(stderr.match(/^line [2-4]: contains a NUL character \(U\+0000\): .*--encoding/gm)).toHaveLength(3);
    expect(taken(taker).map(({ to }) => to)).toEqual(['+60123456782']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '1 accepted, 0 accepted before, 3 rejected\n' });
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

  it('submitted again sends no second message', async () => {
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
    expect(rest.stderr).toContain('continuing after line 501');
    expect(rest.stdout).toBe('1200 accepted, 0 accepted before, 0 rejected\n');
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

  it('cut off and then changed starts from the beginning', async () => {
    const path = csv(rows(600));
    await run(path, openTaker({ failAfter: 500 }));
    writeFileSync(path, `${rows(600)}+60123456789,x\n`);
    const second = openTaker();
    await run(path, second);
    expect(second.taken.size).toBe(601);
  });

  it.each([
    ['phone,code\n+60123456789,1\n', 'lacks the column "to"'],
    ['to\n+60123456789\n', 'lacks the column "code"'],
    ['phone;name\n+60123456789;1\n', 'lacks the column "to", "code"'],
    ['to,code,Code\n+60123456789,1,2\n', 'the column "Code"'],
    ['', 'is empty'],
    ['\n\n', 'lacks the column "to", "code"'],
    ['PK\u0003\u0004xl/workbook.xml', 'a spreadsheet (xlsx, xls, ods)'],
    ['to,code,code\n+60123456789,1,2\n', 'the column "code"'],
  ])('that begins with %j is rejected before any message is sent', async (text, message) => {
    const taker = openTaker();
    const { code, stderr } = await run(csv(text), taker);
    expect(stderr).toContain(message);
    expect({ code, taken: taker.taken.size }).toEqual({ code: 1, taken: 0 });
  });

  it('that is not there, and a template that is not there, are said', async () => {
    expect((await run('/nowhere.csv', openTaker())).stderr).toContain('file not found: /nowhere.csv');
    const wrong = await type(['bulk', csv(rows(1)), '--template', 'nope'], openTaker());
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('no template is named "nope"') });
  });

  it('shows a progress bar on a terminal', async () => {
    const { stderr } = await run(csv(rows(1_000)), { ...openTaker(), isTTY: true });
    expect(stderr).toMatch(/█+░* \d+ % {2}1000 accepted, 0 rejected, \d+\/s/);
  });
});

describe('a row is its recipient and its content', () => {
  const twoRows = 'to,code\n+60123456789,1\n+60123456780,2\n';
  it.each<[what: string, text: string | Buffer, options: string[]]>([
    ['with a refused row corrected', 'to,code\n+60123456789,1\n+60123456780,2\n+60123456781,3\n', []],
    ['with an empty line', 'to,code\n\n+60123456789,1\n\n+60123456780,2\n', []],
    ['with CRLF', twoRows.replaceAll('\n', '\r\n'), []],
    ['with another severity', twoRows, ['--severity', 'info']],
    ['with another source and deadline', twoRows, ['--source', 'shop', '--expires-at', '2030-01-01T00:00:00Z']],
    ['in another order, with another column', 'note,code,to\nx,2,+60123456780\ny,1,+60123456789\n', []],
    ['with semicolons and another case', 'To;CODE\n+60123456789;1\n+60123456780;2\n', []],
    ['with the numbers spelled otherwise', 'to,code\n+60 12-345 6789,1\n0060123456780,2\n', []],
    ['in UTF-16', Buffer.from(`\ufeff${twoRows}`, 'utf16le'), []],
  ])('and is not taken again %s', async (_what, text, options) => {
    const taker = openTaker();
    await run(csv('to,code\n+60123456789,1\n+60123456780,2\n12,3\n'), taker);
    const before = taker.taken.size;
    const { stdout } = await run(csv(text), taker, ...options, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ duplicates: 2 });
    expect(taker.taken.size - before).toBe(JSON.parse(stdout).accepted);
  });

  it('and is sent once where it occurs twice in one file, and both lines are reported', async () => {
    const taker = openTaker();
    const { stdout, stderr, code } = await run(csv('to,code\n+60123456789,1\n+60123456789,2\n+60 123456789,1\n'), taker);
    expect(stderr).toContain('line 4: the same recipient and content as line 2; sent once');
    expect({ stdout, code }).toEqual({ stdout: '2 accepted, 1 accepted before, 0 rejected\n', code: 0 });
  });

  it('and is another one with other content, another recipient or another template', async () => {
    const taker = openTaker();
    await run(csv('to,code\n+60123456789,1\n+60123456789,2\n+60123456780,1\n'), taker);
    expect(taker.taken.size).toBe(3);
  });

  it('and is sent once more with --again, under ids of its own each time', async () => {
    const taker = openTaker();
    const path = csv(rows(3));
    await run(path, taker);
    expect((await run(path, taker, '--again')).stdout).toBe('3 accepted, 0 accepted before, 0 rejected\n');
    expect((await run(path, taker, '--again')).stdout).toBe('3 accepted, 0 accepted before, 0 rejected\n');
    expect(existsSync(`${path}.progress`)).toBe(false);
  });

  it('and --again that was cut off goes on under the same ids', async () => {
    const path = csv(rows(1_200));
    const first = openTaker({ failAfter: 500 });
    await run(path, first, '--again');
    const second = openTaker();
    expect((await run(path, second, '--again')).stderr).toContain('continuing after line 501');
    expect(second.taken.size).toBe(700);
  });

  it('or the name in its id column', async () => {
    const taker = openTaker();
    await run(csv('to,code,invoice\n+60123456789,1,R-1\n'), taker, '--id-column', 'invoice');
    const { stdout } = await run(
      csv('to,code,Invoice\n+60123456789,2,R-1\n+60123456789,2,R-2\n+60123456789,2,\n'),
      taker,
      '--id-column',
      'invoice',
    );
    expect(stdout).toBe('1 accepted, 1 accepted before, 1 rejected\n');
  });
});

describe('a file of another program', () => {
  const words = async (text: string | Buffer, ...options: string[]) => {
    const taker = openTaker();
    const result = await run(csv(text), taker, ...options);
    return { ...result, codes: taken(taker).map(({ template }) => template?.params?.code) };
  };
  const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
  const JOSE = 'to,code\n+60123456789,Jos\u00e9 M\u00fcller\n';
  const GBK = Buffer.concat([Buffer.from('to,code\n+60123456789,'), Buffer.from([0xd6, 0xd0, 0xce, 0xc4]), Buffer.from('\n')]);

  it.each<[what: string, text: string | Buffer, options: string[], codes: string[]]>([
    ['UTF-8', JOSE, [], ['Jos\u00e9 M\u00fcller']],
    ['UTF-8 with a mark', `\ufeff${JOSE}`, [], ['Jos\u00e9 M\u00fcller']],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${JOSE}`, 'utf16le'), [], ['Jos\u00e9 M\u00fcller']],
    ['UTF-16 LE without', Buffer.from(JOSE, 'utf16le'), [], ['Jos\u00e9 M\u00fcller']],
    ['UTF-16 BE with a mark', utf16be(`\ufeff${JOSE}`), [], ['Jos\u00e9 M\u00fcller']],
    ['UTF-16 BE without', utf16be(JOSE), [], ['Jos\u00e9 M\u00fcller']],
    ['Windows-1252 that is named', Buffer.from(JOSE, 'latin1'), ['--encoding', 'windows-1252'], ['Jos\u00e9 M\u00fcller']],
    ['GBK that is named', GBK, ['--encoding', 'gbk'], ['\u4e2d\u6587']],
    ['semicolons', 'to;code\n+60123456789;1,5\n', [], ['1,5']],
    ['tabs', 'to\tcode\n+60123456789\t1;5\n', [], ['1;5']],
    ['bars', 'to|code\n+60123456789|1\n', [], ['1']],
    ['sep=;', 'sep=;\r\nto;code\r\n+60123456789;1\r\n', [], ['1']],
    ['a quoted sep= behind a mark', '\ufeff"sep=\t"\nto\tcode\n+60123456789\t1\n', [], ['1']],
    ['old Macs', 'to,code\r+60123456789,1\r+60123456780,2', [], ['1', '2']],
    ['header of another case with blanks', ' To ,\u00a0Code\u200b\n+60123456789,1\n', [], ['1']],
    ['trailing empty columns', 'to,code,,\n+60123456789,1,,\n,,,\n+60123456780,2\n', [], ['1', '2']],
    ['more trailing commas than its header', 'to,code\n+60123456789,1,,,\n', [], ['1']],
    ['a row short by an empty cell', 'to,code,note\n+60123456789,1\n', [], ['1']],
    ['quoted line breaks', 'to,code\n+60123456789,"two\nlines, ""x"""\r\n+60123456780,2\n', [], ['two\nlines, "x"', '2']],
    ['a quoted header over two lines', 'to,"code","a\nb"\n+60123456789,1,\n', [], ['1']],
  ])('with %s is read', async (_what, text, options, codes) => {
    const { codes: got, code, stderr } = await words(text, ...options);
    expect({ got, code, stderr }).toEqual({ got: codes, code: 0, stderr: '' });
  });

  it.each<[what: string, text: string | Buffer, options: string[], message: string]>([
    ['Windows-1252', Buffer.from(JOSE, 'latin1'), [], 'is not UTF-8: line 2 contains invalid bytes'],
    ['GBK', GBK, [], 'is not UTF-8: line 2 contains invalid bytes'],
    [
      'Windows-1252 on a late line',
      Buffer.concat([Buffer.from(rows(50_000)), Buffer.from('+60123456789,\xe9\n', 'latin1')]),
      [],
      'line 50002 contains',
    ],
    ['UTF-8 that is called Windows-1252', JOSE, ['--encoding', 'windows-1252'], 'is UTF-8, not windows-1252'],
    ['GBK that is called UTF-8', GBK, ['--encoding', 'utf-8'], 'is not UTF-8'],
    [
      'bytes without a meaning in Windows-1252',
      Buffer.from('to,code\n+60123456789,\x81\xe9\n', 'latin1'),
      ['--encoding', 'windows-1252'],
      'is not WINDOWS-1252: line 2',
    ],
    ['an old spreadsheet', Buffer.from('d0cf11e0a1b11ae1', 'hex'), [], 'a spreadsheet'],
    ['a PDF', '%PDF-1.7', [], 'a document'],
  ])('in %s is rejected before any message is sent', async (_what, text, options, message) => {
    const { codes, code, stderr } = await words(text, ...options);
    expect({ codes, code }).toEqual({ codes: [], code: 1 });
    expect(stderr).toContain(message);
  });

  it.each(['Jos\ufffd M\ufffdller', 'Jos\u00c3\u00a9', '\u00e2\u20ac\u2122s'])(
    'that was damaged before has its row refused: %s',
    async (text) => {
      const { codes, stderr } = await words(`to,code\n+60123456789,${text}\n+60123456780,ok\n`);
      expect(codes).toEqual(['ok']);
      expect(stderr).toContain('line 2: has damaged characters in column code');
      expect(stderr).not.toContain(text);
    },
  );

  it('whose quote stays open costs the row and nothing after it', async () => {
    const { codes, stderr } = await words(`to,code\n+60123456789,"open\n${rows(200).replace('to,code\n', '')}`);
    expect(codes).toHaveLength(200);
    expect(stderr.trim()).toBe('line 2: contains an unclosed quote');
  });
});

function taken(taker: ReturnType<typeof openTaker>): AlertInput[] {
  return [...taker.taken.values()];
}
