import type { ProviderName } from '../../provider/contract/provider.ts';
import { HttpProblem } from '../server/problem.ts';

/** One provider of the config, as calls come from it. */
export interface VendorSource<Reader> {
  readonly type: string;
  /** `undefined` for a type that makes no calls of that kind. */
  readonly reader: Reader | undefined;
}

export type VendorSources<Reader> = ReadonlyMap<ProviderName, VendorSource<Reader>>;

/** @throws {HttpProblem} 404; `describeNone` says why a type has no reader */
export function readerOf<Reader>(sources: VendorSources<Reader>, provider: string, describeNone: (type: string) => string): Reader {
  const source = sources.get(provider);
  if (source === undefined) throw new HttpProblem('not-found', { detail: 'No provider of this name is configured.' });
  if (source.reader !== undefined) return source.reader;
  throw new HttpProblem('not-found', { detail: describeNone(source.type) });
}
