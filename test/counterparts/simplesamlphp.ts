/** SimpleSAMLphp of Debian as the SAML identity provider of one organization, configured from our own SP metadata. */
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { days } from '../../src/kernel/clock.ts';
import { newRsaKey, selfSignedCertificate } from '../../src/kernel/self-signed-certificate.ts';
import { findFreePort } from '../support/free-port.ts';
import { createFolder, type Folder, type Program, startProgram } from './programs.ts';

export interface SimpleSamlPhp {
  readonly entityId: string;
  readonly metadataUrl: string;
  /** Where a sign-in that nobody asked for starts. */
  idpInitiatedUrl(spEntityId: string): string;
  /** Where a person signs out there, and thereby at every service provider; ends at `returnTo`. */
  signOutUrl(returnTo: string): string;
  /** Takes the metadata of a service provider, as its administrator would, in place of what it had. */
  trust(spMetadataXml: string): void;
  readonly program: Program;
  close(): Promise<void>;
}

export interface SimpleSamlPhpChoice {
  /** Encrypts every assertion, with this cipher; it does not if absent. Version 1.19 knows no way but CBC by itself. */
  readonly cipher?: 'AES128_CBC' | 'AES256_GCM';
}

/** Its only person; the password is `studentpass`. */
export const STUDENT = {
  userName: 'student',
  password: 'studentpass',
  email: 'student@acme.example',
} as const;

const WWW = '/usr/share/simplesamlphp/www';

/** Starts it with no service provider known. */
export async function startSimpleSamlPhp(choice: SimpleSamlPhpChoice = {}): Promise<SimpleSamlPhp> {
  const folder = createFolder('simplesamlphp');
  const base = `http://127.0.0.1:${await findFreePort()}`;
  const entityId = `${base}/idp`;
  await writeKeyPair(folder);
  for (const name of ['log', 'data', 'tmp', 'docroot']) folder.folder(name);
  symlinkSync(WWW, join(folder.path, 'docroot', 'simplesaml'));
  writeSettings(folder, { base, entityId, encrypts: choice.cipher !== undefined });
  const trust = (xml: string) => void folder.write('sp.xml', xml);
  trust('<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>');
  const metadataUrl = `${base}/simplesaml/saml2/idp/metadata.php`;
  const program = await startProgram({
    command: 'php',
    parameters: [...cipherOf(folder, choice), '-S', new URL(base).host, '-t', 'docroot'],
    folder: folder.path,
    env: { SIMPLESAMLPHP_CONFIG_DIR: join(folder.path, 'config') },
    ready: metadataUrl,
  });
  return {
    ...{ entityId, metadataUrl, program, trust },
    idpInitiatedUrl: (sp) =>
      `${base}/simplesaml/saml2/idp/SSOService.php?spentityid=${encodeURIComponent(sp)}`,
    signOutUrl: (returnTo) =>
      `${base}/simplesaml/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(returnTo)}`,
    close: async () => {
      await program.close();
      folder.remove();
    },
  };
}

const ENCRYPTED_ASSERTION =
  '/usr/share/simplesamlphp/vendor/simplesamlphp/saml2/src/SAML2/EncryptedAssertion.php';

/** The cipher is a constant of one of its files: PHP is given that file first, with another constant in it. */
function cipherOf(folder: Folder, { cipher }: SimpleSamlPhpChoice): readonly string[] {
  if (cipher !== 'AES256_GCM') return [];
  const packaged = readFileSync(ENCRYPTED_ASSERTION, 'utf8');
  const changed = packaged.replace(
    'new XMLSecurityKey(XMLSecurityKey::AES128_CBC)',
    `new XMLSecurityKey(XMLSecurityKey::${cipher})`,
  );
  return ['-d', `auto_prepend_file=${folder.write('EncryptedAssertion.php', changed)}`];
}

interface Settings {
  readonly base: string;
  readonly entityId: string;
  readonly encrypts: boolean;
}

async function writeKeyPair(folder: Folder): Promise<void> {
  const privateKey = await newRsaKey();
  const validity = { notBefore: Date.now() - days(1), notAfter: Date.now() + days(365) };
  folder.write('idp.pem', privateKey);
  folder.write('idp.crt', selfSignedCertificate({ privateKey, commonName: 'idp', ...validity }));
}

function writeSettings(folder: Folder, { base, entityId, encrypts }: Settings): void {
  const at = (name: string) => join(folder.path, name);
  folder.write(
    'config/config.php',
    `<?php
require '/etc/simplesamlphp/config.php';
$config = array_merge($config, [
  'baseurlpath' => '${base}/simplesaml/',
  'certdir' => '${at('')}', 'loggingdir' => '${at('log/')}', 'datadir' => '${at('data/')}', 'tempdir' => '${at('tmp')}',
  'metadatadir' => '${at('metadata/')}',
  'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '${at('sp.xml')}']],
  'secretsalt' => 'for-tests-only-for-tests-only', 'auth.adminpassword' => 'for-tests-only',
  'logging.handler' => 'file', 'enable.saml20-idp' => true,
  'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.savepath' => '${at('data')}',
  'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
]);
`,
  );
  folder.write(
    'config/authsources.php',
    `<?php
$config = ['people' => ['exampleauth:UserPass', '${STUDENT.userName}:${STUDENT.password}' => [
  'uid' => ['${STUDENT.userName}'], 'mail' => ['${STUDENT.email}'], 'displayName' => ['Stu Dent'], 'groups' => ['staff'],
]]];
`,
  );
  writeIdentityProvider(folder, { entityId, encrypts });
}

function writeIdentityProvider(
  folder: Folder,
  { entityId, encrypts }: Pick<Settings, 'entityId' | 'encrypts'>,
): void {
  folder.write(
    'metadata/saml20-idp-hosted.php',
    `<?php
$metadata['${entityId}'] = [
  'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
  'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'saml20.sign.response' => true, 'saml20.sign.assertion' => true, 'sign.logout' => true, 'validate.logout' => true,
  'validate.authnrequest' => true,
  'assertion.encryption' => ${encrypts},
  'authproc' => [
    10 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
      'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
    11 => ['class' => 'saml:AttributeNameID', 'attribute' => 'mail',
      'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'],
  ],
];
`,
  );
}
