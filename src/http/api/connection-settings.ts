/** The rule for every address an admin may name in the settings of a connection: checked before anybody is called. */
import type { Fetcher } from '../../core/ports/fetcher.ts';
import type { Clock } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';

export interface SettingsDeps {
  /** The one door for outbound calls. */
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

/** The error for one field of a body. */
export const invalid = (field: string, detail: string) => new GatehouseError('invalid', detail, { field });

/** Malformed is `invalid`; well-formed but not to be called, plain http included, is `egress_refused`. */
export function checkAddress(
  { fetcher }: Pick<SettingsDeps, 'fetcher'>,
  text: string,
  field: string,
): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '' || url.hash !== '')
    throw invalid(field, 'Give an https address without user name and fragment.');
  try {
    fetcher.checkUrl(text);
  } catch (error) {
    throw ofField(error, field);
  }
  return text;
}

/** An address that may not be called, or where nobody answers, as the error of the field that named it; anything else as it is. */
export function ofField(error: unknown, field: string): unknown {
  const isOfAddress =
    isGatehouseError(error, 'egress_refused') || isGatehouseError(error, 'upstream_unreachable');
  if (!isOfAddress) return error;
  return new GatehouseError(error.code, error.detail, { field, cause: error, context: error.context });
}

/** The same for an address that browsers are sent to: whether plain http may be is told by what stands in it. */
export function checkPageAddress(deps: Pick<SettingsDeps, 'fetcher'>, text: string, field: string): string {
  const address = checkAddress(deps, text, field);
  if (new URL(address).protocol === 'https:' || deps.fetcher.permitsHttpAsWritten(address)) return address;
  throw new GatehouseError('egress_refused', 'The address must start with https://.', { field });
}
