import { type App, createAll } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createLogger } from '../../../src/logger.ts';
import { testRedis } from '../../support/redis.ts';
import { writeConfig } from '../../support/write-config.ts';

export const TOKEN = 'the-token-of-the-console-test';
export const bearer = { authorization: `Bearer ${TOKEN}` };

/** Processes with a console on the test's Redis, and what they log. */
export function consoleSystems() {
  const { url: redisUrl, prefix } = testRedis();
  const log: string[] = [];
  /** @param http what stands below `http:` */
  const configure = async (http: string) => {
    const path = await writeConfig(`
providers: { phone: { type: simulated, timeout: 300ms } }
routes: [{ name: default, minSeverity: info, dedupeFor: 30m, onUnknown: hold, providers: [phone] }]
caps: { perRecipient: [], perHour: { max: 1000 } }
contacts:
  alice: { phone: "+60133456789", consent: true }
  nobody: { phone: "+60144550006", consent: true }
  silent: { phone: "+60155660005", consent: true }
groups: { oncall: [alice] }
redis: { prefix: "${prefix}" }
http: { port: 0, ${http} }
`);
    return () => loadConfig({ path, env: {} });
  };
  const start = async (http: string, { create = createAll, url = redisUrl } = {}) => {
    const load = await configure(http);
    const logger = createLogger('debug', { write: (line) => void log.push(line) });
    const app: App = create({ config: load().config, redisUrl: url, logger });
    const { httpPort } = await app.start();
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= app.stop();
      return stopped;
    };
    return { url: `http://127.0.0.1:${httpPort}`, app, stop };
  };
  return { redisUrl, prefix, log, configure, start };
}

export type ConsoleSystem = Awaited<ReturnType<ReturnType<typeof consoleSystems>['start']>>;
