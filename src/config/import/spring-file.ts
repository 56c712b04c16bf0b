import { isMap, merge, readYamlMaps, type Settings, shownName } from './imported.ts';

/** Profile with which Spring starts HertzBeat by default. */
const USUAL_PROFILE = 'prod';

/**
 * Reads a configuration file as Spring Boot does: later documents extend and override earlier ones, and a document of a
 * profile applies only while that is active: https://docs.spring.io/spring-boot/reference/features/external-config.html
 * @throws {ConfigError} when the file is not a YAML map
 */
export function readSpringFile(text: string, file: string, notes: string[]): Settings {
  const documents = readYamlMaps(text, file).map((document) => spread(document));
  const conditions = documents.map(conditionOf);
  const general = documents.filter((_, index) => conditions[index] === undefined).reduce<Settings>(merge, {});
  const profiles = section(section(general, 'spring'), 'profiles');
  const named = [...wordsOf(profiles.active), ...wordsOf(profiles.include)];
  const active = named.length > 0 ? named : guess(conditions, notes);
  const isOn = (condition: string | undefined) => condition === undefined || holds(condition, active);
  for (const condition of new Set(conditions.filter((condition) => !isOn(condition))))
    notes.push(
      `not carried over: the part of the file for the profile ${(condition ?? '').replace(/[^\s,|&!()]+/g, (name) => shownName(name))}`,
    );
  return documents.filter((_, index) => isOn(conditions[index])).reduce<Settings>(merge, {});
}

/** The active profile may be set outside of the file. */
function guess(conditions: readonly (string | undefined)[], notes: string[]): string[] {
  const named = [...new Set(conditions.flatMap((condition) => condition?.match(/[^\s,|&!()]+/g) ?? []))];
  const profile = named.includes(USUAL_PROFILE) || named.length !== 1 ? USUAL_PROFILE : (named[0] as string);
  if (named.length > 0) notes.push(`the file does not set the active profile: ${shownName(profile)} is assumed`);
  return [profile];
}

/** Reads `spring.config.activate.on-profile`, and before Spring Boot 2.4 `spring.profiles`. */
function conditionOf(document: Settings): string | undefined {
  const spring = section(document, 'spring');
  const written = section(section(spring, 'config'), 'activate')['on-profile'] ?? (isMap(spring.profiles) ? undefined : spring.profiles);
  const words = wordsOf(written);
  return words.length === 0 ? undefined : words.join(', ');
}

/** Evaluates expressions such as `prod`, `prod, test`, `!dev`, `prod & eu`, `prod | test`. */
function holds(condition: string, active: readonly string[]): boolean {
  return condition.split(/[,|]/).some((either) =>
    either.split('&').every((word) => {
      const name = word.replace(/[\s!()]/g, '');
      return active.includes(name) !== word.includes('!');
    }),
  );
}

function wordsOf(value: unknown): string[] {
  return [value]
    .flat()
    .flatMap((part) => settingOf(part)?.split(',') ?? [])
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Returns a setting as text; for `${NAME:default}` the default; `undefined` if it is not set. */
export function settingOf(value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  return String(value).replace(/\$\{[^{}:]+(?::([^{}]*))?\}/g, (_, fallback: string | undefined) => fallback ?? '');
}

/** Normalizes keys: Spring treats `alerter.sms.type: x` as the nested form, and camelCase as kebab-case. */
function spread(map: Settings): Settings {
  return Object.entries(map).reduce<Settings>((out, [dotted, value]) => {
    const [first = '', ...below] = dotted.split('.');
    const key = first.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`).replaceAll('_', '-');
    const inner = below.length > 0 ? { [below.join('.')]: value } : value;
    return merge(out, { [key]: isMap(inner) ? spread(inner) : inner });
  }, {});
}

export function section(map: Settings, key: string): Settings {
  const value = map[key];
  return isMap(value) ? value : {};
}
