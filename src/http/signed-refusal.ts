/** Refusals of what the provider's signature vouches for: a stranger cannot bring them about, so they are always recorded (S217). */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';

/** The same refusal with `isSigned` in its context; whatever is no refusal as it is. Only for what is thrown after a signature held. */
export function signedRefusal(error: unknown): unknown {
  if (!isGatehouseError(error, 'sign_in_refused') && !isGatehouseError(error, 'sign_out_refused'))
    return error;
  const { code, detail, context, cause } = error;
  return new GatehouseError(code, detail, { context: { ...context, isSigned: true }, cause });
}

/** Runs what comes after a signature held; its refusals are signed ones. */
export async function afterSignature<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw signedRefusal(error);
  }
}
