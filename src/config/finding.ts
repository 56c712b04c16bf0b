import { isScalar, type Node } from 'yaml';
import { cutNames, formatPath } from '../alert/parse/describe-issues.ts';
import { EXAMPLE_PHONE } from '../alert/phone/phone-text.ts';
import type { Fault } from './fault.ts';
import { cutQuotes, formOf, isSecretPath, maskText, printable } from './printable.ts';
import { isSecretInSchema } from './source/secret-path.ts';
import { homeOf, locate, nodesUnder, type Path, type YamlSource } from './source/yaml-source.ts';

/** A fault with its place, before secrets and numbers are masked. */
export interface ConfigFinding {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Set where the path alone would lead to the wrong line. */
  readonly offset?: number | undefined;
  /** The value explains nothing, as with an unknown key. */
  readonly hideValue?: boolean;
}

function isSecret(source: YamlSource, path: Path, node: Node | undefined): boolean {
  return isSecretInSchema(path) || isSecretPath(path) || (isScalar(node) && homeOf(source, path).secrets.has(node));
}

/** Returns the value at a path in a form that a message may quote. */
export function show(source: YamlSource, path: Path): string | undefined {
  const { node } = locate(source, path);
  if (node === undefined) return undefined;
  const text = printable(node.toJS(homeOf(source, path).document));
  if (!isScalar(node) || node.value === '' || node.value === null || !isSecret(source, path, node)) return text;
  const isWord = !homeOf(source, path).secrets.has(node) && node.type === 'PLAIN' && /^(?:true|false)$/i.test(node.source ?? '');
  return isWord ? node.source : formOf(String(node.source !== undefined && typeof node.value === 'number' ? node.source : node.value));
}

export function toFault(source: YamlSource, finding: ConfigFinding): Fault {
  const { path, message, hint, hideValue } = finding;
  const home = homeOf(source, path);
  const offset = finding.offset ?? locate(source, path).offset;
  const value = hideValue === true ? undefined : show(source, path);
  return {
    path: maskText(formatPath(cutNames(path))),
    ...(String(path[0]).startsWith('env ') ? {} : { file: home.file }),
    ...(offset === undefined ? {} : { line: home.lineOf(offset) }),
    ...(value === undefined ? {} : { value }),
    message: legible(scrub(source, path, message)),
    ...(hint === undefined ? {} : { hint: legible(scrub(source, path, hint)) }),
  };
}

/** A message may quote other parts of the file, such as suggested names. */
const legible = (text: string): string => cutQuotes(text.split(EXAMPLE_PHONE).map(maskText).join(EXAMPLE_PHONE));

const SHORTEST_SCRUBBED = 4;

/** Removes every secret and phone number at or below the path from a message, which a provider's schema may have written. */
function scrub(source: YamlSource, path: Path, message: string): string {
  return [...nodesUnder(locate(source, path).node, path)].reduce((text, { node, path }) => {
    if (!isScalar(node) || node.value === '' || node.value === null) return text;
    const value = String(node.value);
    // A shorter value occurs in other words by chance.
    if (value.length < SHORTEST_SCRUBBED) return text;
    return text.replaceAll(value, isSecret(source, path, node) ? '[secret]' : maskText(value));
  }, message);
}
