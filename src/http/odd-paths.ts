/** S107: encoded slashes, dots and NULs, doubled slashes and matrix parameters never reach a router. */
import { GatehouseError } from '../kernel/errors.ts';

/** Throws `not_found` for the address of a request whose path two programs could read differently. */
export function refuseOddPath(url: string): void {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  if (/%(?:2f|5c|00|2e)|\/\/|;|\\/i.test(path))
    throw new GatehouseError('not_found', 'There is nothing at this address.');
}
