import { randomUUID } from 'node:crypto';
import { until } from './until.ts';
import { startHttpVendor } from './vendors/http-vendor.ts';

/** One SMS as a gateway hands it in, its parts joined. */
export interface CentreSms {
  readonly to: string;
  readonly text: string;
  readonly parts: number;
  /** 0 = GSM-7, 2 = UCS-2. */
  readonly coding: number;
  /** Tells the gateway what became of it: 1 arrived, 2 did not. */
  report(dlr: 1 | 2): Promise<void>;
}

export interface SmsCentre {
  readonly url: string;
  /** The next SMS that is whole. */
  nextSms(): Promise<CentreSms>;
  /** From now on everything is turned away. */
  rejectAll(): void;
  close(): Promise<void>;
}

/** What Kannel's generic HTTP driver speaks to. @param reportPort where it takes reports */
export async function startSmsCentre(reportPort: number): Promise<SmsCentre> {
  const taken: CentreSms[] = [];
  const unfinished = new Map<string, Buffer[]>();
  let rejects = false;

  const report = async (id: string, dlr: number): Promise<void> => {
    const query = new URLSearchParams({ username: '', password: '', from: 'centre', to: '12345', 'dlr-mask': String(dlr), 'dlr-mid': id });
    await fetch(`http://127.0.0.1:${reportPort}/?${query}`);
  };

  const server = await startHttpVendor(({ path }) => {
    if (rejects) return { status: 200, body: 'rejected' };
    const id = randomUUID();
    const { to, coding, udh, text } = readPart(path);
    // Concatenation: 05 00 03, then a reference, how many, and which: 3GPP TS 23.040, clause 9.2.3.24.1.
    const [, , , reference, total = 1, index = 1] = udh;
    const key = `${to} ${reference}`;
    const parts = unfinished.get(key) ?? [];
    parts[index - 1] = text;
    unfinished.set(key, parts);
    if (Object.keys(parts).length === total) {
      unfinished.delete(key);
      taken.push({ to, coding, parts: total, text: decode(Buffer.concat(parts), coding), report: (dlr) => report(id, dlr) });
    }
    return { status: 200, body: `taken id=${id}` };
  });

  return {
    url: server.url,
    nextSms: () => until(() => taken.shift()),
    rejectAll: () => {
      rejects = true;
    },
    close: server.close,
  };
}

function readPart(path: string): { to: string; coding: number; udh: Buffer; text: Buffer } {
  const fields = new Map(
    path
      .slice(path.indexOf('?') + 1)
      .split('&')
      .map((pair) => pair.split('=') as [string, string]),
  );
  const bytes = (name: string) => percentDecode(fields.get(name) ?? '');
  return { to: bytes('to').toString(), coding: Number(fields.get('coding')), udh: bytes('udh'), text: bytes('text') };
}

/** Into bytes: Kannel sends UCS-2 as UTF-16BE, which no decoder of URLs would leave alone. */
function percentDecode(text: string): Buffer {
  const binary = text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-F]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(binary, 'latin1');
}

function decode(bytes: Buffer, coding: number): string {
  return coding === 2 ? bytes.swap16().toString('utf16le') : bytes.toString('utf8');
}
