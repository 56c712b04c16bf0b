import { type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import { maskPhone } from './alert/phone/phone.ts';
import { type LogOutput, stdoutLog } from './log-output.ts';
import { escapeControls } from './text/control-characters.ts';
import { activeTrace } from './tracing/span.ts';

export type Logger = PinoLogger;

/** Field names whose values are secrets; redacted up to three levels deep. */
const SECRET_FIELDS = [
  'authToken',
  'apiKey',
  'secretKey',
  'accessKeySecret',
  'secretAccessKey',
  'password',
  'token',
  'authorization',
  'tokens',
];
const PHONE_FIELDS = ['to', 'phone', 'from', 'recipient'];

/** Makes pino put the level of each line into `lastLevel`. */
const METADATA = Symbol.for('pino.metadata');

/**
 * Creates the logger: JSON lines, `time` in ISO 8601. Secrets are redacted by field name. Phone numbers are masked by field
 * name and also anywhere in a finished line, such as inside an error message of a library.
 */
export function createLogger(level: string, output: Pick<LogOutput, 'write'> & Partial<LogOutput> = stdoutLog): Logger {
  const stream = {
    [METADATA]: true,
    lastLevel: 0,
    write: (line: string) => output.write(escapeControls(maskLine(line)), stream.lastLevel),
    // pino calls this after a fatal line.
    flushSync: () => output.flushSync?.(),
  };
  return pino(
    {
      level,
      base: null,
      mixin: traceFields,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields, ...Object.fromEntries(PHONE_FIELDS.map((field) => [field, maskValue])) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[secret]' },
    },
    stream,
  );
}

/** Field names of the OpenTelemetry data model, so that a log line links to its trace. */
function traceFields(): object {
  const active = activeTrace();
  return active === undefined ? {} : { trace_id: active.traceId, span_id: active.spanId };
}

/** Keeps only what an operator needs: libraries attach whole requests to their errors, with numbers, texts and passwords. */
function errorFields(error: Error): unknown {
  const { type, message, stack, code } = stdSerializers.err(error);
  return { type, message, stack, ...(code === undefined ? {} : { code }) };
}

function maskValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskValue);
  return typeof value === 'string' && /^\+?\d[\d\s()-]{6,}$/.test(value) ? maskPhone(value) : value;
}

/** Masks phone numbers in a line, including the URL-encoded form `%2B60…`. */
function maskLine(line: string): string {
  return line.replace(/(?:\+|%2B)[1-9]\d{6,14}/gi, (number) => maskPhone(number.replace(/%2B/i, '+')));
}
