import { isForeign, isOwnHost, type OriginHeaders, type OwnNames } from '../server/request-origin.ts';

/** What is checked before a token or session is. Headers as they came. */
export interface Visit extends OriginHeaders {
  readonly contentType: string | undefined;
}

export interface House extends OwnNames {
  /** Whoever comes in shows a token or a session. */
  readonly needsToken: boolean;
}

export type Refusal = 'misdirected' | 'foreign-request' | 'unsupported-media-type';

/**
 * Why a request is not let near the door. Without tokens everybody on this machine may come in: the name that was asked for
 * must be one of ours. What writes must come from our own page.
 */
export function judgeRequest(visit: Visit, house: House): Refusal | undefined {
  if (!house.needsToken && !isOwnHost(visit.host, house)) return 'misdirected';
  if (isForeign(visit)) return 'foreign-request';
  if (visit.isWrite && !/^application\/json\s*(?:;|$)/i.test(visit.contentType ?? '')) return 'unsupported-media-type';
  return undefined;
}
