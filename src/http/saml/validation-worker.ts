/** Runs in a worker thread: judges responses, and answers refusals as values, because an error loses its class on the way. */

import { isGatehouseError } from '../../kernel/errors.ts';
import { readHints } from '../../protocols/saml/hints.ts';
import type { SamlFacts } from '../../protocols/saml/read-assertion.ts';
import { type SamlResponseInput, verifySamlResponse } from './strategy.ts';
import { type Task, takeTask } from './validation-task.ts';
import type { SamlHints } from './validator.ts';

/** A verdict that survives being copied between threads. */
export type Verdict =
  | { readonly facts: SamlFacts }
  | {
      readonly refused: {
        readonly detail: string;
        readonly context: Readonly<Record<string, unknown>>;
        /** What went wrong underneath, as text; undefined: nothing did. */
        readonly cause: string | undefined;
      };
    };

/** The verdict on one response. Rejects only for what is a fault of ours. */
export async function facts(task: Task<SamlResponseInput>): Promise<Verdict> {
  try {
    return { facts: await verifySamlResponse(takeTask(task)) };
  } catch (error) {
    if (!isGatehouseError(error, 'sign_in_refused')) throw error;
    const { detail, context, cause } = error;
    return { refused: { detail, context, cause: cause instanceof Error ? cause.message : undefined } };
  }
}

/** What a refused response seems to say. */
export const hints = (task: Task<unknown>): SamlHints => readHints(takeTask(task));
