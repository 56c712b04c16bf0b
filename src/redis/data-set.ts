import { randomUUID } from 'node:crypto';
import type { Redis } from './connect.ts';
import type { Keys } from './keys.ts';
import { createScript } from './script.ts';

/**
 * How Redis lost data that it had confirmed. `emptied`: everything below the prefix is gone, as after FLUSHALL or on a new
 * server. `rolled_back`: the same data set, but without its newest writes, as after a failover or a restore of an older dump.
 * `replaced`: another data set. `marker_lost`: only a marker is gone, so other single keys may be gone too, as by eviction.
 */
export const DATA_LOSS_KINDS = ['emptied', 'rolled_back', 'replaced', 'marker_lost'] as const;
export type DataLossKind = (typeof DATA_LOSS_KINDS)[number];

/** A loss as it stands in the data set that followed. */
export interface DataLoss {
  readonly kind: DataLossKind;
  /** When it was noticed, ms, by the clock of Redis. */
  readonly at: number;
}

/** What a process knows of the data set that Redis last confirmed to it. */
export interface DataMark {
  readonly id: string;
  /** Confirmations that the data set had given by then, to all processes. */
  readonly count: number;
}

export interface DataSet {
  /**
   * Writes one confirmation and compares the data set with `mark`, the result of the last call; `undefined` on the first one.
   * `loss` is given once to each process. Rejects when Redis refuses, and then nothing is known.
   */
  confirm(mark: DataMark | undefined): Promise<{ readonly mark: DataMark; readonly loss: DataLossKind | undefined }>;
  /** The losses of the last day, newest first, and the time of Redis in ms. */
  losses(): Promise<{ readonly losses: readonly DataLoss[]; readonly now: number }>;
}

/** Confirmations whose writer is known: more than all processes together write while a failover takes place. */
const WRITERS_KEPT = 500;
/** Data sets that are remembered: one follows another only after a loss. */
const HISTORY_LENGTH = 20;
const LOSS_SHOWN_MS = 86_400_000;

/**
 * A counter decides, never a time. Each confirmation keeps the name of its writer, so that a process also notices a failover
 * after which others have counted on beyond its own last confirmation.
 * KEYS data set, history. ARGV process, id for a new data set, remembered id or '', remembered count.
 * Answers with id, count, kind of the loss or ''.
 */
const confirmScript = createScript<[id: string, count: number, loss: DataLossKind | '']>(`
local id = redis.call('HGET', KEYS[1], 'id')
local count = tonumber(redis.call('HGET', KEYS[1], 'count') or '0')
local process, known, mine = ARGV[1], ARGV[3], tonumber(ARGV[4])
local entries = redis.call('LRANGE', KEYS[2], 0, ${HISTORY_LENGTH - 1})
local newest = entries[1] and cjson.decode(entries[1])
local function note(kind, from)
  local time = redis.call('TIME')
  redis.call('LPUSH', KEYS[2], cjson.encode({ id = id, kind = kind, from = from, at = time[1] * 1000 + math.floor(time[2] / 1000) }))
  redis.call('LTRIM', KEYS[2], 0, ${HISTORY_LENGTH - 1})
end
local function begin(kind, from)
  id, count = ARGV[2], 0
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'id', id)
  note(kind, from)
end
local function noticedBefore()
  for _, entry in ipairs(entries) do
    local one = cjson.decode(entry)
    if one.from == known then return one.kind end
  end
end
local loss = ''
if not id and not newest then
  loss = known == '' and '' or 'emptied'
  begin(known == '' and 'first' or loss, known)
elseif known ~= '' and known ~= (id or newest.id) then
  loss = noticedBefore() or 'replaced'
  if not id then begin(loss, known) elseif not noticedBefore() then note(loss, known) end
elseif not id or not newest then
  loss = 'marker_lost'
  begin(loss, id or newest.id)
elseif known ~= '' then
  local writer = redis.call('HGET', KEYS[1], 'by:' .. mine)
  if count < mine or (writer and writer ~= process) then
    loss = 'rolled_back'
    begin(loss, known)
  end
end
count = redis.call('HINCRBY', KEYS[1], 'count', 1)
redis.call('HSET', KEYS[1], 'by:' .. count, process)
redis.call('HDEL', KEYS[1], 'by:' .. (count - ${WRITERS_KEPT}))
return { id, count, loss }
`);

/** As one process sees the data set. */
export function openDataSet(redis: Redis, keys: Keys): DataSet {
  const self = randomUUID();
  return {
    async confirm(mark) {
      const [id, count, loss] = await confirmScript(
        redis,
        [keys.dataSet(), keys.dataSetHistory()],
        [self, randomUUID(), mark?.id ?? '', mark?.count ?? 0],
      );
      return { mark: { id, count }, loss: loss === '' ? undefined : loss };
    },
    async losses() {
      const [[seconds], entries] = await Promise.all([redis.time(), redis.lrange(keys.dataSetHistory(), 0, HISTORY_LENGTH - 1)]);
      const now = Number(seconds) * 1000;
      const losses = entries
        .map((entry) => JSON.parse(entry) as { readonly kind: DataLossKind | 'first'; readonly at: number })
        .flatMap(({ kind, at }) => (kind === 'first' || now - at >= LOSS_SHOWN_MS ? [] : [{ kind, at }]));
      return { losses, now };
    },
  };
}
