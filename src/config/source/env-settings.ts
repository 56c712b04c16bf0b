import { z } from 'zod';
import type { Environment } from '../../setting/environment.ts';
import type { Secret } from '../../setting/secret.ts';
import { didYouMean } from '../../text/suggest.ts';
import { issueMessage } from '../check/issue-message.ts';
import type { Fault } from '../fault.ts';
import { formOf, printable } from '../printable.ts';
import { hostSchema, type LogLevel, logLevelSchema, portSchema, redisUrlSchema } from '../schema/schema.ts';

/** Settings that override the file. */
export interface Settings {
  readonly redisUrl?: Secret;
  readonly port?: number;
  readonly host?: string;
  readonly logLevel?: LogLevel;
  readonly metricsPort?: number;
}

const portText = z
  .string()
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : text))
  .pipe(portSchema);

const VARIABLES = {
  redisUrl: { name: 'REDIS_URL', schema: redisUrlSchema },
  port: { name: 'PORT', schema: portText },
  host: { name: 'HOST', schema: hostSchema },
  logLevel: { name: 'LOG_LEVEL', schema: logLevelSchema },
  metricsPort: { name: 'METRICS_PORT', schema: portText },
} as const;

/** Reads settings from the environment; an empty variable counts as unset. */
export function readEnvSettings(env: Environment): { settings: Settings; faults: Fault[] } {
  const settings: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [setting, { name, schema }] of Object.entries(VARIABLES)) {
    const value = env[name]?.trim();
    if (value === undefined || value === '') continue;
    const result = schema.safeParse(value, { error: issueMessage });
    if (result.success) settings[setting] = result.data;
    else faults.push(...result.error.issues.map((issue) => toFault(name, value, issue)));
  }
  return { settings, faults };
}

function toFault(name: string, value: string, issue: z.core.$ZodIssue): Fault {
  const hint = issue.code === 'invalid_value' ? didYouMean(value, issue.values.map(String)) : undefined;
  return {
    path: `env ${name}`,
    value: name === 'REDIS_URL' ? formOf(value) : (printable(value) as string),
    message: issue.message,
    ...(hint === undefined ? {} : { hint }),
  };
}
