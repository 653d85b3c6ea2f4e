/** Gatehouse as a relying party: `strategy.ts`, loaded with the first call, because openid-client takes memory that many never need. */
import type { OidcRelyingParty, OidcStrategyDeps } from './strategy.ts';

/** The same promises as those of `createOidcStrategy`. */
export function createOidcRelyingParty(deps: OidcStrategyDeps): OidcRelyingParty {
  let loading: Promise<OidcRelyingParty> | undefined;
  const load = async (): Promise<OidcRelyingParty> => {
    const { createOidcStrategy } = await import('./strategy.ts');
    return createOidcStrategy(deps);
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
