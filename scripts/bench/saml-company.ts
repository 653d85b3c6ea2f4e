/** A company that signs in by SAML at a started gateway, and the responses of its identity provider, made beforehand. */
import { request } from 'undici';
import { idpKey } from '../../test/support/saml-keys.ts';
import { postJson, text } from './peers/gatehouse.ts';
import { createResponder } from './saml-responses.ts';

export interface SamlCompany {
  /** Path of the assertion consumer service. */
  readonly acsPath: string;
  /** Makes signed responses that nobody asked for, as form fields: another one at every call, good for five minutes. */
  responder(groups?: readonly string[]): (nameId: string) => string;
}

/** Adds a connection that takes responses unasked to an organization. Throws when the API refuses. */
export async function addSamlCompany(
  { origin, operatorKey }: { readonly origin: string; readonly operatorKey: string },
  slug: string,
): Promise<SamlCompany> {
  const idpEntityId = 'https://idp.example/entity';
  const { key, cert } = idpKey();
  const made = await postJson(`${origin}/api/v1/organizations/${slug}/connections`, operatorKey, {
    ...{ protocol: 'saml', name: 'Company sign-in', idpInitiated: true },
    ...{ entityId: idpEntityId, ssoUrl: 'https://idp.example/sso', certificates: [cert] },
  });
  const [acsUrl, spEntityId] = [text(made, 'acsUrl'), text(made, 'spEntityId')];
  let count = 0;
  return {
    acsPath: new URL(acsUrl).pathname,
    responder(groups = ['Engineering', 'Staff']) {
      const names = { acsUrl, spEntityId, idpEntityId, groups, key, cert };
      const respond = createResponder({ ...names, requestId: undefined, now: Date.now() });
      return (nameId) => {
        count += 1;
        return respond(nameId, count);
      };
    },
  };
}

/** Posts a response as the browser does that comes from the identity provider. */
export async function postResponse(
  origin: string,
  { acsPath }: SamlCompany,
  samlResponse: string,
): Promise<{ readonly status: number; readonly headers: Headers; text(): Promise<string> }> {
  // Not fetch, which would take more of the machine than the gateway does.
  const answer = await request(origin + acsPath, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ SAMLResponse: samlResponse }).toString(),
  });
  const text = await answer.body.text();
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headers))
    for (const value of [values ?? []].flat()) headers.append(name, value);
  return { status: answer.statusCode, headers, text: async () => text };
}

/** So many groups, named as long as groups are. */
export const groupNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `Group number ${index} of the company`);
