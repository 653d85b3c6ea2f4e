/** What a person sees when an application's request cannot be answered and must not be redirected (RFC 6749 §4.1.2.1). */
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { html } from '../pages/html.ts';
import { pageText } from '../pages/layout.ts';

/** Renders our own page: what the library says, escaped, and the reference of the request (S104). */
export function renderProviderError(ctx: KoaContextWithOIDC, out: ErrorOut): void {
  const reference = String(ctx.res.getHeader('x-request-id') ?? '');
  ctx.type = 'html';
  ctx.set('Cache-Control', 'no-store');
  ctx.body = pageText({
    title: 'This request cannot be answered',
    body: html`<p>The application that sent you here asked for something that is not possible. Go back to it and try again.</p>
<p>${out.error}${out.error_description !== undefined && html`: ${out.error_description}`}</p>
<p>Reference: <code>${reference}</code></p>`,
  });
}
