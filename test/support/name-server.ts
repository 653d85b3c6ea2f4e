/** A name server on loopback that answers every question with the same header, and counts them. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface SpokenHeader {
  /** RFC 1035 §4.1.1. */
  readonly code: number;
  /** AA: out of its own zone; false unless said. */
  readonly isAuthoritative?: boolean;
  /** RA: it would ask further; true unless said. */
  readonly isRecursive?: boolean;
  /** A TXT record of the name asked for; none unless said. */
  readonly text?: string;
}

export interface NameServerStub {
  /** As `dns.setServers` takes it. */
  readonly address: string;
  asked(): number;
  close(): void;
}

/** Answers over UDP until it is closed. */
export async function startNameServerStub(says: SpokenHeader): Promise<NameServerStub> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (question, { port, address }) => {
    asked += 1;
    socket.send(answerTo(question, says), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked: () => asked,
    close: () => socket.close(),
  };
}

function answerTo(question: Buffer, { code, isAuthoritative, isRecursive, text }: SpokenHeader): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const flags = [isAuthoritative === true ? 0x85 : 0x81, (isRecursive === false ? 0 : 0x80) | code];
  const counts = [0, 1, 0, text === undefined ? 0 : 1, 0, 0, 0, 0];
  const record =
    text === undefined
      ? []
      : // The name of the question, TXT, IN, an hour, one string.
        [0xc0, 12, 0, 16, 0, 1, 0, 0, 14, 16, 0, text.length + 1, text.length, ...Buffer.from(text)];
  return Buffer.concat([
    question.subarray(0, 2),
    Buffer.from([...flags, ...counts]),
    question.subarray(12, end),
    Buffer.from(record),
  ]);
}
