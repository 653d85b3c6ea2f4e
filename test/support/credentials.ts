/** What tests of credentials do as people would: read mailed links, compute codes, call the API with a browser's session. */
import { Secret, TOTP } from 'otpauth';
import type { Browser } from './browser.ts';
import type { TestGateway } from './gateway.ts';
import { PASSWORD } from './page-visits.ts';

/** What an authenticator app shows at `now` for this secret. */
export const codeOf = (secret: string, now: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now });

/** The path of the newest link below `place` that was mailed to this address; undefined when there is none. */
export async function mailedPath(
  gateway: TestGateway,
  to: string,
  place: 'password-reset' | 'email-change' | 'undo' | 'connect',
): Promise<string | undefined> {
  await gateway.deliverMails();
  const links = gateway.mails
    .filter((mail) => mail.to === to)
    .flatMap(({ text }) => text.match(new RegExp(`${gateway.baseUrl}/${place}/\\S+`)) ?? []);
  return links.at(-1)?.slice(gateway.baseUrl.length);
}

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the answer promises
  readonly body: any;
}

/** Asks the management API with the session of a browser, as a page of ours would. */
export async function ask(
  { baseUrl }: TestGateway,
  browser: Browser,
  request: { readonly path: string; readonly method?: string; readonly body?: object },
): Promise<ApiAnswer> {
  const { path, body, method = body === undefined ? 'GET' : 'POST' } = request;
  const page = await browser.request(`${baseUrl}${path}`, {
    method,
    headers: {
      accept: 'application/json',
      origin: baseUrl,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: page.status, body: page.text.startsWith('{') ? JSON.parse(page.text) : page.text };
}

/** Turns a second factor on for the person of this browser; answers its secret and the recovery codes. */
export async function turnOnSecondFactor(
  gateway: TestGateway,
  browser: Browser,
): Promise<{ readonly secret: string; readonly recoveryCodes: readonly string[] }> {
  const begun = await ask(gateway, browser, {
    path: '/api/v1/account/second-factor',
    body: { currentPassword: PASSWORD },
  });
  const secret: string = begun.body.secret;
  const confirmed = await ask(gateway, browser, {
    path: '/api/v1/account/second-factor/confirm',
    body: { code: codeOf(secret, gateway.clock.now()) },
  });
  if (confirmed.status !== 200) throw new Error(`not confirmed: ${JSON.stringify(confirmed)}`);
  // The step of that code is used up.
  gateway.clock.advance(30_000);
  return { secret, recoveryCodes: confirmed.body.recoveryCodes };
}

/** Whether the browser's session lives. */
export const isSignedIn = async (gateway: TestGateway, browser: Browser): Promise<boolean> =>
  (await ask(gateway, browser, { path: '/api/v1/session' })).status === 200;

/** Signs in by JSON; answers the status and the code of a refusal. */
export async function tryPassword(
  gateway: TestGateway,
  browser: Browser,
  credentials: { readonly email: string; readonly password?: string },
): Promise<{ readonly status: number; readonly code: string | undefined }> {
  const body = { password: PASSWORD, ...credentials };
  const answer = await ask(gateway, browser, { path: '/sign-in/password', body });
  return { status: answer.status, code: answer.body.code };
}
