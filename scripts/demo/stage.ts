/** Everything the demo runs on: the gateway, two identity providers, a mail server, an application; started together, ended together. */
import { type OidcIdp, startOidcIdp } from '../../test/support/idp/oidc.ts';
import { type SamlIdp, startSamlIdp } from '../../test/support/idp/saml.ts';
import { type SmtpSink, startSmtpSink } from '../../test/support/smtp-sink.ts';
import { type ExampleApplication, startExampleApplication } from './application.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { createOperator, type Operator } from './operator.ts';

export interface Stage {
  readonly gateway: GatewayProcess;
  readonly operator: Operator;
  readonly saml: SamlIdp;
  readonly oidc: OidcIdp;
  readonly mails: SmtpSink;
  /** The example application, registered with the gateway. */
  readonly application: ExampleApplication;
  /** Ends all of it, in the opposite order. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts all of it, or nothing: what had started is ended when a later part fails. */
export async function startStage(): Promise<Stage> {
  const parts: { close(): Promise<void> }[] = [];
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part.close();
  };
  try {
    const mails = keep(await startSmtpSink());
    const saml = keep(await startSamlIdp());
    const oidc = keep(await startOidcIdp());
    const gateway = keep(await startGatewayProcess({ smtpUrl: mails.url }));
    const operator = createOperator(gateway);
    const application = keep(await startExampleApplication(gateway, operator));
    return { gateway, operator, saml, oidc, mails, application, close };
  } catch (error) {
    await close();
    throw error;
  }
}
