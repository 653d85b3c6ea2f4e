/** A company that signs in by OIDC at a started gateway: its light identity provider, and the browsers of its people. */
import { join } from 'node:path';
import { Pool } from 'undici';
import type { Operation } from './loader.ts';
import { postJson, text } from './peers/gatehouse.ts';
import type { Person } from './people.ts';
import { startServer } from './server-process.ts';

export interface OidcCompany {
  /** Start, identity provider, callback: wrong unless it ends in 303 and a session. */
  signIn(who: Person): Promise<Operation>;
  /** A start that nobody comes back from. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

const SESSION = '__Host-gatehouse-session';
/** As many browsers at a time as the runner drives. */
const CONNECTIONS = 8;

/** Starts the provider and adds its connection to an organization. Throws when the API refuses. */
export async function addOidcCompany(
  { origin, operatorKey }: { readonly origin: string; readonly operatorKey: string },
  slug: string,
): Promise<OidcCompany> {
  const idp = await startServer({
    parameters: [join(import.meta.dirname, 'peers', 'oidc-idp.ts')],
    workingFolder: import.meta.dirname,
    readyPath: '/jwks',
    environment: (port) => ({ BENCH_PORT: String(port) }),
  });
  try {
    const made = await postJson(`${origin}/api/v1/organizations/${slug}/connections`, operatorKey, {
      ...{ protocol: 'oidc', name: 'Company sign-in', issuer: idp.origin },
      ...{ clientId: 'bench', clientSecret: 'secret-of-the-bench', idTokenAlgs: ['ES256'] },
    });
    const callback = new URL(text(made, 'redirectUri')).pathname;
    const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
    const path = `/sign-in/${slug}?connection=${text(made, 'id')}`;
    return {
      signIn: (who) => signIn({ pool, path, callback }, who),
      begin: async () => {
        await visit(pool, path);
      },
      close: async () => {
        await pool.close();
        await idp.stop();
      },
    };
  } catch (error) {
    await idp.stop();
    throw error;
  }
}

interface Way {
  readonly pool: Pool;
  /** Where a sign-in starts. */
  readonly path: string;
  readonly callback: string;
}

/** Two requests, timed; the page of the identity provider in between takes no time. */
async function signIn({ pool, path, callback }: Way, who: Person): Promise<Operation> {
  const startedAt = performance.now();
  const begun = await visit(pool, path);
  const asked = new URL(begun.location, 'http://nowhere.invalid').searchParams;
  const [state, nonce] = [asked.get('state'), asked.get('nonce')];
  if (state === null || nonce === null)
    return { ms: performance.now() - startedAt, fault: `status ${begun.status} for the start of a sign-in` };
  const code = Buffer.from(JSON.stringify({ sub: who.externalId, email: who.userName, nonce })).toString(
    'base64url',
  );
  const answer = await visit(pool, `${callback}?${new URLSearchParams({ code, state })}`, begun.cookies);
  return { ms: performance.now() - startedAt, fault: entryFault(answer) };
}

interface Visit {
  readonly status: number;
  /** Empty when there is none. */
  readonly location: string;
  /** As the browser sends them back. */
  readonly cookies: string;
}

async function visit(pool: Pool, path: string, cookies?: string): Promise<Visit> {
  const headers = { accept: 'text/html', ...(cookies === undefined ? {} : { cookie: cookies }) };
  const answer = await pool.request({ method: 'GET', path, headers });
  await answer.body.dump();
  const { location = '', 'set-cookie': lines = [] } = answer.headers;
  return {
    status: answer.statusCode,
    location: String(location),
    cookies: [lines]
      .flat()
      .map((line) => line.split(';', 1)[0])
      .join('; '),
  };
}

const entryFault = ({ status, cookies }: Visit): string | undefined => {
  if (status !== 303) return `status ${status} instead of 303 at the end of a sign-in`;
  return cookies.includes(`${SESSION}=ghs_`) ? undefined : 'nobody got a session';
};
