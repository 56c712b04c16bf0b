import { type CountryCode, isSupportedCountry } from '../../alert/phone/phone.ts';
import { listNames } from '../../text/suggest.ts';
import type { Path } from './yaml-source.ts';

/** A part of the file as written, valid or not. */
export type Section = Readonly<Record<string, unknown>>;
/** Returns the value at a path in a form that a message may quote. */
export type Quote = (path: Path) => string;

export function record(value: unknown): Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function countryOf({ defaultCountry }: Section): CountryCode | undefined {
  const code = String(defaultCountry).toUpperCase();
  return isSupportedCountry(code) ? code : undefined;
}

export function theyAre(what: string, names: readonly string[]): string {
  return names.length === 0 ? `there are no ${what}` : `${what}: ${listNames(names)}`;
}
