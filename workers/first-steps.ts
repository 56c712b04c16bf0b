import type { Config } from '../src/config/config.ts';

/** Help printed after `npm start`: where to look, and a command that sends the first message. */
export function firstSteps({ config, httpPort, redis }: { config: Config; httpPort: number; redis: string }): string {
  const host = config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host;
  const url = `http://${host}:${httpPort}`;
  const token = config.http.tokens.length === 0 ? '' : ` -H "Authorization: Bearer $SMS_DISPATCH_TOKEN"`;
  const simulated = [...config.providers.values()].some(({ type }) => type === 'simulated');
  return `
  sms-dispatch is up on ${url}   (Redis: ${redis})

  Send the first message:
    curl -sS ${url}/v1/alerts${token} -H 'Content-Type: application/json' -d '{"to":"+1 202-555-0123","severity":"critical","text":"Disk full"}'

  Its outcome:        ${url}/v1/alerts/<id>
${simulated ? `  The phone:          ${url}/v1/simulated/outbox\n` : ''}  Metrics:            ${url}/metrics
  The API:            ${url}/openapi.json
  The console:        ${config.http.console ? `${url}/console` : 'npm start -- --console, or console: true below http: in the config'}

`;
}
