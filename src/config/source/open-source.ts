import { isMap, isScalar } from 'yaml';
import type { Environment } from '../../setting/environment.ts';
import { ConfigError } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { dropEmpty } from './drop-empty.ts';
import { takeDuplicates } from './duplicate-keys.ts';
import { interpolate } from './interpolate.ts';
import type { OnRead } from './read-text.ts';
import { keyOf, parseYaml, type YamlSource } from './yaml-source.ts';

/**
 * Text → a map with everything filled in, and what could not be. Sections whose names begin with `x-` are for anchors, and left out.
 * @param such what the map holds, as a fault names it
 * @throws {ConfigError} for what is not YAML, or no map
 */
export function openSource(
  text: string,
  { file, such, env, onRead }: { readonly file: string; readonly such: string; readonly env: Environment; readonly onRead: OnRead },
): { readonly source: YamlSource; readonly findings: readonly Finding[] } {
  const source = parseYaml(text, file);
  const { contents } = source.document;
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null)) {
    throw new ConfigError([{ path: '', file, line: 1, message: `must be a map of ${such}` }]);
  }
  if (isMap(contents)) contents.items = contents.items.filter((pair) => !keyOf(pair).startsWith('x-'));
  const findings = [...takeDuplicates(source), ...interpolate(source, env, onRead)];
  dropEmpty(source);
  return { source, findings };
}
