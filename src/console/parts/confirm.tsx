import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { asFault } from '../ask.ts';
import type { Fault } from '../fault.ts';
import { FaultNote } from './note.tsx';

/** Something that cannot be taken back, or that texts somebody. */
export interface Question {
  readonly title: string;
  /** What will happen, in a sentence or two. */
  readonly what: string;
  readonly yes: string;
  readonly isGrave?: boolean;
  readonly act: () => Promise<void>;
}

/** How a view asks: `dialog` belongs into it. @param onEnd after each, whatever the answer */
export function useConfirm(onEnd: () => void = () => undefined) {
  const [question, ask] = useState<Question | undefined>();
  const end = () => {
    ask(undefined);
    onEnd();
  };
  return { ask, dialog: question !== undefined && <Confirm question={question} onEnd={end} /> };
}

/** Asks before it acts; stays, with what went wrong, where acting failed. */
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
      // What it was about goes away, and its button: the keyboard goes on from the top.
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
