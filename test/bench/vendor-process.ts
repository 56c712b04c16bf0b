import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startFakeTwilio } from '../support/vendors/twilio.ts';

/** A Twilio that answers at once, in a process of its own so that it takes no time of the one measured. */
export async function startVendorProcess(account: { accountSid: string; authToken: string }) {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(account)]);
  const [message] = (await once(child, 'message')) as [{ url: string }];
  return {
    url: message.url,
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const vendor = await startFakeTwilio(JSON.parse(process.argv[2] as string));
  process.send({ url: vendor.url });
  // Whoever started it is gone.
  process.on('disconnect', () => process.exit(0));
}
