/** A company that signs in by SAML at a started gateway, and the responses of its identity provider, made beforehand. */
import { goodResponse, type SamlContext } from '../../test/support/saml-builder.ts';
import { idpKey } from '../../test/support/saml-keys.ts';
import { postJson, text } from './peers/gatehouse.ts';

export interface SamlCompany {
  /** Path of the assertion consumer service. */
  readonly acsPath: string;
  /** A signed response that nobody asked for, as the form field: another one at every call, good for five minutes. */
  respond(nameId: string, groups?: readonly string[]): string;
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
    respond(nameId, groups = ['Engineering', 'Staff']) {
      count += 1;
      const about: Omit<SamlContext, 'key' | 'cert'> = {
        ...{ acsUrl, spEntityId, idpEntityId, nameId, groups },
        ...{ requestId: undefined, now: Date.now(), suffix: `-${slug}-${count}` },
      };
      return goodResponse({ ...about, key, cert });
    },
  };
}
