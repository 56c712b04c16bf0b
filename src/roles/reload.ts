import type { Clock } from '../clock.ts';
import { changedSections, refuseFixed } from '../config/changed-sections.ts';
import type { Config } from '../config/config.ts';
import { ConfigError, formatFault } from '../config/fault.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Logger } from '../logger.ts';

export interface ReloadDeps {
  readonly logger: Logger;
  /** Receives the hash of the configuration that is now active, or the time of a rejected one. */
  readonly report: { configActivated(hash: string, at: Date): void; configRejected(at: Date): void };
  readonly clock: Clock;
  readonly activeConfig: () => Config;
  /** Activates the configuration; rejects when nothing has changed. */
  readonly swap: (next: Config) => Promise<void>;
  /** Re-evaluates messages that the previous configuration held back; resolves to their number. */
  readonly promote: () => Promise<number>;
}

/** Config sections that decide for how long a message is held back. */
const HOLDING = ['caps', 'money', 'quietHours', 'routes', 'contacts'];

/** Creates the reload function: it loads the configuration, logs the result and resolves to whether it is active. */
export function createReload({
  logger,
  report,
  clock,
  activeConfig,
  swap,
  promote,
}: ReloadDeps): (load: () => LoadedConfig) => Promise<boolean> {
  return async (load) => {
    try {
      const { config, path, hash, warnings } = load();
      refuseFixed(activeConfig(), config, path);
      for (const warning of warnings) logger.warn(formatFault(warning));
      const changed = changedSections(activeConfig(), config);
      if (changed.length > 0) await swap(config);
      report.configActivated(hash, clock.now());
      logger.info({ hash, changed }, changed.length > 0 ? 'config reloaded' : 'config reloaded: no changes');
      if (changed.some((section) => HOLDING.includes(section))) {
        const promoted = await promote().catch((error: unknown) => {
          logger.warn({ err: error, hint: 'they keep their previous time' }, 'failed to re-evaluate deferred messages');
          return 0;
        });
        if (promoted > 0) logger.info({ promoted }, 'deferred messages re-evaluated');
      }
      return true;
    } catch (error) {
      report.configRejected(clock.now());
      const faults = error instanceof ConfigError ? error.faults : [];
      for (const fault of faults) logger.error(formatFault(fault));
      logger.error(
        error instanceof ConfigError ? { faults: faults.length } : { err: error },
        'config not reloaded; the previous one stays active',
      );
      return false;
    }
  };
}
