/** The process environment. It lists the names that this program reads; the config file may refer to any other. */
export interface Environment extends Readonly<Record<string, string | undefined>> {
  /** Overrides `redis.url`. */
  readonly REDIS_URL?: string | undefined;
  /** Path of the YAML config, unless a flag gives one. */
  readonly SMS_DISPATCH_CONFIG?: string | undefined;
  /** Overrides `http.port`. */
  readonly PORT?: string | undefined;
  /** Overrides `http.host`. */
  readonly HOST?: string | undefined;
  /** Overrides `logLevel`. */
  readonly LOG_LEVEL?: string | undefined;
  /** Overrides `metrics.port`. */
  readonly METRICS_PORT?: string | undefined;
  /** Search path for programs such as redis-server. */
  readonly PATH?: string | undefined;
  /**
   * OTLP/HTTP endpoint of an OpenTelemetry collector; enables tracing. The SDK reads its other variables itself:
   * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
   */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  /** Full URL for traces; overrides `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  /** https://no-color.org */
  readonly NO_COLOR?: string | undefined;
  /** https://force-color.org; overrides NO_COLOR. */
  readonly FORCE_COLOR?: string | undefined;
  /** Terminal type. */
  readonly TERM?: string | undefined;
}

/** Reads `process.env`. No other code does; the returned snapshot is frozen and passed on. */
export function readEnvironment(): Environment {
  return Object.freeze({ ...process.env });
}

/** Sets a variable for a library that can be configured only through the environment. A value set by the operator stays. */
export function presetEnvironment(name: string, value: string): void {
  process.env[name] ??= value;
}
