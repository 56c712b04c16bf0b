import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isScalar, type Scalar } from 'yaml';
import type { Environment } from '../../setting/environment.ts';
import { faultOfEdges, withoutLineEnd } from '../../setting/secret.ts';
import type { ConfigFinding } from '../finding.ts';
import { expand, looksMisspelt, type Placeholder } from './placeholder.ts';
import type { OnRead } from './read-text.ts';
import { keyOf, nodesUnder, type Path, type YamlSource } from './yaml-source.ts';

/**
 * Replaces placeholders in values, after parsing, so that environment values cannot change the structure of the file.
 * Values that become empty count as omitted. Marks replaced values as secret.
 */
export function interpolate(source: YamlSource, env: Environment, onRead: OnRead): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  for (const { node, path } of nodesUnder(source.document.contents)) {
    if (isScalar(node) && typeof node.value === 'string') findings.push(...fill(source, env, onRead, node as Scalar<string>, path));
    if (isMap(node)) {
      for (const pair of node.items) {
        if (keyOf(pair).includes(`\${`)) {
          findings.push({
            path: [...path, keyOf(pair)],
            message: 'placeholders are allowed in values only, not in keys',
            hideValue: true,
          });
        }
      }
    }
  }
  return findings;
}

function fill({ file, secrets }: YamlSource, env: Environment, onRead: OnRead, scalar: Scalar<string>, path: Path): ConfigFinding[] {
  if (!scalar.value.includes('$')) return [];
  const findings: ConfigFinding[] = [];
  const missing = (message: string, hint: string) => {
    findings.push({ path, message, hint, hideValue: true });
    return '';
  };
  if (looksMisspelt(scalar.value)) {
    missing(`invalid placeholder: write \${NAME}, \${NAME:-default} or \${file:/path}`, `for a literal dollar before a brace write $\${`);
    return findings;
  }
  const clean = (what: string, text: string) => {
    // Spaces may be intended in a text.
    const around = path[0] === 'templates' ? undefined : faultOfEdges(text);
    return around === undefined ? text : missing(`${what} ${around}`, 'it must contain only the value');
  };
  const filled = expand(scalar.value, (placeholder) => {
    secrets.add(scalar);
    return placeholder.kind === 'file'
      ? contents(placeholder.file, file, onRead, missing, clean)
      : variable(placeholder, env, path, missing, clean);
  });
  if (findings.length > 0) return findings;
  const isFilled = secrets.has(scalar);
  const value = isFilled && path[0] !== 'templates' ? withoutLineEnd(filled) : filled;
  const around = isFilled && path[0] !== 'templates' && value !== '' ? faultOfEdges(value) : undefined;
  if (around !== undefined)
    return [{ path, message: `the inserted value ${around}`, hint: 'remove quotes and whitespace around the value', hideValue: true }];
  (scalar as Scalar).value = value === '' && isFilled ? null : value;
  return [];
}

type Missing = (message: string, hint: string) => string;
type Clean = (what: string, text: string) => string;

function variable(
  { name, fallback }: Placeholder & { kind: 'variable' },
  env: Environment,
  path: Path,
  missing: Missing,
  clean: Clean,
): string {
  const value = env[name] === undefined ? undefined : withoutLineEnd(env[name]);
  if (value !== undefined && value !== '') return clean(`environment variable ${name}`, value);
  if (fallback !== undefined) return fallback;
  const hint =
    path[0] === 'templates'
      ? `a placeholder in a text is {${name}}, without the dollar`
      : `set it, read a file with \${file:/path}, or add a default: \${${name}:-default}`;
  return missing(`environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`, hint);
}

function contents(named: string, configFile: string, onRead: OnRead, missing: Missing, clean: Clean): string {
  const path = resolve(dirname(configFile), named.trim());
  try {
    const bytes = readFileSync(path);
    onRead(path, bytes);
    if (!isUtf8(bytes) || bytes.includes(0))
      return missing(`the file ${path} is not UTF-8 text`, 'save it as UTF-8; some editors use UTF-16');
    const text = withoutLineEnd(bytes.toString('utf8'));
    return text === '' ? missing(`the file ${path} is empty`, 'it must contain only the secret') : clean(`the file ${path}`, text);
  } catch (error) {
    onRead(path, undefined);
    return missing(
      `cannot read the file ${path}: ${(error as NodeJS.ErrnoException).code}`,
      'check that the file exists and that this user may read it',
    );
  }
}
