import { createLogger } from '../../src/logger.ts';
import { startWatchdog } from '../../workers/watchdog.ts';

/** Argument: bound in ms. Blocks its event loop for as long as it is told, then says so. */
startWatchdog({ boundMs: Number(process.argv[2]), logger: createLogger('info') });

process.on('message', (blockMs) => {
  const end = performance.now() + Number(blockMs);
  while (performance.now() < end);
  process.send?.('free');
});
process.send?.('up');
