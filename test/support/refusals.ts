/** What a use case refused with, as one small value that a table can hold. */
import { isGatehouseError } from '../../src/kernel/errors.ts';

/** The code, and the exact reason of a refused sign-in, such as `sign_in_refused identity.inactive`; `done` when nothing was refused. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    const { reason } = error.context;
    return typeof reason === 'string' ? `${error.code} ${reason}` : error.code;
  }
}
