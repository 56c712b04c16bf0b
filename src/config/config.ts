import type { CountryCode, E164 } from '../alert/phone/phone.ts';
import type { Severity, SeverityWords } from '../alert/severity.ts';
import type { ChannelConfig } from '../channel/channel-config.ts';
import type { EventWebhook } from '../channel/event-webhook-config.ts';
import type { Money } from '../limit/budget/money.ts';
import type { Caps } from '../limit/caps/rate-cap.ts';
import type { QuietHours } from '../policy/quiet-hours.ts';
import type { Rotation } from '../policy/rotation.ts';
import type { Route } from '../policy/route.ts';
import type { ProviderConfig } from '../provider/registry.ts';
import type { Templates } from '../provider/template/template.ts';
import type { Secret } from '../setting/secret.ts';

/** Config as the process uses it: validated, with defaults, durations in ms, secrets wrapped. */
export interface Config {
  /** Provider name → settings, in the order of the file. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** The first match wins. */
  readonly routes: readonly Route[];
  readonly caps: Caps;
  readonly contacts: ReadonlyMap<string, Contact>;
  /** Group → names of contacts, `group:<name>` and `rotation:<name>`; no group contains itself. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly rotations: ReadonlyMap<string, Rotation>;
  /** Calling codes to which messages may be sent; `undefined` = all. */
  readonly countries: readonly string[] | undefined;
  /** Default for contacts and routes without their own. */
  readonly quietHours: QuietHours | undefined;
  readonly channels: ReadonlyMap<string, ChannelConfig>;
  /** Name → webhook that receives the outcomes of alerts and messages. */
  readonly events: ReadonlyMap<string, EventWebhook>;
  readonly money: Money | undefined;
  /** Language of the main text of templates. */
  readonly defaultLanguage: string;
  readonly templates: Templates;
  /** Table for reading alerts: built-in words and those of the file. */
  readonly severityWords: SeverityWords;
  readonly defaultCountry: CountryCode | undefined;
  /** Whether a reply that acknowledges an alert is confirmed by a message. */
  readonly replies: { readonly confirm: boolean };
  readonly http: HttpConfig;
  readonly redis: { readonly url: Secret | undefined; readonly prefix: string };
  readonly worker: { readonly concurrency: number; readonly lockMs: number };
  readonly shutdown: { readonly graceMs: number };
  readonly logLevel: string;
  readonly metricsPort: number;
}

export interface Contact {
  readonly phone: E164;
  readonly email?: string;
  readonly consent: boolean;
  readonly language?: string;
  readonly timeZone?: string;
  readonly quietHours?: ContactHours | 'off';
}

/** Quiet hours of a contact, in its time zone; omitted settings come from the global quiet hours. */
export type ContactHours = Pick<QuietHours, 'from' | 'to'> & { readonly override?: Severity };

export interface HttpConfig {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | undefined;
  /** Additional host names, without ports, that are accepted while no tokens are set. */
  readonly allowedHosts: readonly string[];
  /** Bearer tokens that may call `/v1/*`; empty = open, allowed on a loopback host only. */
  readonly tokens: readonly Secret[];
  /** Whether `/console` is enabled. */
  readonly console: boolean;
  /** Recipients of webhook alerts that do not name any in `?to=`. */
  readonly webhookTo: readonly string[];
}
