/** What an admin does to a directory of the test gateway through the management API, with the operator's key. */
import type { Response } from 'supertest';
import type { TestDirectory, TestGateway } from './gateway.ts';

export interface DirectoryApi {
  /** `path` below the directory, such as `/extensions`. */
  get(path: string): Promise<Response>;
  post(path: string, body: unknown): Promise<Response>;
  put(path: string, body: unknown): Promise<Response>;
  patch(path: string, body: unknown): Promise<Response>;
  delete(path: string): Promise<Response>;
}

/** Speaks as the operator. */
export function directoryApi(
  gateway: Pick<TestGateway, 'request' | 'operatorKey'>,
  { organizationId, directoryId }: Pick<TestDirectory, 'organizationId' | 'directoryId'>,
): DirectoryApi {
  const send = async (
    method: 'get' | 'post' | 'put' | 'patch' | 'delete',
    path: string,
    body?: unknown,
  ): Promise<Response> => {
    const url = `/api/v1/organizations/${organizationId}/directories/${directoryId}${path}`;
    const request = gateway.request()[method](url).set('Authorization', `Bearer ${gateway.operatorKey}`);
    if (body === undefined) return request;
    return request.set('Content-Type', 'application/json').send(JSON.stringify(body));
  };
  return {
    get: (path) => send('get', path),
    post: (path, body) => send('post', path, body),
    put: (path, body) => send('put', path, body),
    patch: (path, body) => send('patch', path, body),
    delete: (path) => send('delete', path),
  };
}
