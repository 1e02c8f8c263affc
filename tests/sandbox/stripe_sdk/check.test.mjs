// Stripe's own SDK against the sandbox: what the SDK accepts and verifies, a connector written after the same facts can trust.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';

const program = process.env.PATCHBAY_SANDBOX;
const secret = 'whsec_sdk_check';
const deliveries = [];
let sandbox, receiver, base, stripe;

const client = (key, port, options = {}) =>
  new Stripe(key, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false, ...options });

const control = async (path, body) => {
  const response = await fetch(`${base}/_sandbox/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};

/** Waits for a delivery that `wanted(event, delivery)` accepts, at most 15 seconds. */
const delivery = (wanted) =>
  new Promise((resolve, reject) => {
    const look = () => {
      const found = deliveries.find((entry) => wanted(JSON.parse(entry.body), entry));
      if (!found) return;
      clearTimeout(timer);
      receiver.off('delivery', look);
      resolve(found);
    };
    const timer = setTimeout(() => reject(new Error('the sandbox sent no such event in time')), 15_000);
    receiver.on('delivery', look);
    look();
  });

before(async () => {
  assert.ok(program, 'PATCHBAY_SANDBOX names the program');
  receiver = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      deliveries.push({ path: request.url, signature: request.headers['stripe-signature'], body: Buffer.concat(chunks).toString() });
      response.writeHead(200).end();
      receiver.emit('delivery');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const target = `http://127.0.0.1:${receiver.address().port}/hooks`;
  sandbox = spawn(program, ['--port', '0', '--clients', '300', '--webhook-target', target, '--stripe-webhook-secret', secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const { port } = JSON.parse(line);
  base = `http://127.0.0.1:${port}`;
  stripe = client('sk_test_sdk', port);
});

after(async () => {
  receiver?.close();
  if (!sandbox) return;
  sandbox.kill('SIGTERM');
  const [code] = await once(sandbox, 'exit');
  assert.equal(code, 0, 'SIGTERM ends the sandbox cleanly');
});

test('customers: create, read, update, delete', async () => {
  const made = await stripe.customers.create({ name: 'Ada Łukasz', email: 'ada@example.com', metadata: { order_id: '6735' } });
  assert.match(made.id, /^cus_/);
  assert.equal(made.metadata.order_id, '6735');
  const updated = await stripe.customers.update(made.id, { phone: '+18105550100', metadata: { order_id: '' } });
  assert.equal(updated.phone, '+18105550100');
  assert.deepEqual(updated.metadata, {});
  assert.equal((await stripe.customers.retrieve(made.id)).name, 'Ada Łukasz');
  assert.deepEqual(await stripe.customers.del(made.id), { id: made.id, object: 'customer', deleted: true });
  assert.equal((await stripe.customers.retrieve(made.id)).deleted, true);
});

test('auto-pagination walks every customer once, newest first', async () => {
  const ids = new Set();
  let last = Infinity;
  for await (const customer of stripe.customers.list({ limit: 17 })) {
    assert.ok(!ids.has(customer.id), 'no customer comes twice');
    ids.add(customer.id);
    assert.ok(customer.created <= last);
    last = customer.created;
  }
  const { data } = await control('truth/stripe/customers');
  assert.equal(ids.size, data.length);
});

test('payment intents: succeed, capture, decline, cancel; the charge carries its fee', async () => {
  const customer = await stripe.customers.create({ name: 'Payer' });
  const paid = await stripe.paymentIntents.create({
    amount: 5000, currency: 'usd', customer: customer.id, payment_method: 'pm_card_visa', confirm: true,
    expand: ['latest_charge.balance_transaction'],
  });
  assert.equal(paid.status, 'succeeded');
  assert.equal(paid.latest_charge.balance_transaction.net, 5000 - paid.latest_charge.balance_transaction.fee);

  const held = await stripe.paymentIntents.create({
    amount: 900, currency: 'usd', payment_method: 'pm_card_visa', confirm: true, capture_method: 'manual',
  });
  assert.equal(held.status, 'requires_capture');
  assert.equal((await stripe.paymentIntents.capture(held.id, { amount_to_capture: 700 })).amount_received, 700);

  const declined = stripe.paymentIntents.create({
    amount: 900, currency: 'usd', payment_method: 'pm_card_chargeDeclined', confirm: true,
  });
  await assert.rejects(declined, (error) => {
    assert.ok(error instanceof Stripe.errors.StripeCardError);
    assert.equal(error.code, 'card_declined');
    assert.equal(error.payment_intent.status, 'requires_payment_method');
    return true;
  });

  const open = await stripe.paymentIntents.create({ amount: 900, currency: 'usd' });
  assert.equal((await stripe.paymentIntents.cancel(open.id)).status, 'canceled');
  await assert.rejects(stripe.paymentIntents.confirm(open.id), { code: 'payment_intent_unexpected_state' });
});

test('refunds: in part, then too much', async () => {
  const paid = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', payment_method: 'pm_card_visa', confirm: true });
  const refund = await stripe.refunds.create({ payment_intent: paid.id, amount: 500, reason: 'duplicate' });
  assert.equal(refund.status, 'succeeded');
  const charge = await stripe.charges.retrieve(paid.latest_charge, { expand: ['refunds'] });
  assert.equal(charge.amount_refunded, 500);
  assert.equal(charge.refunds.data[0].id, refund.id);
  await assert.rejects(stripe.refunds.create({ charge: charge.id, amount: 1501 }), { type: 'StripeInvalidRequestError', param: 'amount' });
});

test('invoices: draft, items, finalize, pay, payments; void', async () => {
  const customer = await stripe.customers.create({ name: 'Invoiced', email: 'invoiced@example.com' });
  const draft = await stripe.invoices.create({ customer: customer.id, collection_method: 'send_invoice', days_until_due: 30 });
  await stripe.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 1200, currency: 'usd', description: 'Work' });
  await stripe.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 300, currency: 'usd', description: 'Parts' });
  const final = await stripe.invoices.finalizeInvoice(draft.id);
  assert.equal(final.status, 'open');
  assert.equal(final.amount_due, 1500);
  assert.equal(final.lines.data.length, 2);
  assert.ok(final.number);
  const paid = await stripe.invoices.pay(draft.id);
  assert.equal(paid.status, 'paid');
  const whole = await stripe.invoices.retrieve(draft.id, { expand: ['payments', 'customer'] });
  assert.equal(whole.customer.email, 'invoiced@example.com');
  assert.equal(whole.payments.data[0].status, 'paid');
  const links = await stripe.invoicePayments.list({ invoice: draft.id });
  assert.equal(links.data[0].payment.type, 'payment_intent');

  const second = await stripe.invoices.create({ customer: customer.id });
  await stripe.invoiceItems.create({ customer: customer.id, invoice: second.id, amount: 100, currency: 'usd' });
  await stripe.invoices.finalizeInvoice(second.id);
  assert.equal((await stripe.invoices.voidInvoice(second.id)).status, 'void');
});

test('webhooks: the SDK verifies what the sandbox sent and refuses what was changed', async () => {
  const customer = await stripe.customers.create({ name: 'Hooked' });
  const sent = await delivery((event) => event.type === 'customer.created' && event.data.object.id === customer.id);
  assert.equal(sent.path, '/hooks/stripe');
  const event = stripe.webhooks.constructEvent(sent.body, sent.signature, secret);
  assert.equal(event.data.object.name, 'Hooked');
  assert.throws(() => stripe.webhooks.constructEvent(sent.body + ' ', sent.signature, secret), Stripe.errors.StripeSignatureVerificationError);
  assert.throws(() => stripe.webhooks.constructEvent(sent.body, sent.signature, 'whsec_other'), Stripe.errors.StripeSignatureVerificationError);
  assert.equal((await stripe.events.retrieve(event.id)).id, event.id);
});

test('webhook endpoints: registered, signed with their own secret, only with the events asked for', async () => {
  const url = `http://127.0.0.1:${receiver.address().port}/own`;
  const endpoint = await stripe.webhookEndpoints.create({ url, enabled_events: ['customer.deleted'] });
  assert.match(endpoint.secret, /^whsec_/);
  assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret, undefined);
  const customer = await stripe.customers.create({ name: 'Short-lived' });
  await stripe.customers.del(customer.id);
  const own = await delivery((event, entry) => entry.path === '/own' && event.data.object.id === customer.id);
  assert.equal(stripe.webhooks.constructEvent(own.body, own.signature, endpoint.secret).type, 'customer.deleted');
  assert.ok(!deliveries.some((entry) => entry.path === '/own' && entry.body.includes('"type":"customer.created"')));
  assert.equal((await stripe.webhookEndpoints.del(endpoint.id)).deleted, true);
});

test('events: forward walk from the last one seen', async () => {
  const seen = (await stripe.events.list({ limit: 1 })).data[0];
  const made = [];
  for (let i = 0; i < 3; ++i) made.push((await stripe.customers.create({ name: `Walk ${i}` })).id);
  const page = await stripe.events.list({ ending_before: seen.id, limit: 100, types: ['customer.created'] });
  assert.deepEqual(page.data.map((event) => event.data.object.id).reverse(), made);
});

test('idempotency: a replay is the first answer, other parameters are refused', async () => {
  const options = { idempotencyKey: 'order-42' };
  const first = await stripe.customers.create({ name: 'Once' }, options);
  const again = await stripe.customers.create({ name: 'Once' }, options);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  await assert.rejects(stripe.customers.create({ name: 'Other' }, options), (error) => error instanceof Stripe.errors.StripeIdempotencyError);
});

test('errors map to the SDK classes', async () => {
  const port = new URL(base).port;
  await assert.rejects(client('sk_test_invalid1', port).customers.list(), (error) => error instanceof Stripe.errors.StripeAuthenticationError);
  await assert.rejects(stripe.customers.retrieve('cus_none'), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.equal(error.code, 'resource_missing');
    assert.equal(error.statusCode, 404);
    assert.match(error.requestId, /^req_/);
    return true;
  });
  await assert.rejects(stripe.customers.list({ limit: 101 }), { type: 'StripeInvalidRequestError', param: 'limit' });
  await assert.rejects(stripe.customers.create({ nonsense: 'x' }), { code: 'parameter_unknown' });
  await control('faults', { service: 'stripe', kind: 'rate_limit', count: 1 });
  await assert.rejects(stripe.customers.list(), (error) => error instanceof Stripe.errors.StripeRateLimitError);
  await control('faults', { service: 'stripe', kind: 'server_error', count: 1 });
  await assert.rejects(stripe.customers.list(), (error) => error instanceof Stripe.errors.StripeAPIError);
});

test('a cut connection is retried by the SDK with the same key and takes effect once', async () => {
  const patient = client('sk_test_sdk', new URL(base).port, { maxNetworkRetries: 2 });
  await control('faults', { service: 'stripe', match: 'POST /v1/customers', kind: 'reset', count: 1, after: true });
  const made = await patient.customers.create({ name: 'Reset', email: 'reset@example.com' });
  const found = await stripe.customers.list({ email: 'reset@example.com' });
  assert.deepEqual(found.data.map((customer) => customer.id), [made.id]);
});

test('two accounts do not see each other', async () => {
  const second = client('sk_test_sdk_acct2', new URL(base).port);
  const [one, two] = [await stripe.accounts.retrieve(), await second.accounts.retrieve()];
  assert.notEqual(one.id, two.id);
  const made = await second.customers.create({ name: 'Elsewhere' });
  await assert.rejects(stripe.customers.retrieve(made.id), { code: 'resource_missing' });
});
