import type { SmsMessage } from '../contract/provider.ts';

/** `toDigits` is the number without its `+`. */
export const PLACEHOLDERS = ['to', 'toDigits', 'text', 'id'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

/** The names in braces in every string of a body, each once. */
export function placeholdersIn(body: Json): string[] {
  if (typeof body === 'string') return [...new Set([...body.matchAll(PLACEHOLDER)].map((match) => match[1] as string))];
  if (typeof body !== 'object' || body === null) return [];
  return [...new Set(Object.values(body).flatMap(placeholdersIn))];
}

/** A body with its placeholders filled. Values go into values, never into text that is parsed again, so nothing needs escaping. */
export function fillBody(body: Json, message: SmsMessage): Json {
  const values: Record<Placeholder, string> = { to: message.to, toDigits: message.to.slice(1), text: message.text, id: message.id };
  return fill(body, values);
}

function fill(body: Json, values: Readonly<Record<string, string>>): Json {
  if (typeof body === 'string') {
    return body.replace(PLACEHOLDER, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] as string) : whole));
  }
  if (Array.isArray(body)) return body.map((item) => fill(item, values));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, fill(value, values)]));
}

/** A flat body as form fields. */
export function encodeForm(body: Json): string {
  return new URLSearchParams(
    Object.entries(body as Record<string, Json>).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}
