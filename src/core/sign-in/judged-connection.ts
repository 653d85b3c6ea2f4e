/** A connection between the verdict on an answer and what comes of it: whoever was let in by what is believed no more is not let in (S142). */
import type { Connection } from '../entities/connection.ts';
import type { Repositories } from '../ports/storage.ts';
import { signInRefusal } from './refused-sign-ins.ts';

/** What a verdict rests on, as plain values: some verdicts are kept until a person says yes. */
export interface VerdictBasis {
  /** SAML: the pinned ones, any of which may have been the one that spoke. */
  readonly certificates: readonly string[];
  /** All else, to be compared as a whole. */
  readonly rules: string;
}

/**
 * Pure: the settings by which an answer through this connection is believed, and read as somebody with an address, a user name and
 * groups. What else changes (names, addresses, secrets and keys of ours, what is watched) changes no verdict; whether a provider may
 * begin by itself is looked at where it does.
 */
export function verdictBasis({ settings, attributes, userNameClaim }: Connection): VerdictBasis {
  const reading = [attributes.email, attributes.groups, userNameClaim];
  if (settings.protocol === 'oidc') {
    const { protocol, issuer, clientId, tenantId, idTokenAlgs } = settings;
    const rules = JSON.stringify([protocol, issuer, clientId, tenantId, idTokenAlgs, reading]);
    return { certificates: [], rules };
  }
  const { protocol, idpEntityId, spEntityId, signatures, authnContexts, sha1Until, forceAuthn } = settings;
  const demands = [signatures, authnContexts, sha1Until, forceAuthn];
  return {
    certificates: settings.certificates,
    rules: JSON.stringify([protocol, idpEntityId, spEntityId, demands, reading]),
  };
}

/** Pure: whether the verdict would rest on the same now. A certificate that was added takes nothing from it, one that has gone does. */
export function stillRestsOn(basis: VerdictBasis | undefined, connection: Connection): boolean {
  const { certificates, rules } = verdictBasis(connection);
  return basis?.rules === rules && basis.certificates.every((one) => certificates.includes(one));
}

/**
 * The connection as it is now. Throws `sign_in_refused` unless it is active and what the answer was judged by still holds; an absent
 * basis never does.
 */
export async function connectionAsJudged(
  tx: Repositories,
  { organizationId, id }: Pick<Connection, 'organizationId' | 'id'>,
  basis: VerdictBasis | undefined,
): Promise<Connection> {
  const current = await tx.connections.find(organizationId, id);
  if (current?.status !== 'active') throw signInRefusal('sign_in.connection_inactive');
  if (!stillRestsOn(basis, current)) throw signInRefusal('sign_in.connection_changed');
  return current;
}
