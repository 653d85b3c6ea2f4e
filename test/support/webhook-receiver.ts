/** An address that webhooks are sent to, on 127.0.0.1: keeps what came, answers what it is told to. */
import { createServer } from 'node:http';
import { signatureOf } from '../../src/core/journal/webhook-signatures.ts';

/** One request as it came. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly at: number;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: Received[];
  /** What is answered from now on; 204 at first. `hang`: nothing until `release`. */
  answer: number | 'hang' | { readonly location: string };
  /** Bodies that hold this text are answered with 500, whatever else is; null at first: none. */
  refuses: string | null;
  /** Ends all that hang with 204. */
  release(): void;
  close(): Promise<void>;
}

/** `now` stamps what comes. */
export async function startWebhookReceiver(now: () => number): Promise<WebhookReceiver> {
  const hanging: (() => void)[] = [];
  const received: Received[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const headers = Object.fromEntries(
      Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
    );
    received.push({ headers, body, at: now() });
    const { answer } = receiver;
    if (receiver.refuses !== null && body.includes(receiver.refuses)) res.writeHead(500).end();
    else if (answer === 'hang') hanging.push(() => res.writeHead(204).end());
    else if (typeof answer === 'number') res.writeHead(answer).end('what a receiver says');
    else res.writeHead(302, answer).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${address.port}/hooks?key=of-the-receiver`,
    received,
    answer: 204,
    refuses: null,
    release: () => {
      for (const end of hanging.splice(0)) end();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** Whether a request carries the signature of this secret, by the code that signs; vectors hold that code to the standard. */
export function isSignedWith(secret: string, { headers, body }: Received): boolean {
  const message = { id: headers['webhook-id'] ?? '', timestamp: Number(headers['webhook-timestamp']), body };
  return (headers['webhook-signature'] ?? '').split(' ').includes(signatureOf(secret, message));
}
