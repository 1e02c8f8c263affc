// Intuit's own OAuth client and the client that most Node programs use, against the sandbox: what these accept, a connector written
// after the same facts can trust. The webhooks' signature is checked as Intuit's documentation tells it, with Node's own crypto.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import OAuthClient from 'intuit-oauth';
import QuickBooks from 'node-quickbooks';

const program = process.env.PATCHBAY_SANDBOX;
const verifier = 'verifier-of-the-check';
const redirectUri = 'http://127.0.0.1/callback';
const deliveries = [];
let sandbox, receiver, base, oauth, qbo;

const control = async (path, body) => {
  const response = await fetch(`${base}/_sandbox/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};

/** Waits for a delivery that `wanted(body, delivery)` accepts, at most 15 seconds. */
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

/** A method of node-quickbooks as a promise. */
const call = (name, ...given) => promisify(qbo[name].bind(qbo))(...given);

/** The address that the owner's browser is sent back to. */
const consent = async () => {
  const url = oauth.authorizeUri({ scope: [OAuthClient.scopes.Accounting], state: 'state-1' });
  const answer = await fetch(`${url}&auto=approve`, { redirect: 'manual' });
  assert.equal(answer.status, 302);
  return answer.headers.get('location');
};

const fault = (code) => (error) => {
  const body = error.response?.data ?? error;
  assert.equal(body.Fault.Error[0].code, code);
  return true;
};

before(async () => {
  assert.ok(program, 'PATCHBAY_SANDBOX names the program');
  receiver = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      deliveries.push({ path: request.url, signature: request.headers['intuit-signature'], body: Buffer.concat(chunks).toString() });
      response.writeHead(200).end();
      receiver.emit('delivery');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const target = `http://127.0.0.1:${receiver.address().port}/hooks`;
  const options = ['--port', '0', '--clients', '300', '--webhook-target', target, '--quickbooks-verifier-token', verifier];
  sandbox = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const { port, quickbooksClientId, quickbooksRealmId } = JSON.parse(line);
  base = `http://127.0.0.1:${port}`;
  const keys = { clientId: quickbooksClientId, clientSecret: 'quickbooks-sandbox-secret' };
  oauth = new OAuthClient({ ...keys, environment: 'sandbox', redirectUri });
  oauth.setAuthorizeURLs({
    authorizeEndpoint: `${base}/quickbooks/connect/oauth2`,
    tokenEndpoint: `${base}/quickbooks/oauth2/v1/tokens/bearer`,
    revokeEndpoint: `${base}/quickbooks/v2/oauth2/tokens/revoke`,
    userInfoEndpoint: `${base}/quickbooks/none`,
  });
  await oauth.createToken(await consent());
  const { access_token: token, realmId } = oauth.getToken();
  assert.equal(realmId, quickbooksRealmId, 'the callback names the company');
  qbo = new QuickBooks(keys.clientId, keys.clientSecret, token, false, realmId, true, false, 75, '2.0');
  qbo.endpoint = `${base}/quickbooks/v3/company/`;
});

after(async () => {
  receiver.close();
  receiver.closeAllConnections();
  sandbox.kill('SIGTERM');
  await once(sandbox, 'exit');
});

test('intuit-oauth: a token lives an hour, its refresh token for a day of refreshes', async () => {
  const first = { ...oauth.getToken() };
  assert.equal(first.expires_in, 3600);
  assert.ok(oauth.isAccessTokenValid());
  const again = (await oauth.refreshUsingToken(first.refresh_token)).json;
  assert.equal(again.refresh_token, first.refresh_token);
  await control('clock', { advanceSeconds: 25 * 3600 });
  const next = (await oauth.refreshUsingToken(first.refresh_token)).json;
  assert.notEqual(next.refresh_token, first.refresh_token);
  await assert.rejects(oauth.refreshUsingToken(first.refresh_token), /invalid_grant|Incorrect or invalid refresh token/);
  qbo.token = next.access_token;
});

test('a company tells its name', async () => {
  assert.equal((await call('getCompanyInfo', qbo.realmId)).CompanyName, 'Sandbox Services Ltd.');
});

test('lists are counted, found and fetched whole', async () => {
  const truth = (await control('truth/quickbooks/customers')).data;
  const active = truth.filter((customer) => customer.Active);
  const counted = await call('findCustomers', { count: true });
  assert.equal(counted.QueryResponse.totalCount, active.length);
  const all = await call('findCustomers', { fetchAll: true, limit: 50 });
  assert.deepEqual(new Set(all.QueryResponse.Customer.map((customer) => customer.Id)), new Set(active.map((customer) => customer.Id)));
  const one = active.find((customer) => customer.DisplayName.includes("'"));
  const found = await call('findCustomers', [{ field: 'DisplayName', value: one.DisplayName }]);
  assert.equal(found.QueryResponse.Customer[0].Id, one.Id);
  const nobody = await call('findCustomers', [{ field: 'DisplayName', value: 'nobody at all' }]);
  assert.equal(nobody.QueryResponse.Customer, undefined);
});

test('customers are made, changed in part, guarded by their SyncToken, and made inactive', async () => {
  const made = await call('createCustomer', { DisplayName: "Pat O'Check", PrimaryEmailAddr: { Address: 'pat@check.example' } });
  await assert.rejects(call('createCustomer', { DisplayName: "Pat O'Check" }), fault('6240'));
  const changed = await call('updateCustomer', { Id: made.Id, SyncToken: made.SyncToken, CompanyName: 'Check Ltd.' });
  assert.equal(changed.PrimaryEmailAddr.Address, 'pat@check.example');
  assert.equal(changed.SyncToken, '1');
  await assert.rejects(call('updateCustomer', { Id: made.Id, SyncToken: made.SyncToken, CompanyName: 'Late' }), fault('5010'));
  const gone = await call('updateCustomer', { Id: made.Id, SyncToken: changed.SyncToken, Active: false });
  assert.equal(gone.Active, false);
  await assert.rejects(call('getCustomer', '424242424242'), fault('610'));
});

test('an invoice is booked once for a requestId, paid, voided and deleted', async () => {
  const customer = await call('createCustomer', { DisplayName: 'Payer of the check' });
  const draft = () => ({
    CustomerRef: { value: customer.Id },
    Line: [{ Amount: 300, DetailType: 'SalesItemLineDetail', SalesItemLineDetail: { ItemRef: { value: '1' } } }],
    requestId: 'check-1',
  });
  const invoice = await call('createInvoice', draft());
  assert.equal((await call('createInvoice', draft())).Id, invoice.Id);
  assert.equal(invoice.Balance, 300);
  const payment = await call('createPayment', {
    CustomerRef: { value: customer.Id },
    TotalAmt: 120,
    Line: [{ Amount: 120, LinkedTxn: [{ TxnId: invoice.Id, TxnType: 'Invoice' }] }],
  });
  assert.equal((await call('getInvoice', invoice.Id)).Balance, 180);
  assert.equal((await call('getCustomer', customer.Id)).Balance, 180);
  const voided = await call('voidPayment', { Id: payment.Id, SyncToken: payment.SyncToken });
  assert.equal(voided.TotalAmt, 0);
  assert.equal((await call('getInvoice', invoice.Id)).Balance, 300);
  const since = new Date((await control('')).now ?? Date.now());
  await call('deleteInvoice', invoice.Id);
  await assert.rejects(call('getInvoice', invoice.Id), fault('610'));
  const changes = await call('changeDataCapture', 'Invoice,Customer', new Date(since.getTime() - 60_000).toISOString());
  const [invoices] = changes.CDCResponse[0].QueryResponse;
  assert.ok(invoices.Invoice.some((row) => row.Id === invoice.Id && row.status === 'Deleted'));
});

test('a batch answers item by item', async () => {
  const answer = await call('batch', [
    { bId: '1', Query: 'select * from Customer maxresults 2' },
    { bId: '2', operation: 'create', Customer: { DisplayName: 'Made in the batch' } },
    { bId: '3', Query: 'select * from Nothing' },
  ]);
  const items = Object.fromEntries(answer.BatchItemResponse.map((item) => [item.bId, item]));
  assert.equal(items['1'].QueryResponse.Customer.length, 2);
  assert.ok(items['2'].Customer.Id);
  assert.ok(items['3'].Fault);
});

test('the report sums what was sold and spent', async () => {
  const report = await call('reportProfitAndLoss', { start_date: '2020-01-01', end_date: '2030-01-01' });
  assert.equal(report.Header.ReportName, 'ProfitAndLoss');
  assert.ok(Number(report.Rows.Row.find((row) => row.group === 'Income').Summary.ColData[1].value) > 0);
});

test('webhooks of both forms are signed with the verifier token', async () => {
  const made = await call('createCustomer', { DisplayName: 'Told by webhook' });
  const sent = await delivery((body) => Array.isArray(body) && body[0].intuitentityid === made.Id);
  assert.equal(sent.path, '/hooks/quickbooks');
  assert.equal(sent.signature, createHmac('sha256', verifier).update(sent.body).digest('base64'));
  const [event] = JSON.parse(sent.body);
  assert.deepEqual([event.type, event.intuitaccountid, event.specversion], ['qbo.customer.created.v1', qbo.realmId, '1.0']);
  await control('limits', { quickbooks: { legacyWebhooks: true } });
  const changed = await call('updateCustomer', { Id: made.Id, SyncToken: made.SyncToken, CompanyName: 'Older' });
  const legacy = await delivery((body) => body.eventNotifications?.[0].dataChangeEvent.entities[0].id === changed.Id);
  assert.equal(legacy.signature, createHmac('sha256', verifier).update(legacy.body).digest('base64'));
});

test('a token that was taken back opens nothing', async () => {
  await oauth.revoke({ access_token: qbo.token });
  await assert.rejects(call('getCompanyInfo', qbo.realmId), (error) => error.response.status === 401);
});
