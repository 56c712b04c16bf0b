import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { asFault } from '../ask.ts';
import type { Fault } from '../fault.ts';
import { FaultNote } from './note.tsx';

/** An action that cannot be undone, or that sends a message. */
export interface Question {
  readonly title: string;
  /** Description of the effect in one or two sentences. */
  readonly what: string;
  readonly yes: string;
  readonly isGrave?: boolean;
  readonly act: () => Promise<void>;
}

/** Confirmation for a view, which must render `dialog`. @param onEnd called after each, whatever the answer */
export function useConfirm(onEnd: () => void = () => undefined) {
  const [question, ask] = useState<Question | undefined>();
  const end = () => {
    ask(undefined);
    onEnd();
  };
  return { ask, dialog: question !== undefined && <Confirm question={question} onEnd={end} /> };
}

/** Asks for confirmation and runs the action; stays open with the error if it failed. */
function Confirm({ question, onEnd }: { readonly question: Question; readonly onEnd: () => void }) {
  const { title, what, yes, isGrave, act } = question;
  const dialog = useRef<HTMLDialogElement>(null);
  const hasActed = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | undefined>();
  const id = useId();

  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => {
      current?.close();
      // The item and its button disappear: the focus moves to the top.
      if (hasActed.current) document.getElementById('main')?.focus({ preventScroll: true });
    };
  }, []);

  const go = async () => {
    setBusy(true);
    const end = () => {
      hasActed.current = true;
      onEnd();
    };
    await act().then(end, (error: unknown) => setFault(asFault(error)));
    setBusy(false);
  };
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-title`} aria-describedby={`${id}-what`} onClose={onEnd}>
      <h2 class="dialog-title" id={`${id}-title`}>
        {title}
      </h2>
      <p id={`${id}-what`}>{what}</p>
      {fault !== undefined && <FaultNote fault={fault} />}
      <div class="actions">
        <button type="button" onClick={onEnd}>
          Cancel
        </button>
        <button type="button" class={isGrave ? 'grave' : 'main'} disabled={isBusy} onClick={go}>
          {yes}
        </button>
      </div>
    </dialog>
  );
}
