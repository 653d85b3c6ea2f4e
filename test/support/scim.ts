/** What an identity provider does against a directory of the test gateway: SCIM requests with the directory's token. */
import type { Response } from 'supertest';
import type { TestDirectory, TestGateway } from './gateway.ts';

export type Headers = Readonly<Record<string, string>>;

/** Requests below `/scim/v2/{directoryId}`; `path` starts with a slash. Bodies go out as application/scim+json. */
export interface ScimCaller {
  get(path: string, headers?: Headers): Promise<Response>;
  post(path: string, body: unknown, headers?: Headers): Promise<Response>;
  put(path: string, body: unknown, headers?: Headers): Promise<Response>;
  patch(path: string, body: unknown, headers?: Headers): Promise<Response>;
  delete(path: string, headers?: Headers): Promise<Response>;
}

/** Speaks for the directory, or with another token for whoever holds that. */
export function scimCaller(
  gateway: Pick<TestGateway, 'request'>,
  directory: Pick<TestDirectory, 'scimPath' | 'token'>,
): ScimCaller {
  const { scimPath, token } = directory;
  const send = async (
    method: 'get' | 'post' | 'put' | 'patch' | 'delete',
    path: string,
    { body, headers = {} }: { readonly body?: unknown; readonly headers?: Headers | undefined },
  ): Promise<Response> => {
    const request = gateway.request()[method](`${scimPath}${path}`).set('Authorization', `Bearer ${token}`);
    if (body !== undefined) request.set('Content-Type', 'application/scim+json; charset=utf-8');
    for (const [name, value] of Object.entries(headers)) request.set(name, value);
    return body === undefined
      ? request
      : request.send(typeof body === 'string' ? body : JSON.stringify(body));
  };
  return {
    get: (path, headers) => send('get', path, { headers }),
    post: (path, body, headers) => send('post', path, { body, headers }),
    put: (path, body, headers) => send('put', path, { body, headers }),
    patch: (path, body, headers) => send('patch', path, { body, headers }),
    delete: (path, headers) => send('delete', path, { headers }),
  };
}

/** Wraps operations in a PATCH body. */
export const patchOf = (...operations: readonly object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});

/** The core URNs, as bodies name them. */
export const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** The body of a POST /Users, complete unless told otherwise. */
export const aScimUser = (overrides: Readonly<Record<string, unknown>> = {}) => ({
  schemas: [USER_URN],
  userName: 'ada@acme.example',
  externalId: 'ext-ada',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  displayName: 'Ada Lovelace',
  emails: [{ value: 'ada@acme.example', type: 'work', primary: true }],
  active: true,
  ...overrides,
});

/** The body of a POST /Groups. */
export const aScimGroup = (overrides: Readonly<Record<string, unknown>> = {}) => ({
  schemas: [GROUP_URN],
  displayName: 'Engineering',
  ...overrides,
});
