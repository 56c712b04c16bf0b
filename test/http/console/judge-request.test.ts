import { expect, it } from 'vitest';
import { judgeRequest, type RequestOrigin } from '../../../src/http/console/console-access.ts';

const look: RequestOrigin = { isWrite: false, host: '127.0.0.1:8080', origin: undefined, fetchSite: undefined, contentType: undefined };
const write: RequestOrigin = { ...look, isWrite: true, contentType: 'application/json', fetchSite: 'same-origin' };
const open = { needsToken: false, host: '127.0.0.1', publicUrl: 'https://sms.example.com', allowedHosts: ['sms.internal', 'fd00::7'] };
const locked = { ...open, needsToken: true };

it.each<[string, RequestOrigin, typeof open, string | undefined]>([
  ['a look by an address of this machine', look, open, undefined],
  ['by its name', { ...look, host: 'localhost' }, open, undefined],
  ['by IPv6', { ...look, host: '[::1]:8080' }, open, undefined],
  ['by the public name', { ...look, host: 'sms.example.com' }, open, undefined],
  ['by an allowed name, in another case, with a port and a dot', { ...look, host: 'SMS.Internal.:8080' }, open, undefined],
  ['by an allowed IPv6 address', { ...look, host: '[fd00::7]:8080' }, open, undefined],
  ['by a name below an allowed one', { ...look, host: 'evil.sms.internal' }, open, 'misdirected'],
  ['by the address of no host', { ...look, host: '0.0.0.0:8080' }, open, 'misdirected'],
  ['by a name that leads here (DNS rebinding)', { ...look, host: 'evil.example:8080' }, open, 'misdirected'],
  ['by a name that begins like one of ours', { ...look, host: '127.0.0.1.evil.example' }, open, 'misdirected'],
  ['by a name with ours before an @', { ...look, host: 'localhost@evil.example' }, open, 'misdirected'],
  ['without a name', { ...look, host: undefined }, open, 'misdirected'],
  ['by any name, with tokens', { ...look, host: 'ops.internal' }, locked, undefined],
  ['a look that was typed', { ...look, fetchSite: 'none' }, open, undefined],
  ['a look out of another page', { ...look, fetchSite: 'cross-site' }, open, 'foreign-request'],
  ['a look out of a page of the same site', { ...look, fetchSite: 'same-site' }, locked, 'foreign-request'],
  ['a write of our page', write, locked, undefined],
  ['a write of a program', { ...write, fetchSite: undefined }, locked, undefined],
  ['a write of an older browser', { ...write, fetchSite: undefined, origin: 'http://127.0.0.1:8080' }, open, undefined],
  ['the same, out of another page', { ...write, fetchSite: undefined, origin: 'http://evil.example' }, open, 'foreign-request'],
  ['the same, out of a file', { ...write, fetchSite: undefined, origin: 'null' }, open, 'foreign-request'],
  ['a write out of another page', { ...write, fetchSite: 'cross-site' }, locked, 'foreign-request'],
  ['a write that was typed', { ...write, fetchSite: 'none' }, locked, 'foreign-request'],
  ['a form', { ...write, contentType: 'application/x-www-form-urlencoded' }, locked, 'unsupported-media-type'],
  ['plain text', { ...write, contentType: 'text/plain; application/json' }, open, 'unsupported-media-type'],
  ['without a type', { ...write, contentType: undefined }, open, 'unsupported-media-type'],
])('%s', (_, request, house, refusal) => {
  expect(judgeRequest(request, house)).toBe(refusal);
});
