import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Unquoted characters of a mailbox name, in any script: https://www.rfc-editor.org/rfc/rfc6531#section-3.3 */
const MAILBOX = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const LABEL = /^[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u;

/** Whether the text is exactly one e-mail address: `ops@example.com`, `ops@bücher.example`, `root@localhost`. */
export function isMailAddress(written: string): boolean {
  const at = written.lastIndexOf('@');
  const [mailbox, domain] = [written.slice(0, Math.max(at, 0)), written.slice(at + 1)];
  return MAILBOX.test(mailbox) && Buffer.byteLength(mailbox) <= 64 && isMailDomain(domain);
}

function isMailDomain(domain: string): boolean {
  const literal = /^\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]$/.exec(domain)?.[1];
  if (literal !== undefined) return isIP(literal) !== 0;
  const ascii = domainToASCII(domain);
  return ascii !== '' && ascii.length <= 253 && domain.split('.').every((label) => LABEL.test(label));
}

const NAME = /^(?:"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*"|[^"<>(),;:@\\[\]\p{Cc}]*)$/u;

/** Whether the text is a valid mail sender: an address, or a name followed by an address in angle brackets. */
export function isMailSender(written: string): boolean {
  const [, name, address] = /^([^<]*|"(?:[^"\\]|\\.)*"\s*)<([^<>]*)>$/u.exec(written) ?? [];
  return address === undefined ? isMailAddress(written) : NAME.test((name as string).trim()) && isMailAddress(address);
}
