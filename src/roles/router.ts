import { phoneHashes } from '../alert/phone.ts';
import { shownId } from '../alert/shown-id.ts';
import type { Config } from '../config/config.ts';
import { createInboundLog } from '../ledger/kept-inbound.ts';
import { createOptOuts } from '../ledger/opt-outs.ts';
import { createTraces } from '../ledger/redis-traces.ts';
import { noteRouteKinds } from '../ledger/route-kinds.ts';
import { createSeenInbound } from '../ledger/seen-inbound.ts';
import { alertExpiryGate, severityGate } from '../pipeline/alert-stages.ts';
import { createConfirmReply } from '../pipeline/confirm-reply.ts';
import { phoneCounter } from '../pipeline/directory.ts';
import { simulatedRoutes } from '../pipeline/fit-providers.ts';
import { comeBackAt, rulesOf, sizeOf } from '../pipeline/message-caps.ts';
import { createAlertRouter } from '../pipeline/router.ts';
import { createTellResolved } from '../pipeline/tell-resolved.ts';
import { createAcknowledgeAlert } from '../queue/acknowledge-alert.ts';
import { addMessages, createAlertWorker } from '../queue/alert-worker.ts';
import { createInboundWorker } from '../queue/inbound-queue.ts';
import { MESSAGE_QUEUE } from '../queue/names.ts';
import { openQueue } from '../queue/open-queue.ts';
import type { QueueWorker } from '../queue/queue-worker.ts';
import { createReceiptWorker } from '../queue/receipt-queue.ts';
import { startRequeueing } from '../queue/requeue-lost.ts';
import { createAcknowledgeByReply } from '../receipt/acknowledge-reply.ts';
import { createInboundReceiver } from '../receipt/apply-inbound.ts';
import { createReceiptReceiver } from '../receipt/apply-receipt.ts';
import type { Closer, Ground } from './ground.ts';

/** Alerts → messages, receipts → ledger, inbound texts → opt-outs. */
export async function startRouting(ground: Ground, closers: Closer[]): Promise<QueueWorker[]> {
  const { config, commands, keys, clock, ledger, metrics, cap } = ground;
  const optOuts = createOptOuts(commands, keys);
  const tellResolved = createTellResolved({ ledger, observer: metrics, clock });
  const messages = openQueue(MESSAGE_QUEUE, commands, config.redis.prefix);
  closers.push(() => messages.close());
  const route = createAlertRouter({
    config,
    ledger,
    observer: metrics,
    clock,
    realSince: await noteRouteKinds(commands, keys, simulatedRoutes(config), clock.now()),
    stages: [alertExpiryGate, severityGate],
    onEscalating: ({ alertId, ...alert }) => ground.logger.info({ alertId: shownId(alertId), ...alert }, 'alert'),
    onOtherContent: ({ alertId, ...alert }) =>
      ground.logger.warn(
        { alertId: shownId(alertId), ...alert, hint: 'give each alert an id of its own' },
        'alert id reused with other content',
      ),
    knownFull: (message) => {
      const rules = rulesOf(message, config);
      const full = cap.knownFull(rules);
      return full && { reason: full.reason, retryAt: comeBackAt(full, rules, clock.now()), cap: sizeOf(full, rules) };
    },
  });
  const requeueing = startRequeueing({
    redis: commands,
    prefix: config.redis.prefix,
    logger: ground.logger,
    now: () => clock.now(),
    onRequeued: metrics.jobsRequeued,
  });
  closers.push(() => requeueing.close());
  return [
    createAlertWorker({ ...ground.workerDeps(), route, tellResolved, countPhones: phoneCounter(config, clock) }),
    createInboundWorker({
      ...ground.workerDeps(),
      apply: createInboundReceiver({
        seen: createSeenInbound(commands, keys),
        optOuts,
        acknowledgeByReply: createAcknowledgeByReply({
          ledger,
          traces: createTraces(commands, keys),
          acknowledge: createAcknowledgeAlert(ledger, messages),
          confirm: config.replies.confirm
            ? createConfirmReply({
                config,
                ledger,
                observer: metrics,
                clock,
                addJobs: (steps) => addMessages(messages, steps, clock),
              })
            : undefined,
          observer: metrics,
        }),
        log: createInboundLog(commands, keys),
        contactOf: contactsByHash(config.contacts),
        observer: metrics,
      }),
    }),
    createReceiptWorker({ ...ground.workerDeps(), apply: createReceiptReceiver(ledger, metrics, optOuts) }),
  ];
}

/** Each hash of a contact's phone → the contact. */
function contactsByHash(contacts: Config['contacts']): (phoneHash: string) => string | undefined {
  const names = new Map([...contacts].flatMap(([name, { phone }]) => phoneHashes(phone).map((hash) => [hash, name] as const)));
  return (hash) => names.get(hash);
}
