import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { signTc3 } from '../../../src/provider/tencent/api.ts';

/** The example of the documentation: https://cloud.tencent.com/document/api/306/57449 */
const EXAMPLE = {
  host: 'cvm.tencentcloudapi.com',
  contentType: 'application/json; charset=utf-8',
  body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
  timestamp: 1_551_113_065,
  service: 'cvm',
};

it.each([
  ['Gu5t9xGARNpq86cd98joQYCN3EXAMPLE', '72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168'],
  ['Gu5t9xGARNpq86cd98joQYCN3*******', '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c'],
])('signs the published example with the key %s', (secretKey, signature) => {
  expect(signTc3(EXAMPLE, { secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE', secretKey })).toBe(
    `TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=${signature}`,
  );
});

it("agrees with Tencent's own SDK, whatever the body and the day", () => {
  const sdk = createRequire(createRequire(import.meta.url).resolve('tencentcloud-sdk-nodejs-sms'));
  const { default: Sign } = sdk('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign') as {
    default: { sign3(request: unknown): string };
  };
  const key = { secretId: 'AKID', secretKey: 'key' };
  for (const timestamp of [1_551_113_065, 1_795_143_600, 1_798_761_599, 1_798_761_600, 1_835_395_199]) {
    for (const text of ['{}', '{"a":"你好 🔥"}', '{"a":"\\u4f60"}', `{"a":"${'x'.repeat(5000)}"}`]) {
      const request = {
        host: 'sms.tencentcloudapi.com',
        contentType: 'application/json; charset=utf-8',
        body: text,
        timestamp,
        service: 'sms',
      };
      const theirs = Sign.sign3({
        method: 'POST',
        url: 'https://sms.tencentcloudapi.com/',
        payload: Buffer.from(text),
        timestamp,
        service: 'sms',
        ...key,
        headers: { 'Content-Type': request.contentType },
      });
      expect(signTc3(request, key)).toBe(theirs);
    }
  }
});

it('signs the port with the host, where there is one', () => {
  const key = { secretId: 'AKID', secretKey: 'key' };
  expect(signTc3({ ...EXAMPLE, host: '127.0.0.1:8080' }, key)).not.toBe(signTc3({ ...EXAMPLE, host: '127.0.0.1' }, key));
});
