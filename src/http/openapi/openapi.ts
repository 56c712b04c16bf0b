import type { HttpConfig } from '../../config/config.ts';
import { openApiPaths } from './openapi-paths.ts';
import { componentSchemas } from './openapi-schemas.ts';

/** The OpenAPI 3.1 document of a receiver: https://spec.openapis.org/oas/v3.1.1 */
export function createOpenApi({ publicUrl, tokens }: HttpConfig): Record<string, unknown> {
  return {
    openapi: '3.1.1',
    info: {
      title: 'sms-dispatch',
      version: '1',
      description:
        'Takes alerts, sends each as one text a phone, and tells what became of it. Every error is RFC 9457 problem details. What lies below /console is for its own page and may change.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths: openApiPaths(tokens.length > 0 ? [{ bearer: [] }] : []),
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'One of http.tokens; needed on /v1/* when there are any.' },
      },
      headers: {
        Allow: { description: 'The methods that are allowed.', schema: { type: 'string' } },
        Location: { description: 'Of a call with one alert: where to read what became of it.', schema: { type: 'string' } },
        'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } },
        'WWW-Authenticate': { description: 'RFC 6750.', schema: { type: 'string' } },
      },
    },
  };
}
