/** A receiver of webhooks in Node, without any library: who sent it, how old it is, whether it came before. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { WEBHOOK_SECRET = '', PORT = '4002' } = process.env;
const key = Buffer.from(WEBHOOK_SECRET.replace('whsec_', ''), 'base64');
/** A real product keeps these in its store, in the transaction of what it does about the event. */
const seen = new Set();

/** Whether one of the signatures is ours, over these very bytes, and made within five minutes of now. */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(' ').some((one) => {
    const given = Buffer.from(one.replace('v1,', ''), 'base64');
    return one.startsWith('v1,') && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

createServer(async (req, res) => {
  const body = Buffer.concat(await Array.fromAsync(req));
  if (!isGenuine(req.headers, body)) return res.writeHead(401).end();
  const event = JSON.parse(body.toString());
  if (!seen.has(event.id)) console.log(event.type, event.organizationId, JSON.stringify(event.data));
  seen.add(event.id);
  res.writeHead(204).end();
}).listen(Number(PORT), () => console.log('listening'));
