import { parseSeverity, type SeverityWords } from '../severity.ts';
import { readMoment } from './read-moment.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields in which a number is converted to text. */
const TEXT_LIKE = new Set(['id', 'text', 'source', 'instance', 'dedupKey']);
const MOMENTS = new Set(['raisedAt', 'expiresAt']);

/**
 * Normalises data of producers in other languages to the form of the schema: a field with `null` or blank text is
 * absent, a number becomes text where text is expected, words are compared case-insensitively, a time may be a number
 * since 1970. Other values stay unchanged and are rejected by the schema.
 */
export function tidyAlert(data: unknown, words: SeverityWords): unknown {
  return isRecord(data) ? mapFields(withoutBlanks(data), (name, value) => tidyField(name, value, words)) : data;
}

/** Removes fields that are `null` or blank. */
export function withoutBlanks<T>(data: T): T | Fields {
  if (!isRecord(data)) return data;
  return mapFields(data, (_name, value) => (isBlank(value) ? undefined : value));
}

function tidyField(name: string, value: unknown, words: SeverityWords): unknown {
  if (TEXT_LIKE.has(name)) return numberAsText(value);
  if (MOMENTS.has(name)) return tidyMoment(value);
  switch (name) {
    case 'severity': {
      const word = numberAsText(value);
      return typeof word === 'string' ? (parseSeverity(word, words) ?? word) : word;
    }
    case 'status':
    case 'purpose':
      return typeof value === 'string' ? value.trim().toLowerCase() : value;
    case 'labels':
      return tidyRecord(value, (label) => (typeof label === 'boolean' ? String(label) : numberAsText(label)));
    case 'template':
      return isRecord(value) ? mapFields(withoutBlanks(value), tidyTemplateField) : value;
    default:
      return value;
  }
}

function tidyTemplateField(name: string, value: unknown): unknown {
  if (name === 'name') return numberAsText(value);
  return name === 'params' ? tidyRecord(value, (param) => param) : value;
}

/** Some languages serialise an empty map as a list. */
function tidyRecord(value: unknown, tidy: (entry: unknown) => unknown): unknown {
  if (Array.isArray(value) && value.length === 0) return {};
  return isRecord(value) ? mapFields(value, (_name, entry) => (entry === null ? undefined : tidy(entry))) : value;
}

/** Normalises times that the schema cannot read; others stay as written. */
function tidyMoment(value: unknown): unknown {
  const moment = readMoment(value);
  return moment === null ? undefined : (moment ?? value);
}

function numberAsText(value: unknown): unknown {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Transforms fields; a field whose result is `undefined` is removed. */
function mapFields(fields: Fields, make: (name: string, value: unknown) => unknown): Fields {
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const made = make(name, value);
    if (made !== undefined) kept.push([name, made]);
  }
  return Object.fromEntries(kept);
}
