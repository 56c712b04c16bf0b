import { hash } from '../../alert/id.ts';
import { showValue } from '../../alert/parse/describe-issues.ts';
import { HttpProblem } from '../server/problem.ts';
import type { WebhookReading } from './alerts-from-alertmanager.ts';
import { fingerprintIn, readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { type Fields, fieldsOf, labelsKey, momentIn, statusIn, textIn, type WebhookEntry, wordsIn } from './webhook-entry.ts';

/**
 * Reads what HertzBeat posts to a notice receiver of type WebHook, with its default template or with the whole group as
 * JSON: since 1.7 a group with `alerts`, before that one alert with `target`, `priority` and `content`.
 * https://hertzbeat.apache.org/docs/help/alert_webhook
 * @throws {HttpProblem} `invalid-request` for any other payload
 */
export function alertsFromHertzBeat(payload: unknown, reading: WebhookReading): WebhookAlerts {
  const group: Fields = Array.isArray(payload) ? { alerts: payload } : (fieldsOf(payload) ?? {});
  const call = { ...reading, sender: 'hertzbeat', source: 'hertzbeat', receiver: '', truncated: 0, commonText: commonText(group) };
  if (Array.isArray(group.alerts)) return readWebhookAlerts(group.alerts, call, (fields) => asTest(readOfGroup(fields, group)));
  if (!SIGNS.some((name) => Object.hasOwn(group, name)) || Object.hasOwn(group, 'alerts')) throw notOfHertzBeat(group.alerts);
  const isOld = SIGNS_OF_OLD.some((name) => Object.hasOwn(group, name));
  return readWebhookAlerts([group], call, (fields) => asTest(isOld ? readOld(fields) : readOfGroup(fields, {})));
}

/** Members that identify an alert of the format before 1.7. */
const SIGNS_OF_OLD = ['target', 'priority', 'alarmId', 'alertDefineId', 'thresholdId', 'tags', 'tag'];
const SIGNS = [...SIGNS_OF_OLD, 'content', 'labels', 'annotations', 'fingerprint'];

function notOfHertzBeat(alerts: unknown): HttpProblem {
  const message = alerts === undefined ? 'is required: a list of alerts' : `must be a list of alerts, got ${showValue(alerts)}`;
  return new HttpProblem('invalid-request', {
    detail: 'This is not the payload of the default WebHook template of HertzBeat; send other formats to POST /v1/alerts.',
    members: { errors: [{ path: 'alerts', message }] },
  });
}

/** Reads an entry of the format since 1.7. The default template omits fingerprint and status, and writes local times. */
function readOfGroup(fields: Fields, group: Fields): WebhookEntry {
  const labels = wordsIn(fields.labels);
  const common = wordsIn(group.commonLabels);
  const labelled = labelsKey(fields.labels);
  const text = contentOf(fields);
  const startsAt = momentIn(fields.startAt) ?? momentIn(fields.activeAt);
  return {
    ...statusIn(fields.status, group.status === 'UNKNOWN' ? undefined : group.status),
    labels: withInstance(labels, [labels.instance, labels.instancename, labels.instancehost]),
    annotations: wordsIn(fields.annotations),
    text,
    severity: textIn(labels.severity) ?? textIn(labels.priority) ?? commonSeverity(common.severity),
    fingerprint: fingerprintIn(fields.fingerprint) ?? (labelled && hash(labelled)),
    startsAt,
    endsAt: momentIn(fields.endAt),
  };
}

/** Reads the single alert of the format before 1.7. */
function readOld(fields: Fields): WebhookEntry {
  const tags = { ...wordsIn(fields.tag), ...wordsIn(fields.tags) };
  const target = textIn(fields.target);
  const text = contentOf(fields);
  const startsAt = ['triggerTime', 'firstTriggerTime', 'firstAlarmTime', 'gmtCreate'].map((name) => momentIn(fields[name])).find(Boolean);
  return {
    ...statusOfOld(fields.status),
    labels: withInstance({ ...tags, ...(target === undefined ? {} : { target }) }, [tags.instance, tags.monitorHost, tags.monitorName]),
    annotations: {},
    text,
    severity: severityOfOld(fields.priority),
    fingerprint: oldFingerprint(fields, tags, target),
    startsAt,
    endsAt: ['restoreTime', 'lastTriggerTime', 'gmtUpdate'].map((name) => momentIn(fields[name])).find(Boolean),
  };
}

/** Returns what an alert and its recovery have in common; the tags contain measured values. */
function oldFingerprint(fields: Fields, tags: Readonly<Record<string, string>>, target: string | undefined): string | undefined {
  const rule = textIn(fields.thresholdId) ?? textIn(fields.alertDefineId) ?? tags.thresholdId;
  const monitor = tags.monitorId ?? tags.monitorName ?? tags.instance;
  const about = [target, rule, monitor].filter((part) => part !== undefined);
  return about.length === 0 ? undefined : hash('hertzbeat', ...about);
}

/** Statuses: 0 to be processed, 1 triggered, 2 recovered, 3 processed; or a word. */
function statusOfOld(status: unknown): Pick<WebhookEntry, 'status' | 'remarks'> {
  const digit = textIn(status)?.trim();
  if (digit === '2' || digit === '3') return { status: 'resolved', remarks: [] };
  return digit === '0' || digit === '1' ? { status: 'firing', remarks: [] } : statusIn(status, undefined);
}

/** Priorities: 0 emergency, 1 critical, 2 warning; or a word. Not the numbers of syslog. */
function severityOfOld(priority: unknown): string | undefined {
  const word = textIn(priority)?.trim();
  return word === undefined ? undefined : (['emergency', 'critical', 'warning'][Number(word)] ?? word);
}

/** Reads a severity of the default template, which writes `❤️ Critical`, and `Unknown` for emergencies. */
function commonSeverity(word: string | undefined): string | undefined {
  const plain = word?.replace(/^[^\p{L}\p{N}]+/u, '').trim();
  return plain === undefined || plain === '' || plain.toLowerCase() === 'unknown' ? undefined : plain;
}

function contentOf(fields: Fields): string | undefined {
  return textIn(fields.content)?.replaceAll('\\n', ' ');
}

function commonText({ commonAnnotations, commonLabels }: Fields): string | undefined {
  const { summary, description } = wordsIn(commonAnnotations);
  const { alertname, alertName } = wordsIn(commonLabels);
  return [summary, description, alertname, alertName].map(textIn).find((text) => text !== undefined);
}

function withInstance(labels: Readonly<Record<string, string>>, candidates: readonly (string | undefined)[]): Record<string, string> {
  const instance = candidates.map(textIn).find((text) => text !== undefined);
  return instance === undefined ? { ...labels } : { ...labels, instance };
}

/**
 * Recognises HertzBeat's button *Send test*, which posts two equal alerts milliseconds apart: one message per minute, so that
 * pressing it again sends another one.
 */
function asTest(entry: WebhookEntry): WebhookEntry {
  const { text = '', startsAt } = entry;
  if (!/^\s*test send msg!/i.test(text)) return entry;
  const minute = (startsAt?.iso ?? startsAt?.token ?? '').slice(0, 'yyyy-mm-ddThh:mm'.length);
  return { ...entry, fingerprint: `test-${hash('hertzbeat test', minute)}`, startsAt: startsAt && { token: minute, iso: startsAt.iso } };
}
