/** Starts the gateway: configuration, listening, the lines a person needs to see, and a clean stop on SIGTERM. */
import type { AddressInfo } from 'node:net';
import { composeGateway, type Gateway } from './app.ts';
import type { Config } from './config.ts';
import { configWarnings, loadConfig, redactConfig } from './config.ts';
import { issueOperatorLink } from './core/organization/operator-link.ts';
import { GatehouseError, isGatehouseError } from './kernel/errors.ts';
import type { Logger } from './kernel/log.ts';
import { createLogger } from './kernel/log.ts';

async function main(): Promise<void> {
  const config = loadConfig({ env: process.env });
  const logger = createLogger({ level: config.logLevel });
  for (const warning of configWarnings(config, process.env)) logger.warn(warning);
  const gateway = await composeGateway(config, logger);
  try {
    const port = await listen(gateway, config);
    // Before anybody is told that it is ready: whoever waits for that may stop it at once.
    stopOnSignal(gateway, logger);
    logger.info('started', {
      port,
      config: redactConfig(config),
      masterKeyFrom: gateway.masterKey.origin,
    });
    say(['', ...readyLines(gateway, config, await issueOperatorLink(gateway.deps)), '']);
  } catch (error) {
    // Its hash is stored already: a key that is not shown now is lost, and no later start makes another.
    say(operatorKeyLines(gateway));
    await gateway.close();
    throw error;
  }
}

/** Answers the port it listens on. Throws `invalid` with a sentence when PORT or GATEHOUSE_HOST cannot be had. */
async function listen({ server }: Gateway, { port, host }: Config): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const sentence = listenProblem(cause.code, port, host);
      reject(sentence === undefined ? cause : new GatehouseError('invalid', sentence, { cause }));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

function listenProblem(code: string | undefined, port: number, host = 'every interface'): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use by another program: stop that one, or set PORT to a free port.`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user: set PORT to 1024 or higher.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine: set GATEHOUSE_HOST to one that is, or leave it out.`;
    default:
      return undefined;
  }
}

const operatorKeyLines = ({ newOperatorKey }: Gateway): readonly string[] =>
  newOperatorKey === undefined ? [] : [`  operator key, shown only now: ${newOperatorKey}`];

function readyLines(gateway: Gateway, config: Config, link: string | undefined): readonly string[] {
  const { origin, path } = gateway.masterKey;
  return [
    `Gatehouse is ready at ${config.baseUrl}`,
    `  master key: ${origin}${path === undefined ? '' : ` (${path}; back it up, nothing opens without it)`}`,
    ...(config.smtpUrl === undefined
      ? [`  mail: written as .eml files to ${config.dataDir}/mail (set GATEHOUSE_SMTP_URL to send)`]
      : []),
    ...operatorKeyLines(gateway),
    ...(link === undefined ? [] : [`  first operator, open once: ${link}`]),
  ];
}

function say(lines: readonly string[]): void {
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
}

function stopOnSignal(gateway: Gateway, logger: Logger): void {
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info('stopping', { signal });
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('stop failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  // A problem of the configuration is for the operator's eyes; anything else shows its stack.
  process.stderr.write(
    `${isGatehouseError(error) ? error.detail : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
