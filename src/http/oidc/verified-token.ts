/** Tokens of one identity provider, held to the keys it publishes: ID tokens, logout tokens, and UserInfo where it is one. */
import type { Fetcher } from '../../core/ports/fetcher.ts';
import type { Clock } from '../../kernel/clock.ts';
import { refuse } from '../../protocols/oidc/rejections.ts';
import { judgeSignature, type TokenHeader } from '../../protocols/oidc/token-signature.ts';
import { judgeByKeys, type SigningKeys } from './signing-keys.ts';

interface Deps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

/** Where an identity provider publishes its keys, and what is known of them. */
export interface KeyHolder {
  readonly server: { readonly jwks_uri?: string };
  readonly keys: SigningKeys;
}

export interface TokenToVerify {
  readonly kind: 'id_token' | 'logout_token' | 'userinfo';
  readonly token: string;
  /** The connection's own list, as far as the provider announces them (S68). */
  readonly algorithms: readonly string[];
}

/** Its header, and its payload still encoded. */
export interface VerifiedToken {
  readonly header: TokenHeader;
  readonly payload: string;
}

/** How to ask a provider for its keys. */
export const keySource = ({ fetcher, clock }: Deps, { server, keys }: KeyHolder) => ({
  keys,
  now: clock(),
  ask: () => fetcher.fetch(server.jwks_uri ?? '', { headers: { accept: KEY_SET } }),
});

const KEY_SET = 'application/json, application/jwk-set+json';

/**
 * Answers the header and the payload, still encoded, of a token that a published key has signed. Refuses `oidc.algorithm`,
 * `oidc.key`, `oidc.signature`, and by its kind what is no token; throws what asking for the keys throws.
 */
export async function verifyToken(
  deps: Deps,
  holder: KeyHolder,
  { kind, token, algorithms }: TokenToVerify,
): Promise<VerifiedToken> {
  const verdict = await judgeByKeys(keySource(deps, holder), (keys) =>
    judgeSignature(token, { keys, algorithms }),
  );
  if (verdict.kind === 'malformed') refuse(`oidc.${kind}`);
  const { alg, kid } = verdict.header;
  const said = { unverified: { alg, kid } };
  switch (verdict.kind) {
    case 'genuine':
      return verdict;
    case 'algorithm':
      return refuse('oidc.algorithm', said);
    case 'broken':
      return refuse('oidc.signature', said);
    case 'no_key':
    case 'unclear_key':
      return refuse('oidc.key', said);
  }
}
