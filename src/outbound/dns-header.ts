/** What the header of a name server's answer says, which `node:dns` keeps to itself: whether an empty answer is one. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/**
 * Asks the server (an address as `dns.setServers` takes it) once more for the TXT records of a name that it had none for. True when
 * it answers, and for itself: NOERROR or NXDOMAIN (RFC 1035 §4.1.1) out of its own zone or after asking further. False for any
 * other code, for a server that sends one elsewhere (RFC 1034 §4.3.1), and for `waitMs` of silence.
 */
export async function saysThereIsNothing(
  server: string,
  { name, waitMs }: { readonly name: string; readonly waitMs: number },
): Promise<boolean> {
  const { address, port } = placeOf(server);
  const question = questionOf(name);
  const signal = AbortSignal.timeout(waitMs);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    // Connected: nobody else's datagram comes in.
    socket.connect(port, address);
    await once(socket, 'connect', { signal });
    socket.send(question);
    const [answer] = await once(socket, 'message', { signal });
    return answer instanceof Uint8Array && isEmptyAnswer(Buffer.from(answer), question);
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** Not read as a URL, which can say no zone: an address of one link (RFC 4007 §11.2) stands in many a resolv.conf. */
function placeOf(server: string): { readonly address: string; readonly port: number } {
  if (isIPv6(server)) return { address: server, port: 53 };
  const [, bracketed, plain = '', port = '53'] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(server) ?? [];
  return { address: bracketed ?? plain, port: Number(port) };
}

/** RFC 1035 §4.1: the header (a number of its own, "recursion desired", one question), then the name, TXT, IN. */
function questionOf(name: string): Buffer {
  const header = [...randomBytes(2), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
  const labels = name
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([Buffer.from(header), ...labels, Buffer.from([0, 0, 16, 0, 1])]);
}

function isEmptyAnswer(answer: Buffer, question: Buffer): boolean {
  const [first = 0, second = 0] = answer.subarray(2);
  const isOurs = answer.length >= question.length && answer.subarray(0, 2).equals(question.subarray(0, 2));
  const isResponse = (first & 0x80) !== 0;
  const isItsOwn = (first & 0x04) !== 0 || (second & 0x80) !== 0;
  const code = second & 0x0f;
  return isOurs && isResponse && isItsOwn && (code === 0 || code === 3);
}
