import { useState } from 'preact/hooks';
import { countSegments } from '../../alert/segments.ts';
import type { ConsoleNames, SendRequest } from '../../http/console/api.ts';
import { asFault, post } from '../ask.ts';
import type { Fault } from '../fault.ts';
import { hrefOf } from '../route.ts';
import { useConfirm } from './confirm.tsx';
import { FaultNote } from './note.tsx';

/** Number of names from which on a filter field is shown. */
const MANY = 12;

/** @param props.isPlay true where all providers are simulated */
export function SendForm({ names, isPlay }: { readonly names: ConsoleNames; readonly isPlay: boolean }) {
  const [to, setTo] = useState<readonly string[]>(names.recipients.slice(0, 1));
  const [severity, setSeverity] = useState(names.severities.at(-1) ?? 'critical');
  const [text, setText] = useState('');
  const [sent, setSent] = useState<{ readonly id: string } | undefined>();
  const [fault, setFault] = useState<Fault | undefined>();
  const { ask: confirm, dialog } = useConfirm();

  const send = async (): Promise<void> => {
    const request: SendRequest = { to, severity, text: text.trim() };
    setSent(await post<'send'>('send', request));
    setText('');
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setFault(undefined);
    setSent(undefined);
    if (isPlay) void send().catch((error: unknown) => setFault(asFault(error)));
    else
      confirm({
        title: 'Send to real phones?',
        what: `This is sent to ${to.join(', ')} as a real SMS, by the route for ${severity} alerts.`,
        yes: 'Send',
        act: send,
      });
  };
  return (
    <form class="send" onSubmit={submit}>
      <Recipients all={names.recipients} chosen={to} onChange={setTo} />
      <fieldset>
        <legend>Severity</legend>
        <div class="choices">
          {names.severities.map((name) => (
            <label key={name} class="choice">
              <input type="radio" name="severity" checked={severity === name} onChange={() => setSeverity(name)} />
              <span>{name}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <label for="text">Text</label>
      <textarea id="text" rows={3} maxLength={1000} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <p class="muted sub">{segmentWords(`${severity.toUpperCase()}: ${text.trim()}`)}</p>
      <button type="submit" class="main" disabled={to.length === 0 || text.trim() === ''}>
        {isPlay ? 'Send to the simulated phone' : 'Send'}
      </button>
      {fault !== undefined && <FaultNote fault={fault} />}
      <p class="said" role="status">
        {sent !== undefined && (
          <>
            Queued. <a href={hrefOf({ view: 'story', id: sent.id })}>Show its history</a>
          </>
        )}
      </p>
      {dialog}
    </form>
  );
}

interface RecipientsProps {
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function Recipients({ all, chosen, onChange }: RecipientsProps) {
  const [filter, setFilter] = useState('');
  const shown = all.filter((name) => name.toLowerCase().includes(filter.toLowerCase()) || chosen.includes(name));
  const toggle = (name: string) => onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <fieldset>
      <legend>To</legend>
      {all.length > MANY && (
        <input
          type="search"
          placeholder="Find a name"
          aria-label="Find a name"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      )}
      <div class="choices choices-many">
        {shown.map((name) => {
          const [kind, own] = splitName(name);
          return (
            <label key={name} class="choice">
              <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
              <span>
                {own} {kind !== 'contact' && <small>{kind}</small>}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

/** Splits `group:oncall` into `group`, `oncall`. */
function splitName(name: string): [kind: string, own: string] {
  const colon = name.indexOf(':');
  return [name.slice(0, colon), name.slice(colon + 1)];
}

function segmentWords(text: string): string {
  const segments = countSegments(text);
  return `${[...text].length} characters with the severity, ${segments === 1 ? '1 segment' : `${segments} segments`} if it is sent unchanged.`;
}
