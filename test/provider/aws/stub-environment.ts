import { onTestFinished, vi } from 'vitest';

/** An environment in which AWS's chain finds nothing but what is given: no files, no metadata service. */
export function stubAwsEnvironment(given: Readonly<Record<string, string>> = {}): void {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_') && !name.startsWith('AWS_SDK_JS_')) vi.stubEnv(name, undefined);
  }
  const nothing = { AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
  for (const [name, value] of Object.entries({ ...nothing, ...given })) vi.stubEnv(name, value);
}
