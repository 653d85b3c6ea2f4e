/** Starts the gateway: configuration, listening, the lines a person needs to see, and a clean stop on SIGTERM. */
import type { AddressInfo } from 'node:net';
import { composeGateway, operatorLink } from './app.ts';
import { loadConfig, redactConfig } from './config.ts';
import { isGatehouseError } from './kernel/errors.ts';
import { createLogger } from './kernel/log.ts';

async function main(): Promise<void> {
  const config = loadConfig({ env: process.env });
  const logger = createLogger({ level: config.logLevel });
  const gateway = await composeGateway(config, logger);
  const { server, masterKey, newOperatorKey } = gateway;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      { port: config.port, ...(config.host === undefined ? {} : { host: config.host }) },
      resolve,
    );
  });
  const { port } = server.address() as AddressInfo;
  logger.info('started', { port, config: redactConfig(config), masterKeyFrom: masterKey.origin });

  const link = await operatorLink(gateway);
  const lines = [
    '',
    `Gatehouse is ready at ${config.baseUrl}`,
    `  master key: ${masterKey.origin}${masterKey.path === undefined ? '' : ` (${masterKey.path}; back it up, nothing opens without it)`}`,
    ...(config.smtpUrl === undefined
      ? [`  mail: written as .eml files to ${config.dataDir}/mail (set GATEHOUSE_SMTP_URL to send)`]
      : []),
    ...(newOperatorKey === undefined ? [] : [`  operator key, shown only now: ${newOperatorKey}`]),
    ...(link === undefined ? [] : [`  first operator, open once: ${link}`]),
    '',
  ];
  process.stderr.write(`${lines.join('\n')}\n`);

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
