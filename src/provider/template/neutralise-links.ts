import { isIPv4, isIPv6 } from 'node:net';

/** Path of a URL, ASCII only: Chinese text may follow without a space. Trailing punctuation belongs to the sentence. */
const PATH = "(?:[/?#](?:[\\w\\-./?%&=#~+@:,;!$'()*[\\]|{}]*[\\w\\-/%&=#~+$*|])?)?";
const PORT = '(?::(\\d{1,5})(?!\\d))?';

const URL_WITH_SCHEME = new RegExp(
  `(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://(?:[^\\s/?#@]*@)?(\\[[0-9a-f:.]+\\]|[\\p{L}\\p{N}_.-]*[\\p{L}\\p{N}_])?${PORT}${PATH}`,
  'giu',
);
/** IPv6 address, in brackets as in URLs, or bare. */
const V6 = /(?<![\w:.])\[?((?:[0-9a-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4})?)(?![\w:])(?:\](?::(\d{1,5})(?!\d))?)?/gi;
/** IPv4 address; the prefix length in `10.0.0.0/24` is not a path. */
const V4 = new RegExp(`(?<![\\w.])(\\d{1,3}(?:\\.\\d{1,3}){3})(?!\\.?\\w)${PORT}(?:(?!/\\d{1,2}(?![\\w/]))${PATH})?`, 'g');
const DOTTED = new RegExp(`(?<![\\p{L}\\p{N}_-])([\\p{L}\\p{N}_-]+(?:\\.[\\p{L}\\p{N}_-]+)+)${PORT}${PATH}`, 'gu');

/** Version numbers such as `2.7.18.Final` and `1.4.0-rc.2`. */
const VERSION = /^v?\d+(?:\.\d+)+[.+-]?(?:alpha|beta|dev|final|ga|m|post|rc|release|snapshot|sp)[.-]?\d*$/i;
/** Top-level domain: any word may be one, `sh` and `md` among them, but not `5ms` or a single letter. */
const TOP_LEVEL = /^(?:\p{L}{2,}|xn--[a-z0-9-]+)(?:$|-)/iu;

/**
 * Rewrites links so that no vendor filter detects a URL, host name or IP address, while people still recognise it: a
 * URL keeps its host, and separators of a host or address become `-`, such as `grafana-example-com` and `10-0-0-5
 * 8080`. Decimals, versions and the ends of sentences stay unchanged.
 */
export function neutraliseLinks(text: string): string {
  // The text around a link may become a link itself. Each pass reduces the number of dots, colons and slashes.
  for (let before = text; ; ) {
    const after = neutraliseOnce(before);
    if (after === before) return after;
    before = after;
  }
}

function neutraliseOnce(text: string): string {
  return text
    .replace(URL_WITH_SCHEME, (_url, host: string | undefined, port: string | undefined) => dashed(host ?? '', port))
    .replace(V6, (whole, address: string, port: string | undefined) => {
      const bare = /[^:]:$/.test(address) ? address.slice(0, -1) : address;
      if (!isIPv6(bare) || bare === '::') return whole;
      return whole.startsWith('[') ? dashed(bare, port) : whole.replace(bare, dashed(bare));
    })
    .replace(DOTTED, (whole, name: string, port: string | undefined) => (isHost(name) ? dashed(name, port) : whole))
    .replace(V4, (whole, address: string, port: string | undefined) => (isIPv4(address) ? dashed(address, port) : whole));
}

function isHost(name: string): boolean {
  const [, ...labels] = name.split('.');
  return labels.some((label) => TOP_LEVEL.test(label)) && !VERSION.test(name);
}

function dashed(host: string, port?: string): string {
  const name = host.replace(/[[\]]/g, '').replace(/[.:]/g, '-');
  return port === undefined ? name : `${name} ${port}`.trim();
}
