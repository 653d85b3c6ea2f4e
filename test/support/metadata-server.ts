/** An identity provider that publishes metadata and nothing else: what it says, and whose signature it carries, is up to the test. */
import { createServer } from 'node:http';
import { SignedXml } from 'xml-crypto';
import { EXC_C14N, type Signer } from './saml-builder.ts';

const DER = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s/g, '');

/** One identity provider's metadata, unsigned. */
export function idpMetadata(idp: {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly certificates: readonly string[];
}): string {
  const keys = idp.certificates.map(
    (pem) =>
      `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${DER(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
  );
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_metadata" entityID="${idp.entityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${idp.ssoUrl}"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
}

/** The document with an enveloped signature, as federations and Entra publish it. */
export function signMetadata(xml: string, { key, cert }: Signer): string {
  const signed = new SignedXml({
    privateKey: key,
    publicCert: cert,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: EXC_C14N,
  });
  signed.addReference({
    xpath: '/*',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXC_C14N],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signed.computeSignature(xml, { prefix: 'ds', location: { reference: '/*', action: 'prepend' } });
  return signed.getSignedXml();
}

export interface MetadataServer {
  readonly url: string;
  /** What the next answers are; `status` 200 if absent. */
  publish(text: string, status?: number): void;
  close(): void;
}

export async function startMetadataServer(): Promise<MetadataServer> {
  let published = { text: '', status: 404 };
  const server = createServer((_request, response) =>
    response
      .writeHead(published.status, { 'content-type': 'application/samlmetadata+xml' })
      .end(published.text),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/metadata`,
    publish: (text, status = 200) => {
      published = { text, status };
    },
    close: () => void server.close(),
  };
}
