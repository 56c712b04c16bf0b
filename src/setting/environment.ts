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
  /**
   * Where an OpenTelemetry collector takes OTLP over HTTP; set, it turns tracing on. What else the SDK understands it reads by itself:
   * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
   */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  /** The whole address for traces; wins over the one above. */
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  /** https://no-color.org */
  readonly NO_COLOR?: string | undefined;
  /** https://force-color.org; wins over NO_COLOR. */
  readonly FORCE_COLOR?: string | undefined;
  /** The kind of terminal. */
  readonly TERM?: string | undefined;
}

/** The only place that reads `process.env`: everything else is given what it returns, which never changes. */
export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}

/** For a library that has a switch nowhere else. What the operator has set stays as it is. */
export function presetEnvironment(name: string, value: string): void {
  process.env[name] ??= value;
}
