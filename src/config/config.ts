import type { CountryCode, E164 } from '../alert/phone.ts';
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

/** The config as the process uses it: validated, defaults filled in, durations in ms, secrets wrapped. */
export interface Config {
  /** Name of the instance → its settings, in the order of the file. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** First match wins. */
  readonly routes: readonly Route[];
  readonly caps: Caps;
  readonly contacts: ReadonlyMap<string, Contact>;
  /** Group → names of contacts, `group:<name>` and `rotation:<name>`; no group holds itself. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly rotations: ReadonlyMap<string, Rotation>;
  /** Calling codes that may be texted at all; `undefined` = every one. */
  readonly countries: readonly string[] | undefined;
  /** Of everybody who, and every route that, has none of its own. */
  readonly quietHours: QuietHours | undefined;
  readonly channels: ReadonlyMap<string, ChannelConfig>;
  /** Name → who is told what became of alerts and messages. */
  readonly events: ReadonlyMap<string, EventWebhook>;
  readonly money: Money | undefined;
  /** The language of the templates' own text. */
  readonly defaultLanguage: string;
  readonly templates: Templates;
  /** The table by which alerts are read: that of the code and the words of the file. */
  readonly severityWords: SeverityWords;
  readonly defaultCountry: CountryCode | undefined;
  /** Whether a reply that acknowledges an alert is answered with a text. */
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

/** By the contact's own clock; what is left out is as for everybody. */
export type ContactHours = Pick<QuietHours, 'from' | 'to'> & { readonly override?: Severity };

export interface HttpConfig {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | undefined;
  /** Further names, without ports, under which it may be asked while it has no tokens. */
  readonly allowedHosts: readonly string[];
  /** Bearer tokens that may call `/v1/*`; empty = open, which only a loopback host may be. */
  readonly tokens: readonly Secret[];
  /** Whether `/console` is served. */
  readonly console: boolean;
  /** Recipients of webhook alerts that name none in `?to=`. */
  readonly webhookTo: readonly string[];
}
