import type { Provider, ProviderName } from '../../provider/contract/provider.ts';
import { type StatusQuery, unclear, type VendorStatus } from '../../provider/contract/status.ts';

/** A provider that has a way to be asked. */
type WithStatus = Provider & Required<Pick<Provider, 'status'>>;

export function canBeAsked(provider: Provider | undefined): provider is WithStatus {
  return provider?.status !== undefined;
}

/**
 * What the provider says became of a text. Never rejects.
 * @param onBug told of a throw out of the adapter, which is a bug in it and proves nothing
 */
export async function askStatus(
  provider: WithStatus,
  query: StatusQuery,
  signal: AbortSignal,
  onBug: (error: unknown, provider: ProviderName) => void,
): Promise<VendorStatus> {
  try {
    return await provider.status(query, signal);
  } catch (error) {
    onBug(error, provider.name);
    return unclear('adapter_bug');
  }
}
