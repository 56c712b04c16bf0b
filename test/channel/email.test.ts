import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChannelDeps, Notice } from '../../src/channel/channel.ts';
import { startMailServer } from '../support/mail-server.ts';
import { given, never, notice } from './given.ts';

const FROM = 'Ops <alerts@example.com>';

async function setup(
  options: Partial<SMTPServerOptions> = {},
  to: readonly string[] = ['ops@example.com'],
  deps: Partial<ChannelDeps> = {},
) {
  const server = await startMailServer(options);
  onTestFinished(server.close);
  const channel = await given({ type: 'email', smtp: server.url, from: FROM, to }, deps);
  return { ...server, tell: (over: Partial<Notice> = {}) => channel.notify(notice(over), never) };
}

/** What an SMTP server says instead of yes. */
const no = (responseCode: number) => Object.assign(new Error('not with ops@example.com, SECRET'), { responseCode });

it('says the severity and the first line in the subject, the rest in the text, and that no machine need answer', async () => {
  const { tell, mails } = await setup();
  expect(await tell({ text: 'Database unreachable\r\nBcc: victim@example.com', step: 2, steps: 3 })).toEqual({ kind: 'accepted' });
  const [mail] = mails;
  expect(mail).toMatchObject({ from: 'alerts@example.com', to: ['ops@example.com'] });
  const [head = '', ...rest] = mail?.source.split('\r\n\r\n') ?? [];
  const body = rest.join('\r\n\r\n');
  expect(head).toContain('Subject: [CRITICAL] Database unreachable\r\n');
  expect(head).toContain('To: ops@example.com\r\n');
  expect(head).toContain('Auto-Submitted: auto-generated\r\n');
  expect(head).toContain('List-ID: <ops.sms-dispatch.invalid>\r\n');
  expect(head).toContain('Message-ID: <n-1@sms-dispatch.invalid>\r\n');
  expect(head).not.toMatch(/^bcc:/im);
  expect(body).toContain('CRITICAL: Database unreachable\r\nBcc: victim');
  expect(body).toContain('labels: team=payments');
  expect(body).toContain('step 2 of 3');
});

it('goes to several in one, and none of them learns who the others are', async () => {
  const { tell, mails } = await setup({}, ['a@example.com', 'b@example.com', 'c@example.com']);
  expect(await tell()).toEqual({ kind: 'accepted' });
  expect(mails.map(({ to }) => to)).toEqual([['a@example.com', 'b@example.com', 'c@example.com']]);
  expect(mails[0]?.source).not.toMatch(/[abc]@example\.com/);
  expect(mails[0]?.source).toMatch(/^To: "undisclosed-recipients":;\r$/m);
});

it('goes to the recipients of the alert where the channel has none', async () => {
  const asked: (readonly string[])[] = [];
  const openAddresses = (to: readonly string[]) => {
    asked.push(to);
    return ['alice@example.com'];
  };
  const { tell, mails } = await setup({}, [], { openAddresses });
  expect(await tell({ contacts: ['alice', 'bob'] })).toEqual({ kind: 'accepted' });
  expect(asked).toEqual([['contact:alice', 'contact:bob']]);
  expect(mails.map(({ to }) => to)).toEqual([['alice@example.com']]);
});

it('is rejected permanently where no recipient has an address', async () => {
  const { tell, mails } = await setup({}, [], { openAddresses: () => [] });
  expect(await tell()).toEqual({ kind: 'refused', retry: false, code: 'no_address' });
  expect(mails).toEqual([]);
});

describe('a server that refuses', () => {
  it.each<[name: string, options: Partial<SMTPServerOptions>, refused: object]>([
    ['the only address for good', { onRcptTo: (_to, _session, done) => done(no(550)) }, { retry: false, code: 'smtp_550' }],
    ['the only address for now', { onRcptTo: (_to, _session, done) => done(no(451)) }, { retry: true, code: 'smtp_451' }],
    ['the sender', { onMailFrom: (_from, _session, done) => done(no(553)) }, { retry: false, code: 'smtp_553' }],
    ['the connection for now', { onConnect: (_session, done) => done(no(421)) }, { retry: true, code: 'smtp_421' }],
    [
      'the mail for now',
      {
        onData: (stream, _session, done) => {
          stream.resume();
          stream.on('end', () => done(no(452)));
        },
      },
      { retry: true, code: 'smtp_452' },
    ],
  ])('%s', async (_name, options, refused) => {
    const { tell } = await setup(options);
    expect(await tell()).toEqual({ kind: 'refused', ...refused });
  });

  it('some addresses is accepted for the others, with a detail that names the refused ones', async () => {
    const onRcptTo: SMTPServerOptions['onRcptTo'] = ({ address }, _session, done) => done(address.startsWith('gone') ? no(550) : null);
    const { tell, mails } = await setup({ onRcptTo }, ['gone@example.com', 'here@example.com']);
    expect(await tell()).toEqual({ kind: 'accepted', detail: 'g***@example.com: smtp_550' });
    expect(mails.map(({ to }) => to)).toEqual([['here@example.com']]);
  });

  it.each([450, 451, 452])('one of several addresses with %i has that one tried again, and no other', async (status) => {
    const answers = new Map<string, number>([
      ['full@example.com', status],
      ['gone@example.com', 550],
    ]);
    const onRcptTo: SMTPServerOptions['onRcptTo'] = ({ address }, _session, done) => {
      const answer = answers.get(address);
      done(answer === undefined ? null : no(answer));
    };
    const { tell, mails } = await setup({ onRcptTo }, ['a@example.com', 'full@example.com', 'gone@example.com', 'b@example.com']);
    const first = await tell();
    const progress = { remaining: ['full@example.com'], refused: ['g***@example.com: smtp_550'], accepted: 2 };
    expect(first).toEqual({ kind: 'refused', retry: true, code: `smtp_${status}`, progress });
    expect(await tell({ progress })).toEqual({ kind: 'refused', retry: true, code: `smtp_${status}`, progress });
    answers.delete('full@example.com');
    expect(await tell({ progress })).toEqual({ kind: 'accepted', detail: 'g***@example.com: smtp_550' });
    expect(mails.map(({ to }) => to)).toEqual([['a@example.com', 'b@example.com'], ['full@example.com']]);
    expect(mails[1]?.source).not.toMatch(/^To: .*full/m);
  });

  it('one address after another has the outcome of each kept', async () => {
    const onRcptTo: SMTPServerOptions['onRcptTo'] = (_to, _session, done) => done(no(552));
    const { tell } = await setup({ onRcptTo });
    const progress = { remaining: ['full@example.com'], refused: ['g***@example.com: smtp_550'], accepted: 2 };
    expect(await tell({ progress })).toEqual({ kind: 'accepted', detail: 'g***@example.com: smtp_550, f***@example.com: smtp_552' });
    expect(await tell({ progress: { ...progress, accepted: 0 } })).toEqual({ kind: 'refused', retry: false, code: 'smtp_552' });
  });

  it('every address, some for now and some for good, has the former tried again', async () => {
    const onRcptTo: SMTPServerOptions['onRcptTo'] = ({ address }, _session, done) => done(no(address.startsWith('full') ? 450 : 550));
    const { tell, mails } = await setup({ onRcptTo }, ['full@example.com', 'gone@example.com']);
    const progress = { remaining: ['full@example.com'], refused: ['g***@example.com: smtp_550'], accepted: 0 };
    expect(await tell()).toEqual({ kind: 'refused', retry: true, code: 'smtp_450', progress });
    expect(mails).toEqual([]);
  });

  it('the password is not asked again', async () => {
    const server = await startMailServer({ authOptional: false, onAuth: (_auth, _session, done) => done(no(535)) });
    onTestFinished(server.close);
    const channel = await given({
      type: 'email',
      smtp: server.url.replace('smtp://', 'smtp://user:SECRET@'),
      from: FROM,
      to: ['a@example.com'],
    });
    expect(await channel.notify(notice(), never)).toEqual({ kind: 'refused', retry: false, code: 'smtp_535' });
  });
});

it('an unreachable server is a retryable refusal', async () => {
  const channel = await given({ type: 'email', smtp: 'smtp://127.0.0.1:9', from: FROM, to: ['a@example.com'] });
  const refused = await channel.notify(notice(), never);
  expect(refused).toMatchObject({ kind: 'refused', retry: true });
  expect(JSON.stringify(refused)).not.toMatch(/127\.0\.0\.1|example/);
});

it('the connection to a silent server is closed when the signal aborts', async () => {
  const stop = new AbortController();
  const server = await startMailServer({ onMailFrom: () => stop.abort() });
  onTestFinished(server.close);
  const channel = await given({ type: 'email', smtp: server.url, from: FROM, to: ['a@example.com'] });
  expect(await channel.notify(notice(), stop.signal)).toEqual({ kind: 'refused', retry: true, code: 'EABORT' });
});
