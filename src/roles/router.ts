import { systemClock } from '../clock.ts';
import { alertExpiryGate, severityGate } from '../pipeline/alert-stages.ts';
import { comeBackAt, rulesOf } from '../pipeline/message-stages.ts';
import { createAlertRouter } from '../pipeline/router.ts';
import { createAlertWorker } from '../queue/alert-worker.ts';
import type { QueueWorker } from '../queue/queue-worker.ts';
import { createReceiptWorker } from '../queue/receipt-queue.ts';
import { createReceiptReceiver } from '../receipt/apply-receipt.ts';
import type { Ground } from './ground.ts';

/** Alerts → messages, receipts → ledger. */
export function startRouting(ground: Ground): QueueWorker[] {
  const { config, ledger, metrics, cap } = ground;
  const route = createAlertRouter({
    config,
    ledger,
    observer: metrics,
    clock: systemClock,
    stages: [alertExpiryGate, severityGate],
    knownFull: (message) => {
      const rules = rulesOf(message, config.caps);
      const full = cap.knownFull(rules);
      return full && { reason: full.reason, retryAt: comeBackAt(full, rules, systemClock.now()) };
    },
  });
  return [
    createAlertWorker({ ...ground.workerDeps(), route }),
    createReceiptWorker({ ...ground.workerDeps(), apply: createReceiptReceiver(ledger, metrics) }),
  ];
}
