/** One gateway for a whole test file, and a directory of its own for whoever asks. */
import { afterAll, beforeAll } from '@jest/globals';
import type { DirectoryKind } from '../../src/core/entities/directory.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import { startGateway, type TestDirectory, type TestGateway } from './gateway.ts';
import { aScimGroup, aScimUser, type ScimCaller, scimCaller } from './scim.ts';

export interface ScimWorld extends TestDirectory {
  readonly scim: ScimCaller;
  /** Creates and answers the id; fails the test when the answer is not 201. */
  addUser(overrides?: Readonly<Record<string, unknown>>): Promise<string>;
  addGroup(overrides?: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface ScimSuite {
  readonly gateway: TestGateway;
  /** A new organization with one active directory. */
  world(kind?: DirectoryKind): Promise<ScimWorld>;
  /** A new active directory of an organization that is there. */
  worldIn(organization: Pick<Organization, 'id'>, kind?: DirectoryKind): Promise<ScimWorld>;
}

/** Call at the top of a file; `gateway` is there from the first test on. */
export function scimSuite(): ScimSuite {
  let gateway: TestGateway | undefined;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(async () => {
    await gateway?.close();
  });
  const running = () => {
    if (gateway === undefined) throw new Error('the gateway is not started yet');
    return gateway;
  };
  const worldIn: ScimSuite['worldIn'] = async (organization, kind) =>
    worldOf(running(), await running().createDirectory(organization, kind));
  return {
    get gateway() {
      return running();
    },
    world: async (kind) => worldIn(await running().createOrganization(), kind),
    worldIn,
  };
}

/** The requests of one directory. */
export function worldOf(gateway: TestGateway, directory: TestDirectory): ScimWorld {
  const scim = scimCaller(gateway, directory);
  const add = async (path: string, body: object): Promise<string> => {
    const answer = await scim.post(path, body);
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.body.id;
  };
  return {
    ...directory,
    scim,
    addUser: (overrides) => add('/Users', aScimUser(overrides)),
    addGroup: (overrides) => add('/Groups', aScimGroup(overrides)),
  };
}

/** Everything the directory shows, for comparing before and after. */
export async function dumpOf(scim: ScimCaller): Promise<unknown> {
  const users = await scim.get('/Users?count=200');
  const groups = await scim.get('/Groups?count=200');
  return { users: users.body, groups: groups.body };
}
