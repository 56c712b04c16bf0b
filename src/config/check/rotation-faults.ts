import type { z } from 'zod';
import { type Span, spansOf, WEEK } from '../../policy/rotation.ts';
import type { ConfigFinding } from '../finding.ts';
import { readLocalTime } from '../local-time.ts';
import { timeZone } from '../schema/clock-time.ts';
import { DAYS, rotationSchema } from '../schema/contact-schema.ts';
import { list, type Quote, record, type Section } from '../source/raw-file.ts';
import type { Path } from '../source/yaml-source.ts';
import { contactNameFaults } from './address-faults.ts';

const shiftSchema = rotationSchema.shape.shifts.element;
type WrittenShift = z.output<typeof shiftSchema>;

/** Finds unknown contacts, overlapping shifts and overrides without a duration. */
export function rotationFaults(file: Section, quote: Quote): ConfigFinding[] {
  return Object.entries(record(file.rotations)).flatMap(([name, rotation]) => {
    const { shifts, overrides, timeZone } = record(rotation);
    const path = ['rotations', name];
    const people = [
      ...list(shifts).map((shift, index) => ({ people: record(shift).contacts, at: [...path, 'shifts', index, 'contacts'] })),
      ...list(overrides).map((override, index) => ({ people: record(override).contacts, at: [...path, 'overrides', index, 'contacts'] })),
    ];
    return [
      ...people.flatMap(({ people, at }) =>
        list(people).flatMap((contact, index) => contactNameFaults(file, contact, [...at, index], quote)),
      ),
      ...overlapFaults(list(shifts), [...path, 'shifts']),
      ...list(overrides).flatMap((override, index) => overrideFaults(record(override), timeZone, [...path, 'overrides', index], quote)),
    ];
  });
}

/** Finds overlapping shifts, which leave open who is on call. */
function overlapFaults(written: readonly unknown[], path: Path): ConfigFinding[] {
  const shifts = written.map((shift) => shiftSchema.safeParse(shift).data);
  return shifts.flatMap((later, index) =>
    shifts.slice(0, index).flatMap((earlier, before): ConfigFinding[] => {
      const both = later && earlier && firstOverlap(weekOf(later), weekOf(earlier));
      if (!both) return [];
      return [
        {
          path: [...path, index],
          message: `${describe(later)} overlaps shifts[${before}], ${describe(earlier)}: both cover ${describeSpan(both)}`,
          hint: 'end one where the other begins; for single days use overrides',
          hideValue: true,
        },
      ];
    }),
  );
}

function firstOverlap(one: readonly Span[], other: readonly Span[]): Span | undefined {
  return one
    .flatMap((a) => other.map((b) => ({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) })))
    .filter(({ from, to }) => from < to)
    .toSorted((a, b) => a.from - b.from)[0];
}

function overrideFaults({ from, to }: Section, zone: unknown, path: Path, quote: Quote): ConfigFinding[] {
  if (!timeZone.safeParse(zone).success) return [];
  const [begins, ends] = [from, to].map((time) => (isLocalTime(time) ? readLocalTime(time, String(zone)) : undefined));
  const never = [[begins, 'from'] as const, [ends, 'to'] as const].flatMap(([time, key]) =>
    Number.isNaN(time) ? [{ path: [...path, key], message: 'no such date or time in this time zone' }] : [],
  );
  if (begins === undefined || ends === undefined || !(begins >= ends)) return never;
  return [{ path: [...path, 'to'], message: `must be after from (${quote([...path, 'from'])})` }];
}

const { from: localTime } = rotationSchema.shape.overrides.unwrap().element.shape;

function isLocalTime(written: unknown): written is string {
  return localTime.safeParse(written).success;
}

/** Returns the parts of the week that a shift covers. */
export function weekOf({ days, from, to }: WrittenShift): Span[] {
  return spansOf({ days: days.map((day) => DAYS.indexOf(day) + 1), from, to });
}

function describe({ days, from, to }: WrittenShift): string {
  const hours = from === 0 && to === 0 ? 'all day' : `${clock(from)}–${clock(to)}`;
  return `${days.length === DAYS.length ? 'every day' : days.join(' ')} ${hours}`;
}

/** Formats a span such as `Sat 18:00 to Mon 09:00`. */
export function describeSpan({ from, to }: Span): string {
  const name = (minute: number) => {
    const day = DAYS[Math.floor((minute % WEEK) / 1440)] as string;
    return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${clock(minute % 1440)}`;
  };
  return `${name(from)} to ${name(to)}`;
}

function clock(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
