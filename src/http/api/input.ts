/** Reads what a request carries into what a handler wants: schemas refuse, with the field and the rule by name. */
import type { z } from 'zod';
import { GatehouseError } from '../../kernel/errors.ts';

/** Parses with a schema. Throws `invalid` that names the first field at fault, as the caller spelled it. */
export function parseInput<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const keys = issue?.code === 'unrecognized_keys' ? [issue.keys[0] ?? ''] : [];
  const field = spell([...(issue?.path ?? []), ...keys]);
  const message = issue?.message ?? 'The input is not valid.';
  throw new GatehouseError(
    'invalid',
    field === '' ? message : `${field}: ${message}`,
    field === '' ? {} : { field },
  );
}

const spell = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
