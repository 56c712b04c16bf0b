import { z } from 'zod';

// The objects of OpenAPI 3.1 that our document uses, each with the fixed fields that the specification gives it, so that a
// misspelt or misplaced one is found. https://spec.openapis.org/oas/v3.1.1#schema-0

const reference = z.strictObject({ $ref: z.string().startsWith('#/components/') });
const schema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);

const mediaType = z
  .strictObject({ schema: schema.optional(), example: z.unknown().optional(), examples: z.record(z.string(), z.unknown()).optional() })
  .refine(({ example, examples }) => example === undefined || examples === undefined, 'example and examples exclude each other');
const content = z.record(z.string().regex(/^[\w.+-]+\/[\w.+*-]+$/), mediaType);

const header = z.strictObject({ description: z.string().optional(), required: z.boolean().optional(), schema });

const parameter = z
  .strictObject({
    name: z.string(),
    in: z.enum(['query', 'header', 'path', 'cookie']),
    description: z.string().optional(),
    required: z.boolean().optional(),
    style: z.enum(['form', 'simple']).optional(),
    explode: z.boolean().optional(),
    schema,
    example: z.unknown().optional(),
  })
  .refine((given) => given.in !== 'path' || given.required === true, 'a path parameter is required');

const response = z.strictObject({
  description: z.string(),
  headers: z.record(z.string(), z.union([header, reference])).optional(),
  content: content.optional(),
});

const operation = z.strictObject({
  operationId: z.string().regex(/^[A-Za-z]+$/),
  summary: z.string(),
  description: z.string().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(parameter).optional(),
  requestBody: z.strictObject({ description: z.string().optional(), required: z.boolean().optional(), content }).optional(),
  responses: z.record(z.string().regex(/^([1-5]\d\d|default)$/), response),
});

const componentName = z.string().regex(/^[\w.-]+$/);

export const openApiDocument = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string().optional(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }).optional(),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  paths: z.record(
    z.string().startsWith('/'),
    z.strictObject({
      options: operation.optional(),
      get: operation.optional(),
      post: operation.optional(),
      put: operation.optional(),
      delete: operation.optional(),
    }),
  ),
  components: z.strictObject({
    schemas: z.record(componentName, schema),
    securitySchemes: z.record(
      componentName,
      z.strictObject({ type: z.literal('http'), scheme: z.literal('bearer'), description: z.string().optional() }),
    ),
    headers: z.record(componentName, header),
  }),
});

export type OpenApiDocument = z.output<typeof openApiDocument>;
export type DocumentedOperation = z.output<typeof operation>;

/** `operationId` → where it is and what it says. */
export function operationsOf({ paths }: OpenApiDocument): Map<string, { path: string; method: string; operation: DocumentedOperation }> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, DocumentedOperation>).map(
        ([method, said]) => [said.operationId, { path, method: method.toUpperCase(), operation: said }] as const,
      ),
    ),
  );
}
