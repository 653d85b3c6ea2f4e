/** The library's accounts: a person in the organization of their session or of the token's grant, alive at this moment (S94). */
import type { Account, FindAccount } from 'oidc-provider';
import { servesOrganization } from '../../core/applications/application-grants.ts';
import { findApplicationPerson } from '../../core/applications/application-people.ts';
import type { ApplicationGrant } from '../../core/entities/application.ts';
import type { Session } from '../../core/entities/session.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { claimsOf } from './claims.ts';
import { currentRequest } from './request-facts.ts';

/** Looks the person up for every request and every grant type: nobody who is suspended or removed is ever found. */
export const findAccountWith =
  (deps: Pick<HttpDeps, 'storage' | 'clock'>): FindAccount =>
  async (_ctx, sub, token) => {
    if (token === undefined) {
      const signedIn = await currentRequest().signedIn();
      return signedIn?.user.id === sub ? accountOf(deps, grantLike(signedIn.session)) : undefined;
    }
    const grant = await findLiveGrant(deps, 'grantId' in token ? token.grantId : undefined);
    return grant?.userId === sub ? accountOf(deps, grant) : undefined;
  };

type GrantFacts = Pick<
  ApplicationGrant,
  'organizationId' | 'membershipId' | 'userId' | 'sessionId' | 'authTime' | 'amr'
>;

const grantLike = ({ id, ...session }: Session): GrantFacts => ({ ...session, sessionId: id });

/** The grant a token hangs on, while its application still serves the organization (S95). */
export async function findLiveGrant(
  { storage }: Pick<HttpDeps, 'storage' | 'clock'>,
  grantId: unknown,
): Promise<ApplicationGrant | undefined> {
  const id = typeof grantId === 'string' ? parseId('agr', grantId) : undefined;
  const grant = id && (await storage.applicationGrants.findById(id));
  if (grant === undefined) return undefined;
  const application = await storage.applications.find(grant.applicationId);
  return application && servesOrganization(application, grant.organizationId) ? grant : undefined;
}

/** The account behind a grant; undefined for somebody who is out. */
export async function accountOf(
  deps: Pick<HttpDeps, 'storage' | 'clock'>,
  grant: GrantFacts,
): Promise<Account | undefined> {
  const person = await findApplicationPerson(deps, grant);
  return person && { accountId: person.user.id, claims: () => ({ ...claimsOf(person, grant) }) };
}
