/** Which claims of a person count at a connection: UserInfo is asked only when the ID token lacks one of them. Pure. */

import type { Connection } from '../../core/entities/connection.ts';
import type { GroupMapping } from '../../core/entities/directory.ts';

/**
 * E-mail and name, the claim that names people, and every claim that a mapping of the organization asks for; groups
 * stand under `groups` for mappings, whatever claim the connection reads them from, and without a mapping count for nothing.
 */
export function wantedClaims(
  { attributes, userNameClaim }: Pick<Connection, 'attributes' | 'userNameClaim'>,
  mappings: readonly GroupMapping[],
): readonly string[] {
  const mapped = mappings.flatMap(({ match }) => (match.kind === 'claim' ? [match.claim] : []));
  const groups = attributes.groups ?? 'groups';
  return [
    attributes.email ?? 'email',
    attributes.name ?? 'name',
    ...(userNameClaim === null ? [] : [userNameClaim]),
    ...mapped.map((claim) => (claim === 'groups' ? groups : claim)),
  ];
}
