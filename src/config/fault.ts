import { escapeControls } from '../text/control-characters.ts';

/** One fault of the configuration, safe to print: without secrets and full phone numbers. */
export interface Fault {
  /** Path such as `routes[1].providers[0]` or `env PORT`; empty for the whole file. */
  readonly path: string;
  /** The file as the user wrote it; absent for the environment. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The value found; for a secret its type, length and form; absent if there is none. */
  readonly value?: string;
  readonly message: string;
  readonly hint?: string;
}

/** Formats a fault as one line: `config/sms-dispatch.yaml:12 routes[1].providers[0]: no provider named "twillio" (did you mean "twilio-main"?)` */
export function formatFault({ path, file, line, column, value, message, hint }: Fault): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const where = [place, path].filter((part) => part !== '').join(' ');
  const got = value === undefined || (value.startsWith('"') && message.includes(value)) ? '' : `, got ${value}`;
  const text = `${where}: ${message}${got}${hint === undefined ? '' : ` (${hint})`}`;
  return escapeControls(text).replaceAll('\n', '\\n');
}

/** Startup error with all faults, one per line. */
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
