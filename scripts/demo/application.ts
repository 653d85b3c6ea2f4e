/** The product behind the gateway in the demo: the Express application of `examples/`, as a process of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createBrowser } from '../../test/support/browser.ts';
import { listAt, textAt } from '../simulate/answers.ts';
import type { Person } from '../simulate/population.ts';
import type { Company } from './companies.ts';
import {
  endProcess,
  findFreePort,
  type GatewayProcess,
  ownEnvironment,
  untilReady,
} from './gateway-process.ts';
import type { Operator } from './operator.ts';
import { showPages } from './sign-ins.ts';
import type { Stage } from './stage.ts';

export interface ExampleApplication {
  /** `http://localhost:PORT` */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** Registers the application and starts it; it is ready when this resolves. */
export async function startExampleApplication(
  gateway: Pick<GatewayProcess, 'baseUrl'>,
  operator: Operator,
): Promise<ExampleApplication> {
  const port = String(await findFreePort());
  const baseUrl = `http://localhost:${port}`;
  const registered = await operator.expect(201, {
    method: 'POST',
    path: '/applications',
    body: {
      name: 'Example product',
      redirectUris: [`${baseUrl}/callback`],
      postLogoutRedirectUris: [`${baseUrl}/signed-out`],
      backchannelLogoutUri: `${baseUrl}/backchannel-logout`,
    },
  });
  const [CLIENT_ID, CLIENT_SECRET] = [textAt(registered, 'clientId'), textAt(registered, 'clientSecret')];
  const child = spawn(process.execPath, [join('examples', 'express', 'server.mjs')], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...ownEnvironment(), PORT: port, ISSUER: `${gateway.baseUrl}/oidc`, CLIENT_ID, CLIENT_SECRET },
    stdio: 'ignore',
    detached: true,
  });
  const killAtExit = () => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const close = async () => {
    await endProcess(child);
    process.removeListener('exit', killAtExit);
  };
  await untilReady(child, `${baseUrl}/signed-out`);
  return { baseUrl, close };
}

/** Goes to the application with an empty browser; throws unless its ID token is of this person and company. */
export async function enterApplication({ application }: Stage, { slug }: Company, person: Person) {
  const hints = new URLSearchParams({ organization: slug, login_hint: person.email });
  const page = await createBrowser().signIn(`${application.baseUrl}/sign-in?${hints}`);
  const claims: unknown = page.status === 200 ? JSON.parse(page.text) : undefined;
  if (claims === undefined || textAt(claims, 'org_slug') !== slug) throw new Error(showPages([page]));
  const teams = listAt(claims, 'teams').map((team) => `${textAt(team, 'name')} (${textAt(team, 'role')})`);
  return {
    result: undefined,
    facts: [
      `its ID token: ${textAt(claims, 'name')}, org_role ${textAt(claims, 'org_role')} of ${textAt(claims, 'org_slug')}, teams ${teams.join(', ') || 'none'}`,
    ],
  };
}
