import { useState } from 'preact/hooks';
import { asFault, logIn } from '../ask.ts';
import type { Fault } from '../fault.ts';
import { FaultNote } from '../parts/note.tsx';

export function LoginView({ onOpen }: { readonly onOpen: () => void }) {
  const [token, setToken] = useState('');
  const [fault, setFault] = useState<Fault | undefined>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await logIn(token).then(onOpen, (error: unknown) => setFault(asFault(error)));
    setBusy(false);
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1>sms-dispatch</h1>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          aria-describedby="token-hint"
        />
        <p id="token-hint" class="muted sub">
          One of <code>http.tokens</code> of the config. The login is valid in this browser for twelve hours.
        </p>
        {fault !== undefined && <FaultNote fault={fault} />}
        <button type="submit" class="main" disabled={isBusy || token === ''}>
          Log in
        </button>
      </form>
    </main>
  );
}
