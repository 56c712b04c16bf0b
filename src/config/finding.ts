import { isScalar, type Node, type Scalar } from 'yaml';
import { formatPath } from '../alert/parse-alert.ts';
import type { Fault } from './fault.ts';
import { isSecretPath, maskNumbers, printable } from './printable.ts';
import { locate, nodesUnder, type Path, type YamlSource } from './yaml-source.ts';

/** What is wrong and where, before it is made fit to print. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Where the path alone would lead to the wrong line. */
  readonly offset?: number | undefined;
  /** The value says nothing here, as with an unknown key. */
  readonly hideValue?: boolean;
}

function isSecret(source: YamlSource, path: Path, node: Node | undefined): boolean {
  return isSecretPath(path) || (isScalar(node) && source.secrets.has(node));
}

/** What stands at a path, as a message may quote it. */
export function show(source: YamlSource, path: Path): string | undefined {
  const { node } = locate(source, path);
  if (node === undefined) return undefined;
  const text = printable(node.toJS(source.document));
  return isScalar(node) && node.value !== '' && isSecret(source, path, node) ? '[secret]' : text;
}

export function toFault(source: YamlSource, finding: Finding): Fault {
  const { path, message, hint, hideValue } = finding;
  const offset = finding.offset ?? locate(source, path).offset;
  const value = hideValue === true ? undefined : show(source, path);
  const clean = (text: string) => maskNumbers(scrub(source, path, text));
  return {
    path: maskNumbers(formatPath(path)),
    ...(String(path[0]).startsWith('env ') ? {} : { file: source.file }),
    ...(offset === undefined ? {} : { line: source.lineOf(offset) }),
    ...(value === undefined ? {} : { value }),
    message: clean(message),
    ...(hint === undefined ? {} : { hint: clean(hint) }),
  };
}

/** Takes out of a message, which a provider's schema may have written, every secret at or below the path. */
function scrub(source: YamlSource, path: Path, message: string): string {
  const secrets = [...nodesUnder(locate(source, path).node, path)]
    .filter(({ node, path }) => isScalar(node) && isSecret(source, path, node))
    .map(({ node }) => String((node as Scalar).value))
    .filter((secret) => secret !== '');
  return secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), message);
}
