import type { z } from 'zod';
import { isMarkedSecret } from '../../setting/secret.ts';
import { configSchema } from '../schema/schema.ts';
import type { Path } from './yaml-source.ts';

/**
 * Whether the value at this path of the file must not be printed. The schema decides: keys marked as secret are secret; a
 * value in place of a map with a secret key may be that secret; a key that is not in the schema counts as secret.
 */
export function isSecretInSchema(path: Path): boolean {
  let schemas: readonly z.core.$ZodType[] = [configSchema];
  for (const part of path) {
    if (schemas.some(isMarkedSecret)) return true;
    schemas = schemas.flatMap(openForms).flatMap((schema) => childOf(schema, part));
    if (schemas.length === 0) return true;
  }
  return schemas.some(holdsSecret);
}

/** Unwraps defaults, transforms and unions. Returns all forms, since the intended one is unknown. */
function openForms(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return openForms(def.innerType);
  switch (def.type) {
    case 'pipe':
      return openForms(isTransform(def.in) ? def.out : def.in);
    case 'union':
      return def.options.flatMap(openForms);
    case 'intersection':
      return [def.left, def.right].flatMap(openForms);
    case 'lazy':
      return openForms(def.getter());
    default:
      return [schema];
  }
}

function isTransform(schema: z.core.$ZodType): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === 'transform';
}

/** Returns all schemas between this one and its forms, since any of them may carry the mark. */
function wrappersOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return [schema, ...wrappersOf(def.innerType)];
  if (def.type === 'pipe') return [schema, ...wrappersOf(def.in), ...wrappersOf(def.out)];
  if (def.type === 'union') return [schema, ...def.options.flatMap(wrappersOf)];
  return [schema];
}

function childOf(form: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  const { def } = (form as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      // The file may have a key `constructor`.
      return Object.hasOwn(def.shape, part) ? wrappersOf(def.shape[String(part)] as z.core.$ZodType) : [];
    case 'record':
      return wrappersOf(def.valueType);
    case 'array':
      return wrappersOf(def.element);
    default:
      return [];
  }
}

function holdsSecret(schema: z.core.$ZodType): boolean {
  if (isMarkedSecret(schema)) return true;
  return openForms(schema).some((form) => {
    const { def } = (form as z.core.$ZodTypes)._zod;
    if (isMarkedSecret(form)) return true;
    if (def.type === 'object') return Object.values(def.shape).some((child) => wrappersOf(child).some(holdsSecret));
    return (def.type === 'record' && holdsSecret(def.valueType)) || (def.type === 'array' && holdsSecret(def.element));
  });
}
