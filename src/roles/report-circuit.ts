import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { CircuitChange } from '../provider/breaker/with-breaker.ts';

/** Sets the gauge and says it once; what only a person can mend is an error. */
export function reportCircuit(change: CircuitChange, provider: string, metrics: Pick<Metrics, 'circuit'>, logger: Logger): void {
  metrics.circuit(provider, change.state);
  if (change.state === 'closed') logger.info({ provider }, 'the provider works again: every text may go through it');
  if (change.state === 'half_open') logger.info({ provider }, 'the provider is tried again with single texts, then with more and more');
  if (change.state === 'recovering') logger.info({ provider }, 'provider accepted a trial message');
  if (change.state !== 'open') return;
  const { reason, code, status } = change.error;
  const facts = { provider, reason, code, status, until: change.until };
  if (reason === 'auth') logger.error(facts, 'the provider refuses our credentials or account: it gets no text until then');
  else if (reason === 'balance') logger.error(facts, "the provider's account is out of money: it gets no text until then");
  else logger.warn(facts, 'the provider keeps failing: it gets no text until then; texts take the next of their route, or wait');
}
