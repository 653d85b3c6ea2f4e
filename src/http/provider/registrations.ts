/** Applications and directory clients as the library wants to see its clients. */
import type { AdapterPayload } from 'oidc-provider';
import { hasOwnScheme } from '../../core/applications/application-settings.ts';
import type { Application } from '../../core/entities/application.ts';
import type { DirectoryClient } from '../../core/entities/directory.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';

/** The library asks for a secret where one is due; what it compares is stored as a hash (client-authentication.ts). */
const HASHED = 'hashed-in-storage';

/** How a code comes back: in the address, or in a form that the browser posts (OAuth 2.0 Form Post Response Mode). */
export const RESPONSE_MODES = ['query', 'form_post'] as const;

/** The client of that id; undefined when there is none. */
export async function findRegistration(
  { storage }: Pick<HttpDeps, 'storage'>,
  clientId: string,
): Promise<AdapterPayload | undefined> {
  const applicationId = parseId('app', clientId);
  if (applicationId !== undefined) {
    const application = await storage.applications.find(applicationId);
    return application && registrationOf(application);
  }
  const directoryClientId = parseId('dcl', clientId);
  const client = directoryClientId && (await storage.directoryClients.findById(directoryClientId));
  return client && machineOf(client);
}

function registrationOf(application: Application): AdapterPayload {
  const { id, name, redirectUris, authMethod, idTokenAlgorithm, jwks } = application;
  const isSecret = authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
  return {
    client_id: id,
    client_name: name,
    redirect_uris: redirectUris,
    // Only programs of their own scheme: everybody else's addresses are compared character by character (S89).
    application_type: redirectUris.some(hasOwnScheme) ? 'native' : 'web',
    response_types: ['code'],
    response_modes: [...RESPONSE_MODES],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: authMethod,
    id_token_signed_response_alg: idTokenAlgorithm,
    ...(isSecret ? { client_secret: HASHED } : {}),
    ...(authMethod === 'private_key_jwt' ? { jwks: { keys: jwks } } : {}),
  };
}

/** No browser, no person: client credentials alone. */
const machineOf = ({ id, name }: DirectoryClient): AdapterPayload => ({
  client_id: id,
  client_name: name,
  client_secret: HASHED,
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_basic',
});
