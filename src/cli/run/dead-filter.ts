import { type Command, InvalidArgumentError, Option } from 'commander';
import { OUR_REASONS, PROVIDER_REASONS } from '../../alert/reason.ts';
import { SEVERITIES } from '../../alert/severity.ts';
import type { DeadLetterFilter } from '../../queue/dead-letters/dead-letters-port.ts';
import { parseSince } from '../../setting/parse-duration.ts';
import { UsageError } from '../cli-failure.ts';
import { wordOption } from '../options/option-values.ts';
import { useOneOf } from '../options/suggestions.ts';

export interface FilterOptions {
  readonly reason?: string;
  readonly severity?: string;
  readonly route?: string;
  /** An age or a time. */
  readonly since?: string;
}

/** Every reason of a dead letter. */
const REASONS: readonly string[] = [...new Set([...PROVIDER_REASONS, ...OUR_REASONS, 'escalation', 'digest'])];

/** @param note prefix of each description, such as `with --all: ` */
export function addFilterOptions(command: Command, note = ''): Command {
  const reason = new Option('--reason <reason>', `${note}only those that ended for this reason, or expired while waiting for it`);
  return command
    .addOption(reason.argParser(reasonArgument))
    .addOption(wordOption('--severity <word>', `${note}only those of this severity`, SEVERITIES))
    .addOption(new Option('--route <name>', `${note}only those of this route`))
    .addOption(
      new Option('--since <time>', `${note}only those that ended since then: 2h, or 2026-11-20T03:00:00Z`).argParser(sinceArgument),
    );
}

export function filterOf({ reason, severity, route, since }: FilterOptions, now: Date): DeadLetterFilter {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(severity === undefined ? {} : { severity }),
    ...(route === undefined ? {} : { route }),
    ...(since === undefined ? {} : { since: parseSince(since, now) }),
  };
}

/** @throws UsageError for a filter together with ids */
export function checkFilter(options: FilterOptions, all: true | undefined): void {
  const given = (['reason', 'severity', 'route', 'since'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 0 && all === undefined) throw new UsageError(`--${given[0]} requires --all`);
}

function reasonArgument(word: string): string {
  if (REASONS.includes(word)) return word;
  throw new InvalidArgumentError(useOneOf(word, REASONS));
}

function sinceArgument(text: string): string {
  if (parseSince(text, new Date(0)) !== undefined) return text;
  throw new InvalidArgumentError('Use a duration such as 30m or 2h, or a time such as 2026-11-20T03:00:00Z.');
}
