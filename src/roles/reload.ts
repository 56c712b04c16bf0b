import type { Clock } from '../clock.ts';
import { changedSections, refuseFixed } from '../config/changed-sections.ts';
import type { Config } from '../config/config.ts';
import { ConfigError, formatFault } from '../config/fault.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Logger } from '../logger.ts';

export interface ReloadDeps {
  readonly logger: Logger;
  /** Receives the hash of the config that holds from now on, or that one was refused. */
  readonly report: { configInForce(hash: string, at: Date): void; configRefused(at: Date): void };
  readonly clock: Clock;
  readonly inForce: () => Config;
  /** Puts it in force; rejects when it is not and nothing has changed. */
  readonly swap: (next: Config) => Promise<void>;
  /** Lets what waits by the config before find out what the new one says of it; resolves to how many do. */
  readonly wake: () => Promise<number>;
}

/** What decides for how long a text is held back. */
const HOLDING = ['caps', 'money', 'quietHours', 'routes', 'contacts'];

/** Reads the config anew and says what came of it; resolves to whether what was read is in force now. */
export function createReload({ logger, report, clock, inForce, swap, wake }: ReloadDeps): (load: () => LoadedConfig) => Promise<boolean> {
  return async (load) => {
    try {
      const { config, path, hash, warnings } = load();
      refuseFixed(inForce(), config, path);
      for (const warning of warnings) logger.warn(formatFault(warning));
      const changed = changedSections(inForce(), config);
      if (changed.length > 0) await swap(config);
      report.configInForce(hash, clock.now());
      logger.info({ hash, changed }, changed.length > 0 ? 'config reloaded' : 'config read again: nothing has changed');
      if (changed.some((section) => HOLDING.includes(section))) {
        const woken = await wake().catch((error: unknown) => {
          logger.warn({ err: error }, 'texts that are held back keep their moment: they could not be woken');
          return 0;
        });
        if (woken > 0) logger.info({ woken }, 'texts that were held back are looked at anew');
      }
      return true;
    } catch (error) {
      report.configRefused(clock.now());
      const faults = error instanceof ConfigError ? error.faults : [];
      for (const fault of faults) logger.error(formatFault(fault));
      logger.error(
        error instanceof ConfigError ? { faults: faults.length } : { err: error },
        'config not reloaded: the one before stays in force',
      );
      return false;
    }
  };
}
