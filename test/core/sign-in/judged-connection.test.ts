/** An answer that was believed by what its connection believes no more lets nobody in: at once, unasked for, or after a yes (S142). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { updateConnection } from '../../../src/core/connections/connections.ts';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { stillRestsOn, verdictBasis } from '../../../src/core/sign-in/judged-connection.ts';
import {
  completeHeld,
  completeUnsolicited,
  holdUnsolicited,
} from '../../../src/core/sign-in/unsolicited-sign-ins.ts';
import type { UpstreamIdentity } from '../../../src/core/sign-in/upstream-identity.ts';
import { nextText, oidcSettings } from '../../support/builders.ts';
import {
  anUpstream,
  begin,
  finish,
  newConnection,
  newDirectory,
  newOrganization,
  pushUser,
} from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

type Change = (now: Connection) => Connection;

/** Puts other settings in, of the protocol it has. */
const settled =
  (change: Readonly<Record<string, unknown>>): Change =>
  (now) => ({ ...now, settings: { ...now.settings, ...change } });

const certificates = (now: Connection): readonly string[] =>
  now.settings.protocol === 'saml' ? now.settings.certificates : [];

const ANY: readonly (readonly [string, Change])[] = [
  ['the attribute of the address', (now) => ({ ...now, attributes: { ...now.attributes, email: 'mail2' } })],
  ['the attribute of the groups', (now) => ({ ...now, attributes: { ...now.attributes, groups: 'g2' } })],
  ['the claim of the user name', (now) => ({ ...now, userNameClaim: 'upn' })],
];
const SAML: readonly (readonly [string, Change])[] = [
  ...ANY,
  ['the certificate', settled({ certificates: ['another'] })],
  ['the issuer', settled({ idpEntityId: 'https://another.example/entity' })],
  ['our entity id', settled({ spEntityId: 'https://we.example' })],
  ['the signatures that are asked for', settled({ signatures: 'both' })],
  ['the ways of authentication', settled({ authnContexts: ['urn:strong'] })],
  ['the end of SHA-1', settled({ sha1Until: 1 })],
  ['asking again', settled({ forceAuthn: true })],
];
const OIDC: readonly (readonly [string, Change])[] = [
  ...ANY,
  ['the issuer', settled({ issuer: 'https://another.example' })],
  ['the client', settled({ clientId: 'another' })],
  ['the tenant', settled({ tenantId: '00000000-0000-0000-0000-000000000001' })],
  ['the algorithms', settled({ idTokenAlgs: ['EdDSA'] })],
];
/** What no verdict rests on. */
const HARMLESS: readonly (readonly [string, Change])[] = [
  ['nothing', (now) => now],
  ['the name', (now) => ({ ...now, name: 'Renamed' })],
  ['just-in-time joining', (now) => ({ ...now, jit: !now.jit })],
  ['an outage', settled({ outage: { reason: 'saml.unanswered', since: 1 } })],
  ['one certificate more', (now) => settled({ certificates: ['next', ...certificates(now)] })(now)],
];

/** A way in: up to the verdict, and what comes after it. */
type WayIn = (connection: Connection, identity: UpstreamIdentity) => Promise<() => Promise<unknown>>;

const solicited: WayIn = async (connection, identity) => {
  const answer = await begin(world, connection);
  return () => finish(world, answer, identity);
};
const assertion = () => ({ id: nextText('_assertion'), expiresAt: world.time.now + 60_000 });
const unsolicited: WayIn = async (connection, identity) => () =>
  completeUnsolicited(world.deps, { connection, identity, assertion: assertion(), cause: OPERATOR });
const toBeHeld: WayIn = async (connection, identity) => () =>
  holdUnsolicited(world.deps, { connection, identity, assertion: assertion() });
const confirmed: WayIn = async (connection, identity) => {
  const held = await holdUnsolicited(world.deps, { connection, identity, assertion: assertion() });
  // The page that asks reads the connection anew: what counts is what the answer was judged by.
  return async () => {
    const now = await world.deps.storage.connections.find(connection.organizationId, connection.id);
    const { handle, binding } = held;
    return completeHeld(world.deps, { connection: now ?? connection, handle, binding, cause: OPERATOR });
  };
};

async function place(protocol: 'saml' | 'oidc') {
  const { id } = await newOrganization(world);
  const directory = await newDirectory(world, id);
  const connection = await newConnection(
    world,
    id,
    protocol === 'saml' ? { idpInitiated: true } : { settings: oidcSettings() },
  );
  const subject = nextText('subject');
  await pushUser(world, directory, { externalId: subject, userName: `${subject}@corp.example` });
  return { connection, identity: anUpstream(connection, { subject }) };
}

async function changed(connection: Connection, change: Change): Promise<void> {
  const { organizationId, id } = connection;
  await updateConnection(world.deps, { organizationId, cause: OPERATOR, id, change });
}

const CHANGED = 'sign_in_refused sign_in.connection_changed';

describe('S142: a sign-in whose connection changed after the verdict', () => {
  const ways: readonly (readonly [string, 'saml' | 'oidc', WayIn])[] = [
    ['that was asked for', 'saml', solicited],
    ['that was asked for', 'oidc', solicited],
    ['that nobody asked for', 'saml', unsolicited],
    ['that is to wait for a yes', 'saml', toBeHeld],
    ['that waited for a yes', 'saml', confirmed],
  ];
  test.each(ways)('%s (%s) is refused, and none that rests on the same', async (_how, protocol, way) => {
    for (const [what, change] of protocol === 'saml' ? SAML : OIDC) {
      const { connection, identity } = await place(protocol);
      const goOn = await way(connection, identity);
      await changed(connection, change);
      expect([what, await refusalOf(goOn())]).toEqual([what, CHANGED]);
    }
    for (const [what, change] of HARMLESS) {
      const { connection, identity } = await place(protocol);
      const goOn = await way(connection, identity);
      await changed(
        connection,
        protocol === 'saml' || what !== 'one certificate more' ? change : (now) => now,
      );
      expect([what, await refusalOf(goOn())]).toEqual([what, 'done']);
    }
  });

  test('held by a release that did not say what it rests on is refused', async () => {
    const { connection } = await place('saml');
    expect([stillRestsOn(undefined, connection), stillRestsOn(verdictBasis(connection), connection)]).toEqual(
      [false, true],
    );
  });
});
