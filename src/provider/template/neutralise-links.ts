import { isIPv4, isIPv6 } from 'node:net';

/** ASCII only: Chinese text goes on behind a URL without a space. Punctuation at the end belongs to the sentence. */
const PATH = "(?:[/?#](?:[\\w\\-./?%&=#~+@:,;!$'()*[\\]|{}]*[\\w\\-/%&=#~+$*|])?)?";
const PORT = '(?::(\\d{1,5})(?!\\d))?';

const URL_WITH_SCHEME = new RegExp(
  `(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://(?:[^\\s/?#@]*@)?(\\[[0-9a-f:.]+\\]|[\\p{L}\\p{N}_.-]*[\\p{L}\\p{N}_])?${PORT}${PATH}`,
  'giu',
);
/** In brackets, as in URLs, or bare. */
const V6 = /(?<![\w:.])\[?((?:[0-9a-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4})?)(?![\w:])(?:\](?::(\d{1,5})(?!\d))?)?/gi;
/** The mask of a network, as in `10.0.0.0/24`, is no path. */
const V4 = new RegExp(`(?<![\\w.])(\\d{1,3}(?:\\.\\d{1,3}){3})(?!\\.?\\w)${PORT}(?:(?!/\\d{1,2}(?![\\w/]))${PATH})?`, 'g');
const DOTTED = new RegExp(`(?<![\\p{L}\\p{N}_-])([\\p{L}\\p{N}_-]+(?:\\.[\\p{L}\\p{N}_-]+)+)${PORT}${PATH}`, 'gu');

/** Such as `2.7.18.Final` and `1.4.0-rc.2`. */
const VERSION = /^v?\d+(?:\.\d+)+[.+-]?(?:alpha|beta|dev|final|ga|m|post|rc|release|snapshot|sp)[.-]?\d*$/i;
/** Any word may be a top-level domain by now, `sh` and `md` among them; `5ms` and single letters are none. */
const TOP_LEVEL = /^(?:\p{L}{2,}|xn--[a-z0-9-]+)(?:$|-)/iu;

/**
 * Text in which no filter finds a URL, a host name or an IP address, and a person still does: a URL keeps its host, and
 * what joins the parts of a host or an address becomes `-`, such as `grafana-example-com` and `10-0-0-5 8080`.
 * Decimals, versions and the ends of sentences stay as they are.
 */
export function neutraliseLinks(text: string): string {
  // What stood around a link may be one itself; with every round there are fewer dots, colons and slashes.
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
