/** The frame of every page and how pages and redirects are sent: one style sheet, one script where passkeys are, nothing kept by caches. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Response } from 'express';
import type { Organization } from '../../core/entities/organization.ts';
import { type Html, html, markupOf } from './html.ts';

export interface PageContent {
  /** Plain text; with whose page it is, also the page's name in the browser. */
  readonly title: string;
  /** Whose page it is; absent: that of the gateway, or of anybody who holds the address (S165). */
  readonly of?: Pick<Organization, 'name' | 'branding'> | undefined;
  readonly body: Html;
  /** 200 if absent. */
  readonly status?: number;
  /** `narrow` fits one form and is meant if absent; `wide` fits a table. */
  readonly width?: 'narrow' | 'wide';
  /** One constant line of script at the end, whose hash the answer's policy must allow; absent: none. */
  readonly script?: string;
  /** True where the page offers passkeys: then, and only then, it loads our one script file (S219). */
  readonly offersPasskeys?: boolean;
  /** A path of ours, or an identity provider's address, that the browser moves on to by itself; absent: it stays. */
  readonly movesOnTo?: string;
  /**
   * The organization's own, from its https address; absent or null: none. Never on a page whose address is a secret or that
   * comes by mail: whoever keeps the picture sees who looks at it (S168).
   */
  readonly logo?: Logo | null;
}

interface Logo {
  readonly url: string;
  /** Whose it is. */
  readonly name: string;
}

/** What an organization shows on its own pages; null when it has no logo. */
export const logoOf = ({ name, branding: { logoUrl, productName } }: Organization): Logo | null =>
  logoUrl === null ? null : { url: logoUrl, name: productName ?? name };

/** The organization, and the product it is in where that has a name. */
const calledIn = ({ name, branding: { productName } }: Pick<Organization, 'name' | 'branding'>): string =>
  productName === null ? name : `${name} on ${productName}`;

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const asset = (file: string, type: string): Asset => ({
  path: `/assets/${file}`,
  type,
  bytes: readFileSync(new URL(`./${file}`, import.meta.url)),
});

const STYLES = asset('gatehouse.css', 'text/css; charset=utf-8');
const ICON = asset('gatehouse.svg', 'image/svg+xml');

const PASSKEYS = asset('passkeys.js', 'text/javascript; charset=utf-8');

/** The files pages refer to. */
export const ASSETS: readonly Asset[] = [STYLES, ICON, PASSKEYS];

/** With a hash of the content, so that a new release is seen at once although browsers keep the file. */
const versioned = ({ path, bytes }: Asset): string =>
  `${path}?v=${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;

const STYLES_URL = versioned(STYLES);
const ICON_URL = versioned(ICON);
const PASSKEYS_URL = versioned(PASSKEYS);

/** Sends a whole page. */
export function sendPage(res: Response, content: PageContent): void {
  if (content.logo != null) allowImagesOf(res, content.logo.url);
  if (content.offersPasskeys === true) {
    const policy = String(res.getHeader('Content-Security-Policy'));
    res.set('Content-Security-Policy', `${policy};script-src 'self';connect-src 'self'`);
  }
  res
    .status(content.status ?? 200)
    .set('Cache-Control', 'no-store')
    .type('html')
    .send(pageText(content));
}

/** This answer's policy, and no other's, lets pictures of that host in. */
function allowImagesOf(res: Response, url: string): void {
  const policy = String(res.getHeader('Content-Security-Policy'));
  res.set(
    'Content-Security-Policy',
    policy.replace("img-src 'self'", `img-src 'self' ${new URL(url).origin}`),
  );
}

const logoImage = ({ url, name }: Logo): Html =>
  html`<img class="logo" src="${url}" alt="${name}" width="160" height="48" referrerpolicy="no-referrer">`;

/** The whole page as text, for answers that are sent by somebody else. */
export const pageText = (content: PageContent): string => markupOf(documentOf(content));

/** Sends the browser elsewhere with a GET (RFC 9110 §15.4.4). `location` is ours, or an identity provider's own address. */
export function seeOther(res: Response, location: string): void {
  res.status(303).set('Cache-Control', 'no-store').set('Location', location).end();
}

function documentOf(content: PageContent): Html {
  const { title, body, width = 'narrow', movesOnTo, script, offersPasskeys = false, logo, of } = content;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${movesOnTo !== undefined && html`<meta http-equiv="refresh" content="0; url=${movesOnTo}">`}
<title>${title} - ${of === undefined ? 'Gatehouse' : calledIn(of)}</title>
<link rel="stylesheet" href="${STYLES_URL}">
${offersPasskeys && html`<script type="module" src="${PASSKEYS_URL}"></script>`}
<link rel="icon" type="image/svg+xml" href="${ICON_URL}">
</head>
<body>
<main class="${width}">
${logo != null && logoImage(logo)}
<h1>${title}</h1>
${body}
</main>
${script !== undefined && html`<script>${script}</script>`}
</body>
</html>
`;
}
