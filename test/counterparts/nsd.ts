/** A real name server: NSD of Debian, on loopback, with one zone and whatever records a test publishes there. */
import { Resolver } from 'node:dns/promises';
import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../support/free-port.ts';
import { PATIENT_MS } from '../support/in-time.ts';
import { createFolder, startProgram } from './programs.ts';

export interface NameServer {
  /** As the settings of a gateway take it. */
  readonly address: string;
  /** Serves these lines of a zone file, and those alone; names are below the zone. Resolves when they are served. */
  publish(records: readonly string[]): Promise<void>;
  /** Answers nothing from now on, not even an error. */
  fallSilent(): void;
  speakAgain(): void;
  close(): Promise<void>;
}

/** Below this nothing can be loaded: every question about it is answered by SERVFAIL, unless it is another server's own zone. */
export const BROKEN_ZONE = 'broken.example';

const zoneOf = (zone: string, serial: number, records: readonly string[]): string =>
  [
    `$ORIGIN ${zone}.`,
    '$TTL 3600',
    `@ SOA ns admin ${serial} 3600 600 86400 3600`,
    '@ NS ns',
    'ns A 127.0.0.1',
    ...records,
    '',
  ].join('\n');

const settingsOf = (zone: string, folder: string, port: number): string => `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  zonefiles-check: yes
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: ${zone}
  zonefile: good.zone
${zone === BROKEN_ZONE ? '' : `zone:\n  name: ${BROKEN_ZONE}\n  zonefile: broken.zone`}
`;

/** Of the first file of a server, by its own account. */
const START_SECONDS = 1_700_000_000;

export async function startNameServer(zone = 'example'): Promise<NameServer> {
  const folder = createFolder('nsd');
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  let serial = 1;
  const write = (records: readonly string[]) => {
    const path = folder.write('next.zone', zoneOf(zone, serial, records));
    // Files are told apart by their time, which may count seconds.
    utimesSync(path, START_SECONDS + serial * 10, START_SECONDS + serial * 10);
    renameSync(path, join(folder.path, 'good.zone'));
  };
  write([]);
  folder.write('broken.zone', 'this is no zone\n');
  const settings = folder.write('nsd.conf', settingsOf(zone, folder.path, port));
  const isServed = async () => (await servedSerial(address, zone)) === serial;
  const program = await startProgram({
    command: '/usr/sbin/nsd',
    parameters: ['-d', '-c', settings],
    folder: folder.path,
    ready: isServed,
  });
  return {
    address,
    publish: async (records) => {
      serial += 1;
      write(records);
      const limit = AbortSignal.timeout(PATIENT_MS);
      while (!(await isServed())) {
        if (limit.aborted) throw new Error(`The zone is not served.\n${program.output()}`);
        program.signal('SIGHUP');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    fallSilent: program.stop,
    speakAgain: () => program.signal('SIGCONT'),
    close: async () => {
      await program.close();
      folder.remove();
    },
  };
}

async function servedSerial(address: string, zone: string): Promise<number | undefined> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([address]);
  return resolver.resolveSoa(zone).then(
    ({ serial }) => serial,
    () => undefined,
  );
}
