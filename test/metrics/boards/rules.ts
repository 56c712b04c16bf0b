import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const isAlert = (rule: AlertRule | RecordingRule): rule is AlertRule => 'alert' in rule;

/** What `grafana/alerts.yml` holds. Run in the root of the repository. */
export function readRules(): { readonly alerts: readonly AlertRule[]; readonly records: readonly RecordingRule[] } {
  const { groups } = parse(readFileSync(resolve('grafana/alerts.yml'), 'utf8')) as { groups: { rules: (AlertRule | RecordingRule)[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  return { alerts: rules.filter(isAlert), records: rules.filter((rule): rule is RecordingRule => !isAlert(rule)) };
}

/** The conditions of a rule, which stand together by `and` and `unless`. */
export function conditions(expr: string): string[] {
  return expr.split(/\s+(?:and|unless)\s+/);
}

/** A condition without what it is compared with: its value, be it of concern or not. */
export function withoutComparison(condition: string): string {
  return condition.replace(/\s*(?:[<>]=?|==)\s*[\d.]+\s*$/, '');
}

/** The number from which a rule fires, or below which, as its first condition has it; that of one about an absence is 1. */
export function thresholdOf(alert: string): number {
  const rule = readRules().alerts.find((candidate) => candidate.alert === alert);
  const [first = ''] = conditions(rule?.expr ?? '');
  if (first.startsWith('absent(')) return 1;
  const [, number] = /(?:[<>]=?|==)\s*([\d.]+)\s*$/.exec(first) ?? [];
  if (number === undefined) throw new Error(`${alert} compares with no number`);
  return Number(number);
}
