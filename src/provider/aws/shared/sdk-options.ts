import { rebase } from '../../../http-client/transport.ts';
import { presetEnvironment } from '../../../setting/environment.ts';
import type { Secret } from '../../../setting/secret.ts';
import type { AwsCaller } from './aws-caller.ts';

interface AwsAccount {
  readonly region: string;
  readonly baseUrl?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: Secret | undefined;
}

/**
 * Options for every client of the AWS SDK. What would otherwise be read from the environment or from `~/.aws/config`
 * is said here, so that neither can move a text to another host or send it twice; only credentials that the config
 * leaves out are looked for there: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
export function sdkOptions(config: AwsAccount, { requestHandler }: Pick<AwsCaller, 'requestHandler'>) {
  // A warning about Node versions that concerns who updates the SDK, not who runs us: https://a.co/c895JFp
  presetEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  const { region, baseUrl, accessKeyId, secretAccessKey } = config;
  return {
    region,
    requestHandler,
    ...(baseUrl === undefined ? {} : { endpoint: rebase('https://aws/', baseUrl).href }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } }),
    // AWS_MAX_ATTEMPTS, AWS_RETRY_MODE, AWS_DEFAULTS_MODE
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    // AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    // AWS_AUTH_SCHEME_PREFERENCE, AWS_SDK_UA_APP_ID, AWS_DISABLE_CLOCK_SKEW_CORRECTION. The correction sends nothing
    // again: it moves the dates of the signatures that follow.
    authSchemePreference: [] as string[],
    userAgentAppId: 'sms-dispatch',
    disableClockSkewCorrection: false,
  };
}
