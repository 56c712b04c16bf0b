import { isMap, isScalar } from 'yaml';
import { z } from 'zod';
import { didYouMean } from '../../text/suggest.ts';
import type { ConfigFinding } from '../finding.ts';
import { locate, type Path, type YamlSource } from '../source/yaml-source.ts';
import { issueMessage } from './issue-message.ts';

export type Validated<T> = { readonly data: T } | { readonly findings: readonly ConfigFinding[] };

/** Validates the file against its schema. */
export function validate<T extends z.ZodType>(source: YamlSource, schema: T): Validated<z.output<T>> {
  // Zod exposes the known keys of an object only during parsing; the list of unknown keys identifies the object.
  const knownKeys = new Map<unknown, readonly string[]>();
  const error: z.core.$ZodErrorMap = (issue) => {
    if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject) knownKeys.set(issue.keys, Object.keys(issue.inst.shape));
    return issueMessage(issue);
  };
  // Bounded: an anchor may be used both where text and where a number is expected.
  for (let pass = 0; ; pass++) {
    const result = schema.safeParse(source.document.toJS() ?? {}, { error });
    if (result.success) return { data: result.data };
    const issues = result.error.issues.flatMap((issue) => openUnion(issue));
    if (pass < 8 && issues.filter((issue) => reread(source, issue)).length > 0) continue;
    return { findings: issues.flatMap((issue) => toFindings(source, issue, knownKeys)) };
  }
}

/**
 * Returns the issues of the form of a union that the value resembles by its type; if there is none, the union's own
 * message.
 */
function openUnion(issue: z.core.$ZodIssue, above: Path = []): z.core.$ZodIssue[] {
  const here = { ...issue, path: [...above, ...issue.path] as PropertyKey[] };
  if (issue.code !== 'invalid_union') return [here];
  const meant = issue.errors.find((branch) => !branch.some(isOtherKind));
  return meant === undefined ? [here] : meant.flatMap((inner) => openUnion(inner, here.path));
}

function isOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

/**
 * YAML guesses the type of an unquoted value: `+60123456789` and `0123` become numbers, `${PORT}` stays text. Reads the
 * value again as the type that the schema expects. Returns true if that changed it.
 */
function reread(source: YamlSource, issue: z.core.$ZodIssue): boolean {
  const { node } = locate(source, issue.path);
  if (!isScalar(node)) return false;
  const wanted = expectedKinds(issue);
  if (typeof node.value === 'number' || typeof node.value === 'boolean') {
    if (!wanted.includes('string') || node.source === undefined) return false;
    node.value = node.source;
    return true;
  }
  const text = node.value;
  if (typeof text !== 'string') return false;
  if ((wanted.includes('number') || wanted.includes('int')) && /^-?\d+(\.\d+)?$/.test(text)) {
    node.value = Number(text);
    return true;
  }
  if (wanted.includes('boolean') && /^(true|false)$/.test(text)) {
    node.value = text === 'true';
    return true;
  }
  return false;
}

function expectedKinds(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  return issue.code === 'invalid_union'
    ? issue.errors.flat().flatMap((inner) => (inner.path.length === 0 ? expectedKinds(inner) : []))
    : [];
}

function toFindings(source: YamlSource, issue: z.core.$ZodIssue, knownKeys: ReadonlyMap<unknown, readonly string[]>): ConfigFinding[] {
  const { path, message } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: 'unknown key',
        hint: didYouMean(key, knownKeys.get(issue.keys) ?? []),
        hideValue: true,
      }));
    case 'custom':
      return [{ path, message, hint: typeof issue.params?.hint === 'string' ? issue.params.hint : undefined }];
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? message, hideValue: true }];
    case 'invalid_type': {
      const unquoted = issue.expected === 'string' && isMap(locate(source, path).node);
      return [{ path, message, hint: unquoted ? 'in YAML, a value that starts with { must be in quotes' : undefined }];
    }
    case 'invalid_value':
      return [{ path, message, hint: meant(source, path, issue.values) }];
    case 'invalid_union':
      return [{ path, message, hint: meant(source, path, 'options' in issue ? (issue.options ?? []) : []) }];
    default:
      return [{ path, message }];
  }
}

function meant(source: YamlSource, path: Path, allowed: readonly unknown[]): string | undefined {
  const { node } = locate(source, path);
  return isScalar(node) ? didYouMean(String(node.value), allowed.map(String)) : undefined;
}
