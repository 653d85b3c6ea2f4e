/** An SMTP server that keeps every mail in memory, for tests and the demo. */
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Decoded (RFC 2047). */
  readonly subject: string;
  /** The first text/plain part, decoded; the whole body if there is none. */
  readonly text: string;
  /** The first text/html part, decoded; undefined if there is none. */
  readonly html: string | undefined;
  /** As it came over the wire. */
  readonly raw: string;
}

export interface SmtpSink {
  /** `smtp://127.0.0.1:PORT`, no authentication, no TLS. */
  readonly url: string;
  /** Oldest first; grows as mail arrives. */
  readonly messages: readonly ReceivedMail[];
  /** Makes the server answer this reply to every recipient of a domain, from now on; null: takes them. */
  refuse(domain: string, reply: { readonly code: number; readonly text: string } | null): void;
  /** Answers the first mail to that address, now or when it comes. */
  waitFor(address: string): Promise<ReceivedMail>;
  close(): Promise<void>;
}

/** Starts the sink on the given port, or any free one. */
export async function startSmtpSink(options: { readonly port?: number } = {}): Promise<SmtpSink> {
  const messages: ReceivedMail[] = [];
  const waiting = new Set<() => void>();
  const refusals = new Map<string, { readonly code: number; readonly text: string }>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onRcptTo({ address }, _session, done) {
      const reply = refusals.get(address.slice(address.indexOf('@') + 1));
      done(reply && Object.assign(new Error(reply.text), { responseCode: reply.code }));
    },
    onData(stream, session, done) {
      readAll(stream).then((raw) => {
        messages.push(describeMail(raw, session));
        for (const look of waiting) look();
        done();
      }, done);
    },
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `smtp://127.0.0.1:${port}`,
    messages,
    refuse: (domain, reply) => {
      if (reply === null) refusals.delete(domain);
      else refusals.set(domain, reply);
    },
    waitFor: (address) =>
      new Promise((resolve) => {
        const look = () => {
          const mail = messages.find(({ to }) => to.includes(address));
          if (mail === undefined) return;
          waiting.delete(look);
          resolve(mail);
        };
        waiting.add(look);
        look();
      }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function describeMail(raw: Buffer, session: SMTPServerSession): ReceivedMail {
  const { mailFrom, rcptTo } = session.envelope;
  const text = raw.toString('utf8');
  const root = parsePart(raw.toString('latin1'));
  return {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    subject: decodeWords(root.headers.get('subject') ?? ''),
    text: findPart(root, 'text/plain') ?? decodeBody(root),
    html: findPart(root, 'text/html'),
    raw: text,
  };
}

/** One MIME part, its bytes kept as latin1 text until the transfer encoding is undone. */
interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function parsePart(source: string): Part {
  const split = source.search(/\r?\n\r?\n/);
  const head = split < 0 ? source : source.slice(0, split);
  const body = split < 0 ? '' : source.slice(split).replace(/^\r?\n\r?\n/, '');
  const lines = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body };
}

function findPart(part: Part, wanted: string): string | undefined {
  const type = part.headers.get('content-type') ?? 'text/plain';
  if (type.toLowerCase().startsWith(wanted)) return decodeBody(part);
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) return undefined;
  const sections = part.body.split(`--${boundary}`).slice(1, -1);
  for (const section of sections) {
    const text = findPart(parsePart(section.replace(/^\r?\n/, '')), wanted);
    if (text !== undefined) return text;
  }
  return undefined;
}

function decodeBody({ headers, body }: Part): string {
  const encoding = (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  const bytes = encoding === 'quoted-printable' ? decodeQuoted(body.replace(/=\r?\n/g, '')) : body;
  return Buffer.from(bytes, 'latin1').toString('utf8').replace(/\r\n/g, '\n').trimEnd();
}

function decodeQuoted(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Encoded words of a header (RFC 2047), UTF-8 only. */
function decodeWords(header: string): string {
  const joined = header.replace(/(\?=)\s+(=\?)/g, '$1$2');
  return joined.replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_match, kind: string, text: string) => {
    if (kind.toLowerCase() === 'b') return Buffer.from(text, 'base64').toString('utf8');
    return Buffer.from(decodeQuoted(text.replaceAll('_', ' ')), 'latin1').toString('utf8');
  });
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function listen(server: SMTPServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    const listener = server.listen(port, '127.0.0.1', () => {
      const address = listener.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      resolve(address.port);
    });
  });
}
