import type { Fault } from '../fault.ts';
import { Words } from './words.tsx';

/** What went wrong and what to do about it. */
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
