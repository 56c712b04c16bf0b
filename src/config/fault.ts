import { escapeControls } from '../text/control-characters.ts';

/** One thing that is wrong with the configuration, fit to print: no secret and no full phone number is in it. */
export interface Fault {
  /** Such as `routes[1].providers[0]` or `env PORT`; empty for the file as a whole. */
  readonly path: string;
  /** The file, as the user wrote it; absent for what came from the environment. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** What stands there, of a secret its type, length and form; absent when nothing does. */
  readonly value?: string;
  readonly message: string;
  readonly hint?: string;
}

/** One line: `config/sms-dispatch.yaml:12 routes[1].providers[0]: no provider named "twillio" (did you mean "twilio-main"?)` */
export function formatFault({ path, file, line, column, value, message, hint }: Fault): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const where = [place, path].filter((part) => part !== '').join(' ');
  const got = value === undefined || (value.startsWith('"') && message.includes(value)) ? '' : `, got ${value}`;
  const text = `${where}: ${message}${got}${hint === undefined ? '' : ` (${hint})`}`;
  return escapeControls(text).replaceAll('\n', '\\n');
}

/** Why the process does not start: every fault at once, a line each. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(formatFault).join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }

  override toString(): string {
    return this.message;
  }
}
