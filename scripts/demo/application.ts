/** The product behind the gateway in the demo: the Express application of `examples/`, as a process of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findFreePort } from '../../test/support/free-port.ts';
import { textAt } from '../simulate/answers.ts';
import { endProcess, type GatewayProcess, ownEnvironment, untilReady } from './gateway-process.ts';
import type { Operator } from './operator.ts';

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
