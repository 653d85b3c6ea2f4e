/** The relying party before anybody has signed in over OIDC: loads openid-client and what it needs with the first call. */
import type { OidcClientDeps, OidcRelyingParty } from './strategy.ts';

/** The same promises as those of `createOidcClient`. */
export function createLateOidcClient(deps: OidcClientDeps): OidcRelyingParty {
  let loading: Promise<OidcRelyingParty> | undefined;
  const load = async (): Promise<OidcRelyingParty> => {
    const { createOidcClient } = await import('./strategy.ts');
    return createOidcClient(deps);
  };
  const party = (): Promise<OidcRelyingParty> => {
    loading ??= load();
    return loading;
  };
  return {
    startOidc: async (start) => (await party()).startOidc(start),
    verifyOidcCallback: async (callback) => (await party()).verifyOidcCallback(callback),
    checkOidcIssuer: async (connection) => (await party()).checkOidcIssuer(connection),
    verifyLogoutToken: async (input) => (await party()).verifyLogoutToken(input),
    endSessionUrl: async (input) => (await party()).endSessionUrl(input),
  };
}
