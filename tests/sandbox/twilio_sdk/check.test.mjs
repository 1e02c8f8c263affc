// Twilio's own SDK against the sandbox: what the SDK accepts and verifies, a connector written after the same facts can trust.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import twilio from 'twilio';

const program = process.env.PATCHBAY_SANDBOX;
const accountSid = 'AC00000000000000000000000000000abc';
const authToken = 'sdk-check-token';
const from = '+15005550006';
const deliveries = [];
let sandbox, receiver, base, target, client;

/** The SDK with its hosts turned to the sandbox. */
const connect = (user, password, options = {}) => {
  const made = twilio(user, password, options);
  made.api.baseUrl = `${base}/twilio`;
  return made;
};

const control = async (path, body, method = 'POST') => {
  const response = await fetch(`${base}/_sandbox/${path}`, body && { method, body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};

/** Waits for a delivery that `wanted(params, delivery)` accepts, at most 15 seconds. */
const delivery = (wanted) =>
  new Promise((resolve, reject) => {
    const look = () => {
      const found = deliveries.find((entry) => wanted(entry.params, entry));
      if (!found) return;
      clearTimeout(timer);
      receiver.off('delivery', look);
      resolve(found);
    };
    const timer = setTimeout(() => reject(new Error('the sandbox sent no such webhook in time')), 15_000);
    receiver.on('delivery', look);
    look();
  });

const verified = (entry, token = authToken) => twilio.validateRequest(token, entry.signature, entry.url, entry.params);

before(async () => {
  assert.ok(program, 'PATCHBAY_SANDBOX names the program');
  receiver = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      deliveries.push({
        url: `http://${request.headers.host}${request.url}`,
        path: request.url,
        type: request.headers['content-type'],
        token: request.headers['i-twilio-idempotency-token'],
        signature: request.headers['x-twilio-signature'],
        params: Object.fromEntries(new URLSearchParams(body)),
      });
      response.writeHead(200, { 'content-type': 'text/xml' }).end('<Response/>');
      receiver.emit('delivery');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  target = `http://127.0.0.1:${receiver.address().port}/hooks`;
  sandbox = spawn(
    program,
    ['--port', '0', '--clients', '200', '--webhook-target', target, '--twilio-account-sid', accountSid, '--twilio-auth-token', authToken],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const { port } = JSON.parse(line);
  base = `http://127.0.0.1:${port}`;
  client = connect(accountSid, authToken);
});

after(async () => {
  receiver?.close();
  if (!sandbox) return;
  sandbox.kill('SIGTERM');
  const [code] = await once(sandbox, 'exit');
  assert.equal(code, 0, 'SIGTERM ends the sandbox cleanly');
});

test('create and fetch: a message is taken, then delivered', async () => {
  const taken = await client.messages.create({ to: '+18105550142', from, body: 'Grüße & co + 1' });
  assert.match(taken.sid, /^SM[0-9a-f]{32}$/);
  assert.equal(taken.status, 'queued');
  assert.equal(taken.direction, 'outbound-api');
  assert.equal(taken.numMedia, '0');
  assert.ok(taken.dateCreated instanceof Date && !Number.isNaN(taken.dateCreated.getTime()), 'RFC 2822 dates');
  const now = await client.messages(taken.sid).fetch();
  assert.equal(now.status, 'delivered');
  assert.equal(now.body, 'Grüße & co + 1');
  assert.equal(now.priceUnit, 'USD');
});

test('an API key works, without the right to the account', async () => {
  const byKey = connect('SK00000000000000000000000000000001', 'twilio-sandbox-secret', { accountSid });
  assert.equal((await byKey.messages.list({ limit: 1 })).length, 1);
  await assert.rejects(byKey.api.v2010.accounts(accountSid).fetch(), { code: 20003, status: 401 });
  assert.equal((await client.api.v2010.accounts(accountSid).fetch()).sid, accountSid);
});

test('each() walks every message once', async () => {
  const seen = new Set();
  for (const message of await client.messages.list({ pageSize: 9 })) {
    assert.ok(!seen.has(message.sid), 'no message comes twice');
    seen.add(message.sid);
  }
  const { count } = await control('truth/twilio/messages');
  assert.equal(seen.size, count);
  assert.ok(count > 100);
});

test('pages: next and back by the address that the page names', async () => {
  const first = await client.messages.page({ pageSize: 5 });
  const second = await first.nextPage();
  assert.equal(second.instances.length, 5);
  assert.ok(!first.instances.some((one) => second.instances.some((other) => other.sid === one.sid)));
  const again = await client.messages.getPage(first.nextPageUrl);
  assert.deepEqual(again.instances.map((message) => message.sid), second.instances.map((message) => message.sid));
});

test('filters: number and day', async () => {
  const to = '+18105550143';
  const made = await client.messages.create({ to, from, body: 'Filtered' });
  const since = new Date(made.dateSent.getTime() - 86_400_000);
  const found = await client.messages.list({ to, dateSentAfter: since });
  assert.deepEqual(found.map((message) => message.sid), [made.sid]);
  assert.equal((await client.messages.list({ to, dateSentAfter: new Date(made.dateSent.getTime() + 2 * 86_400_000) })).length, 0);
});

test('media: listed, and the message says how many', async () => {
  const made = await client.messages.create({ to: '+18105550144', from, mediaUrl: ['https://example.com/a.png', 'https://example.com/b.png'] });
  assert.match(made.sid, /^MM/);
  assert.equal(made.numMedia, '2');
  const files = await client.messages(made.sid).media.list();
  assert.equal(files.length, 2);
  assert.match(files[0].sid, /^ME/);
  assert.equal((await client.messages(made.sid).media(files[0].sid).fetch()).contentType, 'image/png');
});

test('redact and remove', async () => {
  const made = await client.messages.create({ to: '+18105550145', from, body: 'Secret' });
  assert.equal((await client.messages(made.sid).update({ body: '' })).body, '');
  assert.equal(await client.messages(made.sid).remove(), true);
  await assert.rejects(client.messages(made.sid).fetch(), { code: 20404, status: 404 });
});

test('a scheduled message is cancelled', async () => {
  const service = 'MG0000000000000000000000000000000a';
  const made = await client.messages.create({
    to: '+18105550146', messagingServiceSid: service, body: 'Later', scheduleType: 'fixed', sendAt: new Date(Date.now() + 3_600_000),
  });
  assert.equal(made.status, 'scheduled');
  assert.equal(made.from, null);
  assert.equal((await client.messages(made.sid).update({ status: 'canceled' })).status, 'canceled');
});

test('refusals are RestExceptions with their code', async () => {
  const refused = { '+15005550001': 21211, '+15005550002': 21612, '+15005550003': 21408, '+15005550004': 21610, '+15005550009': 21614 };
  for (const [to, code] of Object.entries(refused)) {
    await assert.rejects(client.messages.create({ to, from, body: 'x' }), (error) => {
      assert.equal(error.code, code);
      assert.equal(error.status, 400);
      assert.match(error.moreInfo, new RegExp(`${code}$`));
      return true;
    });
  }
  await assert.rejects(client.messages.create({ to: '+18105550142', from: '+15005550008', body: 'x' }), { code: 21611 });
  await assert.rejects(connect(accountSid, 'wrong').messages.list({ limit: 1 }), { status: 401, code: 20003 });
});

test('too many calls: the SDK repeats them by itself when told to', async () => {
  await control('faults', { service: 'twilio', kind: 'rate_limit', count: 1 });
  await assert.rejects(client.messages.list({ limit: 1 }), { status: 429, code: 20429 });
  const patient = connect(accountSid, authToken, { autoRetry: true, maxRetries: 3 });
  await control('faults', { service: 'twilio', kind: 'rate_limit', count: 2 });
  assert.equal((await patient.messages.list({ limit: 1 })).length, 1);
});

test('status callbacks: the SDK verifies them and refuses what was changed', async () => {
  const statusCallback = `${target}/status?tenant=42&mid=a%20b#rc=3&rp=5xx,ct,rt`;
  const made = await client.messages.create({ to: '+18105550147', from, body: 'Tell me', statusCallback });
  for (const status of ['sent', 'delivered']) {
    const told = await delivery((params) => params.MessageSid === made.sid && params.MessageStatus === status);
    assert.equal(told.path, '/hooks/status?tenant=42&mid=a%20b');
    assert.equal(told.params.AccountSid, accountSid);
    assert.match(told.type, /^application\/x-www-form-urlencoded/);
    assert.ok(told.token, 'a repeat could be told');
    assert.ok(verified(told), 'the signature is Twilio\'s');
    assert.ok(!verified(told, 'another token'));
    assert.ok(!verified({ ...told, params: { ...told.params, MessageStatus: 'failed' } }));
    assert.ok(!verified({ ...told, url: `${told.url}&x=1` }));
  }
});

test('inbound messages: the SDK verifies them, accents, blanks and empty fields included', async () => {
  const { data } = await control('twilio/messages', { from: '+18105550148', body: 'Hello café & co + 1 😕', media: 1 });
  const told = await delivery((params) => params.MessageSid === data.sid);
  assert.equal(told.path, '/hooks/twilio');
  assert.equal(told.params.Body, 'Hello café & co + 1 😕');
  assert.equal(told.params.SmsStatus, 'received');
  assert.equal(told.params.NumMedia, '1');
  assert.equal(told.params.ToCity, '');
  assert.ok(verified(told));
  assert.equal((await client.messages(data.sid).fetch()).direction, 'inbound');
});

test('a webhook with a bad signature does not pass', async () => {
  await control('faults', { service: 'twilio', kind: 'webhook_bad_signature', count: 1 });
  const { data } = await control('twilio/messages', { from: '+18105550149', body: 'forged' });
  const told = await delivery((params) => params.MessageSid === data.sid);
  assert.ok(!verified(told));
});
