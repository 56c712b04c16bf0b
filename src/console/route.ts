/** Current view, stored in the URL after `#`, so that it can be shared. */
export type Route =
  | { readonly view: 'now' | 'dead' | 'unknown' | 'replies' | 'send' }
  | { readonly view: 'search'; readonly query: string }
  | { readonly view: 'story'; readonly id: string };

const PLAIN = ['now', 'dead', 'unknown', 'replies', 'send'] as const;

/** Parses the URL hash; an invalid one is the first view. */
export function parseRoute(hash: string): Route {
  const [, view = '', rest = ''] = /^#\/([a-z]+)(?:\/(.*))?$/s.exec(hash) ?? [];
  if (view === 'search') return { view, query: decode(rest) };
  if (view === 'story' && rest !== '') return { view, id: decode(rest) };
  return { view: PLAIN.find((plain) => plain === view) ?? 'now' };
}

export function hrefOf(route: Route): string {
  if (route.view === 'story') return `#/story/${encodeURIComponent(route.id)}`;
  if (route.view === 'search' && route.query !== '') return `#/search/${encodeURIComponent(route.query)}`;
  return `#/${route.view}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
