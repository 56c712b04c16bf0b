import { logSafeId, phoneHashes } from '../alert/phone/phone.ts';
import type { Config } from '../config/config.ts';
import { createHistories } from '../ledger/history/redis-histories.ts';
import { createInboundLog, createSeenInbound } from '../ledger/inbound/kept-inbound.ts';
import { createOptOuts } from '../ledger/opt-out/opt-outs.ts';
import { noteRouteKinds } from '../ledger/route-kinds.ts';
import { comeBackAt, rulesOf, sizeOf } from '../pipeline/gates/message-caps.ts';
import { createAcknowledgeByReply } from '../pipeline/receipts/acknowledge-reply.ts';
import { createInboundReceiver } from '../pipeline/receipts/apply-inbound.ts';
import { createReceiptReceiver } from '../pipeline/receipts/apply-receipt.ts';
import { createConfirmReply } from '../pipeline/receipts/confirm-reply.ts';
import { createNotifyResolved } from '../pipeline/resolved/notify-resolved.ts';
import { phoneCounter } from '../pipeline/routing/directory.ts';
import { simulatedRoutes } from '../pipeline/routing/fit-providers.ts';
import { createAlertRouter } from '../pipeline/routing/router.ts';
import type { InlineLane } from '../pipeline/sending/inline-lane.ts';
import { addMessages, createAlertWorker } from '../queue/alert-worker.ts';
import { createInboundWorker, createReceiptWorker } from '../queue/callback-queues.ts';
import { createAcknowledgeAlert } from '../queue/jobs/alert-jobs.ts';
import { startRequeueing } from '../queue/jobs/requeue-lost.ts';
import { MESSAGE_QUEUE } from '../queue/names.ts';
import { openQueue } from '../queue/open-queue.ts';
import type { QueueWorker } from '../queue/worker/queue-worker.ts';
import type { Cleanup, RoleContext } from './role-context.ts';

/**
 * Starts the workers that turn alerts into messages, apply receipts to the ledger, and inbound texts to opt-outs.
 * @param inlineLane sends messages within the jobs of their alerts; absent in a process without dispatcher
 */
export async function startRouting(context: RoleContext, cleanups: Cleanup[], inlineLane?: InlineLane): Promise<QueueWorker[]> {
  const { config, commands, keys, clock, ledger, metrics, cap } = context;
  const optOuts = createOptOuts(commands, keys);
  const notifyResolved = createNotifyResolved({ ledger, observer: metrics, clock });
  const messages = openQueue(MESSAGE_QUEUE, commands, config.redis.prefix);
  cleanups.push(() => messages.close());
  const route = createAlertRouter({
    config,
    ledger,
    observer: metrics,
    clock,
    inlineLane,
    realSince: await noteRouteKinds(commands, keys, simulatedRoutes(config), clock.now()),
    onEscalating: ({ alertId, ...alert }) => context.logger.info({ alertId: logSafeId(alertId), ...alert }, 'alert'),
    onOtherContent: ({ alertId, ...alert }) =>
      context.logger.warn(
        { alertId: logSafeId(alertId), ...alert, hint: 'give each alert an id of its own' },
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
    logger: context.logger,
    now: () => clock.now(),
    onRequeued: metrics.jobsRequeued,
  });
  cleanups.push(() => requeueing.close());
  return [
    createAlertWorker({ ...context.workerDeps(), route, notifyResolved, countPhones: phoneCounter(config, clock) }),
    createInboundWorker({
      ...context.workerDeps(),
      apply: createInboundReceiver({
        seen: createSeenInbound(commands, keys),
        optOuts,
        acknowledgeByReply: createAcknowledgeByReply({
          ledger,
          histories: createHistories(commands, keys),
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
    createReceiptWorker({ ...context.workerDeps(), apply: createReceiptReceiver(ledger, metrics, optOuts) }),
  ];
}

/** Maps each hash of a contact's phone to the contact. */
function contactsByHash(contacts: Config['contacts']): (phoneHash: string) => string | undefined {
  const names = new Map([...contacts].flatMap(([name, { phone }]) => phoneHashes(phone).map((hash) => [hash, name] as const)));
  return (hash) => names.get(hash);
}
