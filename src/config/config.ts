import type { CountryCode, E164 } from '../alert/phone.ts';
import type { Route } from '../pipeline/route.ts';
import type { ProviderConfig } from '../provider/registry.ts';
import type { Secret } from './secret.ts';

/** The config as the process uses it: validated, defaults filled in, durations in ms, secrets wrapped. */
export interface Config {
  /** Name of the instance → its settings, in the order of the file. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** First match wins. */
  readonly routes: readonly Route[];
  readonly caps: Caps;
  readonly contacts: ReadonlyMap<string, Contact>;
  /** Group → names of contacts. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly templates: ReadonlyMap<string, Template>;
  readonly defaultCountry: CountryCode | undefined;
  readonly http: HttpConfig;
  readonly redis: { readonly url: Secret | undefined; readonly prefix: string };
  readonly worker: { readonly concurrency: number; readonly lockMs: number };
  readonly shutdown: { readonly graceMs: number };
  readonly logLevel: string;
  readonly metricsPort: number;
}

export interface Window {
  readonly max: number;
  readonly perMs: number;
}

export interface Caps {
  /** Every window must hold; empty = off. */
  readonly perRecipient: readonly Window[];
  /** All recipients together; `undefined` = off. */
  readonly perHour: { readonly max: number; readonly criticalReserve: number } | undefined;
}

export interface Contact {
  readonly phone: E164;
  readonly consent: boolean;
}

export interface Template {
  /** What free-text providers send, with `{name}` for each parameter. */
  readonly text: string;
  /** Parameters by position: names of ours. */
  readonly tencent?: { readonly id: string; readonly params: readonly string[] };
  /** Parameters by name, the vendor's → ours; left out = the same names. */
  readonly alibaba?: { readonly code: string; readonly params?: Readonly<Record<string, string>> };
  readonly unisms?: { readonly id: string; readonly params?: Readonly<Record<string, string>> };
  readonly exotel?: { readonly dltTemplateId: string };
}

export interface HttpConfig {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | undefined;
  /** Bearer tokens that may call `/v1/*`; empty = open, which only a loopback host may be. */
  readonly tokens: readonly Secret[];
  /** Recipients of webhook alerts that name none in `?to=`. */
  readonly webhookTo: readonly string[];
}
