/** The few parts of samlp 8 that the bundled test identity provider uses; the package ships no types. */
declare module 'samlp' {
  import type { Request, RequestHandler } from 'express';

  export interface ParsedAuthnRequest {
    readonly id?: string;
    readonly issuer?: string;
    readonly assertionConsumerServiceURL?: string;
    readonly destination?: string;
    readonly forceAuthn?: string;
    readonly subject?: string;
  }

  interface Samlp {
    parseRequest(
      request: Request,
      callback: (error: Error | null | undefined, data?: ParsedAuthnRequest) => void,
    ): void;
    auth(options: Readonly<Record<string, unknown>>): RequestHandler;
  }

  const samlp: Samlp;
  export default samlp;
}
