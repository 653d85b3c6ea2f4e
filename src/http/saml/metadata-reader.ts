/** Metadata of identity providers: fetched through the egress guard, read strictly, and asked whether a pinned key signed it. */
import type { IdpDescription } from '../../core/entities/connection.ts';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import type { ReadMetadata } from '../../core/ports/metadata-reader.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { parseIdpMetadata, signedMetadata } from '../../protocols/saml/metadata.ts';

interface DescribedIdp {
  readonly description: IdpDescription;
  /** True: single sign-on by HTTP-Redirect is not offered. */
  readonly takesPostsOnly: boolean;
}

/** What an identity provider says about itself, every address allowed to be called. Throws `invalid`, `egress_refused`. */
export function describeIdp(fetcher: Fetcher, xml: string): DescribedIdp {
  const allowHttpHost = (host: string) => fetcher.permitsHttpAsWritten(`http://${host}`);
  const { entityId, certificates, wantsSignedRequests, ...urls } = parseIdpMetadata(xml, { allowHttpHost });
  const { ssoUrl, ssoPostUrl, sloUrl, sloBinding, sloResponseUrl } = urls;
  for (const url of [ssoUrl, ssoPostUrl, sloUrl, sloResponseUrl])
    if (url !== undefined) fetcher.checkUrl(url);
  const address = ssoUrl ?? ssoPostUrl;
  if (address === undefined) throw new GatehouseError('internal', 'Metadata was read without an address.');
  return {
    description: {
      idpEntityId: entityId,
      ssoUrl: address,
      ssoPostUrl: ssoPostUrl ?? null,
      sloUrl: sloUrl ?? null,
      sloBinding,
      sloResponseUrl: sloResponseUrl ?? null,
      certificates,
      wantsSignedRequests,
    },
    takesPostsOnly: ssoUrl === undefined,
  };
}

/** The text at the address. The fetcher keeps to 3 seconds and 512 KB. Throws `egress_refused`, `upstream_unreachable`. */
export async function fetchMetadata(fetcher: Fetcher, url: string): Promise<string> {
  const answer = await fetcher.fetch(url, { headers: { accept: 'application/samlmetadata+xml, text/xml' } });
  if (answer.ok) return answer.text();
  throw new GatehouseError('upstream_unreachable', 'The address gave no usable answer.', {
    field: 'metadataUrl',
    context: { status: answer.status },
  });
}

/** The reader behind core's port. What a signature vouches for is read from the signed bytes (law 4). */
export const createMetadataReader =
  (fetcher: Fetcher): ReadMetadata =>
  async ({ url, certificates }) => {
    const xml = await fetchMetadata(fetcher, url);
    const { description } = describeIdp(fetcher, xml);
    const signed = signedMetadata(xml, certificates);
    return signed === undefined
      ? { description, isSigned: false }
      : { description: describeIdp(fetcher, signed).description, isSigned: true };
  };
