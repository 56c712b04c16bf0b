import { z } from 'zod';
import { MAX_TEXT } from '../../alert/alert.ts';
import { placeholders } from '../../alert/text.ts';
import { listNames, suggest } from '../../text/suggest.ts';
import { languageTag } from './contact-schema.ts';

const text = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TEXT)
  .refine((written) => !/[{}]/.test(written.replace(/\{[A-Za-z_][A-Za-z0-9_]*\}/g, '')), {
    error: 'a brace without a placeholder',
    params: { hint: 'a placeholder is {name}: letters, digits and _ in single braces, without spaces' },
  });

/** Vendor's name of a variable → ours. */
const renamed = z.record(z.string().min(1), z.string().min(1)).exactOptional();

const wording = {
  text,
  tencent: z.strictObject({ id: z.string().min(1), params: z.array(z.string().min(1)).default([]) }).exactOptional(),
  alibaba: z.strictObject({ code: z.string().min(1), params: renamed }).exactOptional(),
  unisms: z.strictObject({ id: z.string().min(1), params: renamed }).exactOptional(),
  exotel: z.strictObject({ dltTemplateId: z.string().min(1) }).exactOptional(),
};

type Wording = z.output<z.ZodObject<typeof wording>>;

/** A template: the text for free-text providers, the names of vendor templates for it, and translations. */
export const templateSchema = z
  .strictObject({ ...wording, languages: z.record(languageTag, z.strictObject(wording).superRefine(refuseStrays)).exactOptional() })
  .superRefine(refuseStrays);

/** Faults for vendor variables that do not match a placeholder. */
function refuseStrays({ text, tencent, alibaba, unisms }: Wording, ctx: z.core.$RefinementCtx): void {
  const known = placeholders(text);
  for (const [vendor, params] of Object.entries({ tencent: tencent?.params, alibaba: alibaba?.params, unisms: unisms?.params })) {
    for (const [key, name] of Object.entries(params ?? {})) {
      if (known.includes(name)) continue;
      const near = suggest(name, known);
      const hint =
        near !== undefined ? `did you mean "${near}"?` : `the text has ${known.length === 0 ? 'no placeholder' : listNames(known)}`;
      ctx.addIssue({
        code: 'custom',
        path: [vendor, 'params', Array.isArray(params) ? Number(key) : key],
        message: 'is not a placeholder of the text, so it would stay empty',
        params: { hint },
      });
    }
  }
}
