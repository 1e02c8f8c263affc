// Google's own clients against the sandbox: what they accept and verify, a connector written after the same facts can trust.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { calendar as calendarOf } from '@googleapis/calendar';
import { drive as driveOf } from '@googleapis/drive';
import { gmail as gmailOf } from '@googleapis/gmail';
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';

const program = process.env.PATCHBAY_SANDBOX;
const clientId = 'google-sandbox-client';
const redirect = 'http://127.0.0.1:1/callback';
const scopes = ['openid', 'https://www.googleapis.com/auth/userinfo.email', 'https://www.googleapis.com/auth/calendar.events',
  'https://www.googleapis.com/auth/gmail.modify', 'https://www.googleapis.com/auth/drive.file'];
const deliveries = [];
let sandbox, receiver, address, base, auth, calendar, gmail, drive;

const oauthClient = () =>
  new OAuth2Client({
    clientId,
    clientSecret: 'google-sandbox-secret',
    redirectUri: redirect,
    endpoints: {
      oauth2AuthBaseUrl: `${base}/google/o/oauth2/v2/auth`,
      oauth2TokenUrl: `${base}/google/token`,
      oauth2RevokeUrl: `${base}/google/revoke`,
      tokenInfoUrl: `${base}/google/tokeninfo`,
      oauth2FederatedSignonPemCertsUrl: `${base}/google/oauth2/v1/certs`,
      oauth2FederatedSignonJwkCertsUrl: `${base}/google/oauth2/v3/certs`,
    },
  });

const control = async (path, body, method = 'POST') => {
  const response = await fetch(`${base}/_sandbox/${path}`, body && { method, body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};

/** Waits for a delivery that `wanted` accepts, at most 15 seconds. */
const delivery = (wanted) =>
  new Promise((resolve, reject) => {
    const look = () => {
      const found = deliveries.find(wanted);
      if (!found) return;
      clearTimeout(timer);
      receiver.off('delivery', look);
      resolve(found);
    };
    const timer = setTimeout(() => reject(new Error('the sandbox sent no such notification in time')), 15_000);
    receiver.on('delivery', look);
    look();
  });

/** Follows the consent page as a browser does. */
const consent = async (client, options = {}) => {
  const url = client.generateAuthUrl({ access_type: 'offline', prompt: 'consent', scope: scopes, ...options });
  const answer = await fetch(`${url}&auto=approve`, { redirect: 'manual' });
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get('location')).searchParams;
};

before(async () => {
  assert.ok(program, 'PATCHBAY_SANDBOX names the program');
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    deliveries.push({ path: request.url, headers: request.headers, body });
    response.end('{}');
    receiver.emit('delivery');
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  address = `http://127.0.0.1:${receiver.address().port}`;
  sandbox = spawn(program, ['--port', '0', '--clients', '100', '--seed', '5', '--webhook-target', address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  base = `http://127.0.0.1:${JSON.parse(line).port}`;
  auth = oauthClient();
  const { codeVerifier, codeChallenge } = await auth.generateCodeVerifierAsync();
  const back = await consent(auth, { code_challenge: codeChallenge, code_challenge_method: CodeChallengeMethod.S256 });
  const { tokens } = await auth.getToken({ code: back.get('code'), codeVerifier });
  assert.match(tokens.refresh_token, /^1\/\//);
  auth.setCredentials(tokens);
  const options = { auth, rootUrl: `${base}/`, retry: false };
  calendar = calendarOf({ version: 'v3', ...options });
  gmail = gmailOf({ version: 'v1', ...options });
  drive = driveOf({ version: 'v3', ...options });
});

after(() => {
  sandbox?.kill();
  receiver?.close();
});

test('PKCE is checked, refreshing keeps the refresh token, and the token tells its scopes', async () => {
  const client = oauthClient();
  const challenge = createHash('sha256').update('right').digest('base64url');
  const back = await consent(client, { code_challenge: challenge, code_challenge_method: CodeChallengeMethod.S256 });
  await assert.rejects(client.getToken({ code: back.get('code'), codeVerifier: 'wrong' }), /invalid_grant/);
  const { credentials } = await auth.refreshAccessToken();
  assert.ok(credentials.access_token && credentials.refresh_token);
  const info = await auth.getTokenInfo(credentials.access_token);
  assert.deepEqual(info.scopes.sort(), [...scopes].sort());
  assert.equal(info.email, 'owner@sandbox.example');
});

test('a refresh token comes with consent only, and single permissions can be unticked', async () => {
  const client = oauthClient();
  const again = await consent(client, { prompt: undefined });
  assert.equal((await client.getToken(again.get('code'))).tokens.refresh_token, undefined);
  const url = client.generateAuthUrl({ access_type: 'offline', prompt: 'consent', scope: scopes });
  const answer = await fetch(`${url}&auto=approve&granted=openid`, { redirect: 'manual' });
  const { tokens } = await client.getToken(new URL(answer.headers.get('location')).searchParams.get('code'));
  client.setCredentials(tokens);
  const narrow = calendarOf({ version: 'v3', auth: client, rootUrl: `${base}/`, retry: false });
  await assert.rejects(narrow.events.list({ calendarId: 'primary' }), (error) => {
    assert.equal(error.code, 403);
    assert.equal(error.errors[0].reason, 'insufficientPermissions');
    return true;
  });
});

test('events: pages, sync token, changes, deletions, full resync', async () => {
  const seen = [];
  let pageToken, syncToken;
  do {
    const { data } = await calendar.events.list({ calendarId: 'primary', maxResults: 7, pageToken });
    seen.push(...data.items);
    assert.ok(!(data.nextPageToken && data.nextSyncToken), 'one of both');
    ({ nextPageToken: pageToken, nextSyncToken: syncToken } = data);
  } while (pageToken);
  const truth = await control('truth/google/events');
  assert.deepEqual(new Set(seen.map((event) => event.id)), new Set(truth.data.map((event) => event.id)));
  const made = await calendar.events.insert({
    calendarId: 'primary',
    requestBody: { id: 'check00001', summary: 'Zoë', start: { dateTime: '2026-12-01T09:00:00Z' }, end: { dateTime: '2026-12-01T10:00:00Z' } },
  });
  await assert.rejects(
    calendar.events.insert({
      calendarId: 'primary',
      requestBody: { id: 'check00001', start: { date: '2026-12-01' }, end: { date: '2026-12-02' } },
    }),
    { code: 409 },
  );
  await assert.rejects(
    calendar.events.patch({ calendarId: 'primary', eventId: 'check00001', requestBody: { summary: 'x' } }, { headers: { 'If-Match': '"1"' } }),
    { code: 412 },
  );
  const moved = await calendar.events.patch(
    { calendarId: 'primary', eventId: 'check00001', requestBody: { start: { dateTime: '2026-12-01T09:30:00Z' } } },
    { headers: { 'If-Match': made.data.etag } },
  );
  assert.equal(moved.data.summary, 'Zoë');
  let delta = await calendar.events.list({ calendarId: 'primary', syncToken });
  assert.deepEqual(delta.data.items.map((event) => event.id), ['check00001']);
  await assert.rejects(calendar.events.list({ calendarId: 'primary', syncToken, timeMin: '2026-01-01T00:00:00Z' }), { code: 400 });
  await calendar.events.delete({ calendarId: 'primary', eventId: 'check00001' });
  await assert.rejects(calendar.events.delete({ calendarId: 'primary', eventId: 'check00001' }), { code: 410 });
  delta = await calendar.events.list({ calendarId: 'primary', syncToken: delta.data.nextSyncToken });
  assert.equal(delta.data.items[0].status, 'cancelled');
  await control('limits', { google: { forgetSyncTokens: true } });
  await assert.rejects(calendar.events.list({ calendarId: 'primary', syncToken: delta.data.nextSyncToken }), (error) => {
    assert.equal(error.code, 410);
    assert.equal(error.errors[0].reason, 'fullSyncRequired');
    return true;
  });
  const fresh = await calendar.events.list({ calendarId: 'primary', maxResults: 2500 });
  await calendar.events.list({ calendarId: 'primary', syncToken: fresh.data.nextSyncToken });
});

test('recurring events are a series or its instances; whole days end on the day after', async () => {
  await calendar.events.insert({
    calendarId: 'primary',
    requestBody: { id: 'series0001', summary: 'Weekly', recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'], start: { date: '2027-03-01' }, end: { date: '2027-03-02' } },
  });
  const window = { calendarId: 'primary', timeMin: '2027-02-01T00:00:00Z', timeMax: '2027-04-01T00:00:00Z', q: 'Weekly' };
  const { data } = await calendar.events.list({ ...window, singleEvents: true, orderBy: 'startTime' });
  assert.deepEqual(data.items.map((event) => event.start.date), ['2027-03-01', '2027-03-08', '2027-03-15']);
  assert.equal(data.items[1].id, 'series0001_20270308');
  assert.equal(data.items[1].recurringEventId, 'series0001');
  assert.equal((await calendar.events.list(window)).data.items.length, 1);
  await assert.rejects(
    calendar.events.insert({ calendarId: 'primary', requestBody: { start: { date: '2027-03-01' }, end: { date: '2027-03-01' } } }),
    { code: 400 },
  );
});

test('a channel tells of changes by headers alone', async () => {
  const id = randomBytes(16).toString('hex');
  const { data: channel } = await calendar.events.watch({
    calendarId: 'primary',
    requestBody: { id, type: 'web_hook', address: `${address}/channel`, token: 'secret-token', params: { ttl: '3600' } },
  });
  assert.equal(typeof channel.expiration, 'string');
  const first = await delivery((entry) => entry.headers['x-goog-channel-id'] === id);
  assert.equal(first.headers['x-goog-resource-state'], 'sync');
  assert.equal(first.headers['x-goog-message-number'], '1');
  assert.equal(first.headers['x-goog-channel-token'], 'secret-token');
  assert.equal(first.body, '');
  await control('google/events', { summary: 'Told', start: { dateTime: '2026-12-02T09:00:00Z' }, end: { dateTime: '2026-12-02T10:00:00Z' } });
  await delivery((entry) => entry.headers['x-goog-channel-id'] === id && entry.headers['x-goog-resource-state'] === 'exists');
  await calendar.channels.stop({ requestBody: { id, resourceId: channel.resourceId } });
  await assert.rejects(calendar.channels.stop({ requestBody: { id, resourceId: channel.resourceId } }), { code: 404 });
});

test('mails: lists, history, labels, sending', async () => {
  const { data: profile } = await gmail.users.getProfile({ userId: 'me' });
  assert.equal(profile.emailAddress, 'owner@sandbox.example');
  const { data: list } = await gmail.users.messages.list({ userId: 'me', maxResults: 3 });
  assert.equal(list.messages.length, 3);
  const { data: none } = await gmail.users.messages.list({ userId: 'me', q: 'subject:nobodywritesthis' });
  assert.equal(none.messages, undefined, 'left out where there are none');
  const { data: message } = await gmail.users.messages.get({ userId: 'me', id: list.messages[0].id });
  assert.equal(typeof message.internalDate, 'string');
  const mail = 'From: me@example.com\r\nTo: you@example.com\r\nSubject: =?UTF-8?B?w4RwcG9pbnRtZW50?=\r\nMessage-ID: <check@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHi ~ ¿? ü\r\n';
  const { data: sent } = await gmail.users.messages.send({ userId: 'me', requestBody: { raw: Buffer.from(mail).toString('base64url') } });
  assert.deepEqual(sent.labelIds, ['SENT']);
  const { data: read } = await gmail.users.messages.get({ userId: 'me', id: sent.id });
  assert.equal(Buffer.from(read.payload.body.data, 'base64url').toString(), 'Hi ~ ¿? ü\r\n');
  const { data: found } = await gmail.users.messages.list({ userId: 'me', q: 'rfc822msgid:check@example.com' });
  assert.deepEqual(found.messages.map((entry) => entry.id), [sent.id]);
  const { data: label } = await gmail.users.labels.create({ userId: 'me', requestBody: { name: 'Jobs' } });
  await gmail.users.messages.modify({ userId: 'me', id: sent.id, requestBody: { addLabelIds: [label.id] } });
  await gmail.users.messages.delete({ userId: 'me', id: sent.id });
  const { data: history } = await gmail.users.history.list({ userId: 'me', startHistoryId: profile.historyId });
  const kinds = history.history.flatMap((entry) => Object.keys(entry)).filter((key) => /Added|Deleted/.test(key));
  assert.deepEqual(kinds, ['messagesAdded', 'labelsAdded', 'messagesDeleted']);
  const { data: nothing } = await gmail.users.history.list({ userId: 'me', startHistoryId: history.historyId });
  assert.equal(nothing.history, undefined);
  await control('limits', { google: { forgetHistory: true } });
  await assert.rejects(gmail.users.history.list({ userId: 'me', startHistoryId: profile.historyId }), { code: 404 });
});

test('Pub/Sub pushes carry a token that the auth library verifies', async () => {
  await gmail.users.watch({ userId: 'me', requestBody: { topicName: 'projects/p/topics/t' } });
  const push = await delivery((entry) => entry.path === '/google' && entry.headers.authorization);
  const ticket = await auth.verifyIdToken({ idToken: push.headers.authorization.slice(7), audience: `${address}/google` });
  assert.equal(ticket.getPayload().email, 'gmail-push@sandbox.iam.gserviceaccount.com');
  assert.equal(ticket.getPayload().email_verified, true);
  await assert.rejects(auth.verifyIdToken({ idToken: push.headers.authorization.slice(7), audience: 'https://other' }), /audience/);
  const told = JSON.parse(Buffer.from(JSON.parse(push.body).message.data, 'base64'));
  assert.equal(told.emailAddress, 'owner@sandbox.example');
  await control('faults', { service: 'google', kind: 'webhook_bad_signature', match: 'gmail', count: 1 });
  deliveries.length = 0;
  await control('google/messages', { from: 'Ann <ann@example.com>', subject: 'Hi', text: 'Hello' });
  const forged = await delivery((entry) => entry.headers.authorization);
  await assert.rejects(auth.verifyIdToken({ idToken: forged.headers.authorization.slice(7), audience: `${address}/google` }), /signature/i);
  await gmail.users.stop({ userId: 'me' });
});

test('files: upload, fields, search, sharing, changes', async () => {
  const { data: start } = await drive.changes.getStartPageToken();
  const { data: ids } = await drive.files.generateIds({ count: 1 });
  const upload = () =>
    drive.files.create(
      {
        requestBody: { id: ids.ids[0], name: 'a.txt', parents: ['folder'] },
        media: { mimeType: 'text/plain', body: Readable.from(['héllo']) },
        fields: 'id,name,size',
      },
      { rootUrl: `${base}/` },
    );
  const { data: file } = await upload();
  assert.deepEqual(file, { id: ids.ids[0], name: 'a.txt', size: '6' });
  await assert.rejects(upload(), { code: 409 });
  const bare = await drive.files.get({ fileId: file.id });
  assert.deepEqual(Object.keys(bare.data).sort(), ['id', 'kind', 'mimeType', 'name'], 'without fields there is little');
  const { data: content } = await drive.files.get({ fileId: file.id, alt: 'media' });
  assert.equal(await new Response(content).text(), 'héllo');
  const { data: found } = await drive.files.list({ q: "'folder' in parents and trashed=false", fields: 'files(id,parents)' });
  assert.deepEqual(found.files, [{ id: file.id, parents: ['folder'] }]);
  await drive.permissions.create({ fileId: file.id, requestBody: { type: 'user', role: 'reader', emailAddress: 'ann@example.com' } });
  await drive.files.delete({ fileId: file.id });
  const { data: changes } = await drive.changes.list({ pageToken: start.startPageToken });
  assert.equal(changes.changes.at(-1).removed, true);
  assert.ok(changes.newStartPageToken);
});

test('a resumable upload goes on where it was cut', async () => {
  const token = (await auth.getAccessToken()).token;
  const body = Buffer.alloc(600_000, 7);
  const begun = await fetch(`${base}/google/upload/drive/v3/files?uploadType=resumable`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-upload-content-type': 'application/octet-stream' },
    body: JSON.stringify({ name: 'big.bin' }),
  });
  const session = begun.headers.get('location');
  const put = (headers, part) =>
    fetch(session, { method: 'PUT', redirect: 'manual', headers: { authorization: `Bearer ${token}`, ...headers }, body: part });
  const first = await put({ 'content-range': 'bytes 0-262143/600000' }, body.subarray(0, 262_144));
  assert.equal(first.status, 308);
  assert.equal(first.headers.get('range'), 'bytes=0-262143');
  const probe = await put({ 'content-range': 'bytes */600000' });
  assert.equal(probe.headers.get('range'), 'bytes=0-262143');
  const last = await put({ 'content-range': 'bytes 262144-599999/600000' }, body.subarray(262_144));
  assert.equal(last.status, 200);
  assert.equal((await put({ 'content-range': 'bytes */600000' })).status, 404, 'a session ends with its file');
});

test('limits are told by a reason, whatever the status', async () => {
  await control('faults', { service: 'google', match: 'GET calendar', kind: 'rate_limit', count: 1 });
  await assert.rejects(calendar.events.list({ calendarId: 'primary' }), (error) => {
    assert.equal(error.code, 403);
    assert.equal(error.errors[0].reason, 'userRateLimitExceeded');
    return true;
  });
  const { data } = await control('limits', { google: { calendarPerMinute: 1 } });
  await assert.rejects(calendar.events.list({ calendarId: 'primary' }), { code: 403 });
  assert.ok(data.google.callsOverLimit >= 0);
  const after = await control('limits');
  assert.ok(after.data.google.callsOverLimit >= 1);
});
