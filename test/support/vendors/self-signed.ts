import { generateKeyPairSync, sign } from 'node:crypto';

/** A certificate that nobody vouches for, for `127.0.0.1`, with its key; both PEM. Made here, so that no key lies in the repository. */
export function selfSigned(): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(element(0x31, sequence(oid(0x55, 0x04, 0x03), element(0x0c, Buffer.from('fake vendor')))));
  const utcTime = (text: string) => element(0x17, Buffer.from(text));
  const altName = sequence(oid(0x55, 0x1d, 0x11), element(0x04, sequence(element(0x87, Buffer.from([127, 0, 0, 1])))));
  const certificate = sequence(
    element(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    name,
    sequence(utcTime('200101000000Z'), utcTime('490101000000Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(altName)),
  );
  const signature = sign('sha256', certificate, privateKey);
  const der = sequence(certificate, ecdsaWithSha256, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** ASN.1 DER: tag, length, value. */
function element(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

const sequence = (...parts: Buffer[]) => element(0x30, Buffer.concat(parts));
const oid = (...bytes: number[]) => element(0x06, Buffer.from(bytes));
const integer = (value: number) => element(0x02, Buffer.from([value]));
