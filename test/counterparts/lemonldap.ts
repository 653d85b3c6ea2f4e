/** LemonLDAP::NG of Debian as the OpenID Provider of one organization: its portal under Starman, its demo people. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../support/free-port.ts';
import { createFolder, type Folder, type Program, startProgram } from './programs.ts';

export interface LemonLdap {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The address of the client, known only once the gateway has made the connection. Starts the portal. */
  start(redirectUri: string): Promise<Program>;
  close(): Promise<void>;
}

/** One of its demo people; the password is the name. */
export const DOCTOR = {
  userName: 'dwho',
  password: 'dwho',
  email: 'dwho@badwolf.org',
  name: 'Doctor Who',
} as const;

/** Chooses its address; nothing runs before `start`. */
export async function prepareLemonLdap(): Promise<LemonLdap> {
  const folder = createFolder('lemonldap');
  const address = `127.0.0.1:${await findFreePort()}`;
  const issuer = `http://${address}/`;
  const client = { clientId: 'gatehouse', clientSecret: 'for-tests-only-for-tests-only' };
  let program: Program | undefined;
  return {
    issuer,
    ...client,
    start: async (redirectUri) => {
      writeSettings(folder, { issuer, redirectUri, ...client });
      program = await startProgram({
        command: 'plackup',
        parameters: ['-s', 'Starman', '--workers', '2', '--listen', address, 'portal.psgi'],
        folder: folder.path,
        env: {
          PERL5LIB: join(folder.path, 'perl'),
          LLNG_DEFAULTCONFFILE: join(folder.path, 'lemonldap-ng.ini'),
        },
        ready: `${issuer}.well-known/openid-configuration`,
      });
      return program;
    },
    close: async () => {
      await program?.close();
      folder.remove();
    },
  };
}

interface Settings {
  readonly issuer: string;
  readonly redirectUri: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

function writeSettings(folder: Folder, settings: Settings): void {
  folder.write(
    'portal.psgi',
    'use strict; use Lemonldap::NG::Portal::Main; Lemonldap::NG::Portal::Main->run({});\n',
  );
  // The portal loads its captcha whether it is used or not, and with it half of an image library.
  folder.write('perl/GD/SecurityImage.pm', 'package GD::SecurityImage;\n1;\n');
  const packaged = readFileSync('/etc/lemonldap-ng/lemonldap-ng.ini', 'utf8');
  folder.write(
    'lemonldap-ng.ini',
    packaged
      .replaceAll('/var/lib/lemonldap-ng/conf', folder.folder('conf'))
      .replaceAll('/var/lib/lemonldap-ng/cache', folder.folder('cache')),
  );
  folder.write('conf/lmConf-1.json', JSON.stringify(portalSettings(folder, settings)));
}

function portalSettings(folder: Folder, settings: Settings) {
  const packaged: unknown = JSON.parse(readFileSync('/var/lib/lemonldap-ng/conf/lmConf-1.json', 'utf8'));
  if (typeof packaged !== 'object' || packaged === null) throw new Error('no settings of LemonLDAP::NG');
  const sessions = (name: string) => ({
    Directory: folder.folder(name),
    LockDirectory: folder.folder(name),
    generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
  });
  return {
    ...packaged,
    portal: settings.issuer,
    domain: '127.0.0.1',
    globalStorageOptions: sessions('sessions'),
    persistentStorageOptions: sessions('persistent'),
    localSessionStorageOptions: {
      namespace: 'lemonldap-ng-sessions',
      cache_root: folder.folder('session-cache'),
    },
    notification: 0,
    requireToken: 0,
    passwordDB: 'Null',
    registerDB: 'Null',
    ...providerSettings(settings),
  };
}

function providerSettings({ issuer, redirectUri, clientId, clientSecret }: Settings) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    issuerDBOpenIDConnectActivation: 1,
    oidcServiceMetaDataIssuer: issuer,
    oidcServicePrivateKeySig: privateKey.export({ type: 'pkcs1', format: 'pem' }),
    oidcServicePublicKeySig: publicKey.export({ type: 'spki', format: 'pem' }),
    oidcServiceKeyIdSig: 'first',
    oidcServiceAllowAuthorizationCodeFlow: 1,
    oidcRPMetaDataOptions: {
      gatehouse: {
        oidcRPMetaDataOptionsClientID: clientId,
        oidcRPMetaDataOptionsClientSecret: clientSecret,
        oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
        oidcRPMetaDataOptionsRedirectUris: redirectUri,
        oidcRPMetaDataOptionsBypassConsent: 1,
        oidcRPMetaDataOptionsRequirePKCE: 1,
        oidcRPMetaDataOptionsUserIDAttr: 'uid',
        oidcRPMetaDataOptionsIDTokenForceClaims: 1,
        oidcRPMetaDataOptionsIDTokenExpiration: 300,
      },
    },
    oidcRPMetaDataExportedVars: { gatehouse: { email: 'mail', name: 'cn', groups: 'groups' } },
  };
}
