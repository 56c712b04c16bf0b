import type { Fault } from '../fault.ts';

/** Shows an error and its remedy. */
export function FaultNote({ fault, again }: { readonly fault: Fault; readonly again?: () => void }) {
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>{fault.message}</strong>
      </p>
      <p>
        <Words text={fault.todo} />
      </p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ what, hint }: { readonly what: string; readonly hint?: string }) {
  return (
    <div class="empty">
      <p>{what}</p>
      {hint !== undefined && (
        <p class="muted">
          <Words text={hint} />
        </p>
      )}
    </div>
  );
}

export function Loading() {
  return (
    <p class="empty muted" aria-busy="true">
      Loading…
    </p>
  );
}

/** Text with commands in backticks. */
export function Words({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}
