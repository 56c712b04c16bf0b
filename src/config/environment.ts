/** The process environment. The names are those we read ourselves; the config file may ask for any other. */
export interface Environment extends Readonly<Record<string, string | undefined>> {
  /** Wins over `redis.url`. */
  readonly REDIS_URL?: string | undefined;
  /** Path of the YAML, where no flag names one. */
  readonly SMS_DISPATCH_CONFIG?: string | undefined;
  /** Wins over `http.port`. */
  readonly PORT?: string | undefined;
  /** Wins over `http.host`. */
  readonly HOST?: string | undefined;
  /** Wins over `logLevel`. */
  readonly LOG_LEVEL?: string | undefined;
  /** Wins over `metrics.port`. */
  readonly METRICS_PORT?: string | undefined;
  /** Where programs such as redis-server are looked for. */
  readonly PATH?: string | undefined;
  /** https://no-color.org */
  readonly NO_COLOR?: string | undefined;
}

/** The only place that reads `process.env`: everything else is given what it returns, which never changes. */
export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}

/** For a library that has a switch nowhere else. What the operator has set stays as it is. */
export function presetEnvironment(name: string, value: string): void {
  process.env[name] ??= value;
}
