/** Apache with mod_auth_openidc of Debian as a relying party of our OpenID Provider. */
import { findFreePort } from '../support/free-port.ts';
import { createFolder, type Folder, type Program, startProgram } from './programs.ts';

export interface ApacheRelyingParty {
  /** A page that nobody sees without signing in. */
  readonly protectedUrl: string;
  /** Pages that the claim `org_role` opens. */
  readonly adminsUrl: string;
  readonly ownersUrl: string;
  readonly signedOutUrl: string;
  readonly redirectUri: string;
  readonly backchannelLogoutUri: string;
  /** What the relying party knows of the session: ID token claims, UserInfo. */
  readonly infoUrl: string;
  /** Ends the session here and at the provider, then comes back to `signedOutUrl`. */
  readonly logoutUrl: string;
  start(client: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret: string;
  }): Promise<Program>;
  close(): Promise<void>;
}

/** Chooses its addresses, which the client registration needs; nothing runs before `start`. */
export async function prepareApache(): Promise<ApacheRelyingParty> {
  const folder = createFolder('apache');
  const host = `127.0.0.1:${await findFreePort()}`;
  const base = `http://${host}`;
  const redirectUri = `${base}/protected/callback`;
  const signedOutUrl = `${base}/signed-out.html`;
  let program: Program | undefined;
  return {
    protectedUrl: `${base}/protected/index.html`,
    adminsUrl: `${base}/admins/index.html`,
    ownersUrl: `${base}/owners/index.html`,
    ...{ signedOutUrl, redirectUri },
    backchannelLogoutUri: `${redirectUri}?logout=backchannel`,
    infoUrl: `${redirectUri}?info=json`,
    logoutUrl: `${redirectUri}?logout=${encodeURIComponent(signedOutUrl)}`,
    start: async (client) => {
      const configuration = writeSite(folder, { host, redirectUri, ...client });
      program = await startProgram({
        command: '/usr/sbin/apache2',
        parameters: ['-f', configuration, '-D', 'FOREGROUND'],
        folder: folder.path,
        ready: signedOutUrl,
      });
      return program;
    },
    close: async () => {
      await program?.close();
      folder.remove();
    },
  };
}

interface Site {
  readonly host: string;
  readonly redirectUri: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Seconds it waits for our answers: on a busy machine the first takes more than the usual five. */
const PATIENCE = 'OIDCHTTPTimeoutShort 600\nOIDCHTTPTimeoutLong 600';

/** Answers the path of the configuration. */
function writeSite(folder: Folder, { host, redirectUri, issuer, clientId, clientSecret }: Site): string {
  writePages(folder);
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'mime', 'auth_openidc'];
  const load = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  return folder.write(
    'apache.conf',
    `ServerRoot ${folder.path}
Listen ${host}
ServerName ${host}
PidFile ${folder.path}/apache.pid
ErrorLog ${folder.path}/error.log
DefaultRuntimeDir ${folder.folder('run')}
Mutex file:${folder.folder('locks')}
${load.join('\n')}
TypesConfig /etc/mime.types
DocumentRoot ${folder.path}/site
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${clientId}
OIDCClientSecret ${clientSecret}
OIDCRedirectURI ${redirectUri}
OIDCCryptoPassphrase for-tests-only-for-tests-only
OIDCPKCEMethod S256
${PATIENCE}
OIDCScope "openid email profile"
OIDCInfoHook id_token userinfo
<Location /protected>
  AuthType openid-connect
  Require valid-user
</Location>
<Location /admins>
  AuthType openid-connect
  Require claim org_role:admin
</Location>
<Location /owners>
  AuthType openid-connect
  Require claim org_role:owner
</Location>
`,
  );
}

function writePages(folder: Folder): void {
  folder.write('site/protected/index.html', 'for members');
  folder.write('site/admins/index.html', 'for admins');
  folder.write('site/owners/index.html', 'for owners');
  folder.write('site/signed-out.html', 'signed out');
}
