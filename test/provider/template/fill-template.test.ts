import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { ProviderError, type SmsMessage } from '../../../src/provider/contract/provider.ts';
import { fillVendorTemplate, fitVariable } from '../../../src/provider/template/fill-template.ts';
import { neutraliseLinks } from '../../../src/provider/template/neutralise-links.ts';
import type { Template, Templates } from '../../../src/provider/template/template.ts';

describe('a text without links', () => {
  test.each<[written: string, said: string]>([
    ['https://grafana.example.com/d/x', 'grafana-example-com'],
    ['see https://grafana.example.com/d/x?var=a.b#top, then call', 'see grafana-example-com, then call'],
    ['HTTPS://Grafana.Example.com:3000/', 'Grafana-Example-com 3000'],
    ['http://localhost:3000/x is down', 'localhost 3000 is down'],
    ['https://user:pass@db.example.com/x', 'db-example-com'],
    ['(https://a.example.com/b).', '(a-example-com).'],
    ['请看https://grafana.example.com/d/x，然后处理', '请看grafana-example-com，然后处理'],
    ['请看https://grafana.example.com/d/x处理', '请看grafana-example-com处理'],
    ['grafana.example.com/d/x', 'grafana-example-com'],
    ['Disk full on db-1.prod.example.com. Call ops', 'Disk full on db-1-prod-example-com. Call ops'],
    ['db-1.prod.svc.node1:9100', 'db-1-prod-svc-node1 9100'],
    ['ask ops@example.com', 'ask ops@example-com'],
    ['bücher.example', 'bücher-example'],
    ['xn--bcher-kva.xn--p1ai', 'xn--bcher-kva-xn--p1ai'],
    ['10.0.0.5.nip.io', '10-0-0-5-nip-io'],
    ['run.sh and README.md failed', 'run-sh and README-md failed'],
    ['10.0.0.5:8080', '10-0-0-5 8080'],
    ['10.0.0.5 is down.', '10-0-0-5 is down.'],
    ['主机10.0.0.5宕机', '主机10-0-0-5宕机'],
    ['net 10.0.0.0/24', 'net 10-0-0-0/24'],
    ['http://10.0.0.5/24/x', '10-0-0-5'],
    ['10.0.0.5/metrics', '10-0-0-5'],
    ['http://[2001:db8::1]:8080/x', '2001-db8--1 8080'],
    ['[2001:db8::1]:8080', '2001-db8--1 8080'],
    ['host 2001:db8::1: down', 'host 2001-db8--1: down'],
    ['host fe80::1', 'host fe80--1'],
    ['from ::ffff:10.0.0.5', 'from --ffff-10-0-0-5'],
    ['https://', ''],
  ])('%s', (written, said) => {
    expect(neutraliseLinks(written)).toBe(said);
  });

  test.each([
    '99.5% used, load 1.25',
    'took 3.5GB in 2.5s',
    'v1.2.3 follows 1.2.2',
    '2.7.18.Final and 1.4.0-rc.2',
    'Disk full. Call ops. Now...',
    'e.g. at 12:30:45',
    'std::string and ::',
    '999.0.0.1',
    'version 1.2.3.4.5',
    'and/or 24/7',
    'CPU: 95.2',
    '【告警】磁盘满。请处理',
  ])('leaves as it is: %s', (text) => {
    expect(neutraliseLinks(text)).toBe(text);
  });

  test('has none left to take out', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'https://',
        'a.example.com',
        '10.0.0.5',
        ':80',
        '/x',
        ' ',
        '.',
        '::1',
        '2001:db8::',
        '@',
        '[',
        ']',
        '-',
        '磁盘',
        '1.5',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const rules of [{ noLinks: true }, { noLinks: true, maxLength: 9 }]) {
          const said = fitVariable(pieces.join(''), rules, false) as string;
          expect(fitVariable(said, rules, true)).toBe(said);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const RULES = { maxLength: 20, noLinks: true };

describe('a value that may be made to fit', () => {
  test.each<[name: string, value: string, said: string]>([
    ['nothing', '', '-'],
    ['spaces', ' \n\t ', '-'],
    ['what nobody can see', '\u200b\u200e', '-'],
    ['line breaks', ' Disk\r\n\r\n full\tnow ', 'Disk full now'],
    ['other control characters', 'a\u0000b\u001b[0m', 'a b [0m'],
    ['half a pair', 'a\ud83db', 'a b'],
    ['links', 'https://a.example.com/b', 'a-example-com'],
    ['a scheme and nothing else', 'https://', '-'],
    ['exactly as long as allowed', 'a'.repeat(20), 'a'.repeat(20)],
    ['too long', 'a'.repeat(21), `${'a'.repeat(19)}…`],
    ['too long with a space at the cut', `${'a'.repeat(18)} aaaa`, `${'a'.repeat(18)}…`],
    ['a family at the cut', `${'a'.repeat(15)}👨‍👩‍👧‍👦`, `${'a'.repeat(15)}…`],
    ['too long only before its link is taken out', 'https://a.example.com/aaaaaaaaaaa', 'a-example-com'],
  ])('%s', (_name, value, said) => {
    expect(fitVariable(value, RULES, false)).toBe(said);
  });

  test('is never empty, never longer than allowed, and says the same when it is fitted twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (value, maxLength) => {
        const said = fitVariable(value, { maxLength }, false) as string;
        expect(said).not.toBe('');
        expect(said.length).toBeLessThanOrEqual(maxLength);
        expect(fitVariable(said, { maxLength }, false)).toBe(said);
      }),
    );
  });
});

describe('a value that is to be said exactly', () => {
  test.each<[name: string, value: string, unfit: string]>([
    ['nothing', '', 'VARIABLE_EMPTY'],
    ['spaces', '  ', 'VARIABLE_EMPTY'],
    ['a line break', 'a\nb', 'VARIABLE_CONTROL'],
    ['a URL', 'https://a.example.com', 'VARIABLE_LINK'],
    ['an address', '10.0.0.5', 'VARIABLE_LINK'],
    ['more than is allowed', 'a'.repeat(21), 'VARIABLE_TOO_LONG'],
  ])('does not fit: %s', (_name, value, unfit) => {
    expect(fitVariable(value, RULES, true)).toEqual({ unfit });
  });

  test.each(['1234', ' 1234', '99.5', 'a'.repeat(20)])('stays as it is: %j', (value) => {
    expect(fitVariable(value, RULES, true)).toBe(value);
  });

  test('may hold a link and be of any length where the vendor does not mind', () => {
    expect(fitVariable('https://a.example.com', {}, true)).toBe('https://a.example.com');
  });
});

const templates: Templates = new Map([
  ['login', { text: 'Code {code}, {minutes} min', tencent: { id: '77', params: ['minutes', 'code'] } }],
  ['elsewhere', { text: 'Code {code},\nvalid now' }],
]);
const known = ({ tencent }: Template) =>
  tencent && { id: tencent.id, variables: tencent.params.map((ours, index) => [String(index + 1), ours] as const) };
const message = (rest: Partial<SmsMessage> = {}): SmsMessage => ({
  id: 'm-1',
  to: '+8613800138000' as E164,
  text: 'CRITICAL: Disk full',
  expiresAt: new Date(0),
  variables: { instance: '', priority: 'CRITICAL', content: 'Disk\nfull' },
  ...rest,
});
const fill = (sent: SmsMessage, rules = {}) => fillVendorTemplate(sent, templates, { find: known, defaultId: 'default', rules });

describe('a template of a vendor', () => {
  test('gets the params by its own names and in its own order', () => {
    expect(fill(message({ template: { name: 'login', params: { code: '1234', minutes: '5' }, exact: true } }))).toEqual({
      id: '77',
      values: [
        ['1', '5'],
        ['2', '1234'],
      ],
    });
  });

  test('is the default one for an alert without a template, with nothing empty', () => {
    expect(fill(message())).toEqual({
      id: 'default',
      values: [
        ['instance', '-'],
        ['priority', 'CRITICAL'],
        ['content', 'Disk full'],
      ],
    });
  });

  test('is the default one for a template that the vendor does not know, whose text stays whole', () => {
    const sent = message({
      template: { name: 'elsewhere', params: { code: '1234' }, exact: true },
      variables: { instance: '', priority: 'INFO', content: 'Code 1234,\nvalid now' },
    });
    expect(fill(sent)).toMatchObject({
      id: 'default',
      values: [
        ['instance', '-'],
        ['priority', 'INFO'],
        ['content', 'Code 1234, valid now'],
      ],
    });
    expect(fill(sent, { maxLength: 10 })).toMatchObject({ reason: 'content', code: 'VARIABLE_TOO_LONG' });
  });

  test('is refused with a param that does not fit, or is gone from the template meanwhile', () => {
    const sent = (params: Record<string, string>) => fill(message({ template: { name: 'login', params, exact: true } }), { maxLength: 4 });
    expect(sent({ code: '12345', minutes: '5' })).toMatchObject({ reason: 'content', code: 'VARIABLE_TOO_LONG' });
    expect(sent({ minutes: '5' })).toBeInstanceOf(ProviderError);
  });

  test('takes what we made of an alert made to fit', () => {
    const sent = message({ template: { name: 'login', params: { code: '12345' }, exact: false } });
    expect(fill(sent, { maxLength: 4 })).toMatchObject({
      values: [
        ['1', '-'],
        ['2', '123…'],
      ],
    });
  });
});
