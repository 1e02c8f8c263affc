// Slack's own SDKs against the sandbox: @slack/web-api calls it, and @slack/bolt verifies and takes what it sends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import bolt from '@slack/bolt';
import { ErrorCode, WebClient } from '@slack/web-api';

const program = process.env.PATCHBAY_SANDBOX;
const signingSecret = 'sdk-check-signing-secret';
const seen = [];
let sandbox, app, base, slack, general;

const control = async (method, path, body) => {
  const response = await fetch(`${base}/_sandbox/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()).data;
};

/** What bolt was given and `wanted` accepts; waits at most 15 seconds. */
const arrival = async (wanted) => {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = seen.find(wanted);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`bolt was not given it in time; it has ${JSON.stringify(seen.map((one) => one.kind))}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

before(async () => {
  assert.ok(program, 'PATCHBAY_SANDBOX names the program');
  sandbox = spawn(program, ['--port', '0', '--clients', '200', '--slack-signing-secret', signingSecret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const about = JSON.parse(line);
  base = `http://127.0.0.1:${about.port}`;
  const slackApiUrl = `${base}/slack/api/`;
  slack = new WebClient(about.slackBotToken, { slackApiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true });
  app = new bolt.App({
    token: about.slackBotToken, signingSecret, endpoints: ['/hooks/slack'], clientOptions: { slackApiUrl }, logLevel: bolt.LogLevel.ERROR,
  });
  app.message(async ({ message }) => void seen.push({ kind: 'message', message }));
  app.event('app_mention', async ({ event }) => void seen.push({ kind: 'app_mention', event }));
  app.event('reaction_added', async ({ event }) => void seen.push({ kind: 'reaction_added', event }));
  app.command('/patchbay', async ({ command, ack }) => {
    seen.push({ kind: 'command', command });
    await ack({ response_type: 'ephemeral', text: `you asked: ${command.text}` });
  });
  app.action('approve', async ({ action, body, ack }) => {
    await ack();
    seen.push({ kind: 'action', action, body });
  });
  const server = await app.start({ port: 0, host: '127.0.0.1' });
  await control('POST', 'webhooks', { service: 'slack', target: `http://127.0.0.1:${server.address().port}/hooks` });
  general = (await control('GET', 'truth/slack/channels')).find((channel) => channel.name === 'general').id;
});

after(async () => {
  await app?.stop();
  if (!sandbox) return;
  sandbox.kill('SIGTERM');
  const [code] = await once(sandbox, 'exit');
  assert.equal(code, 0, 'SIGTERM ends the sandbox cleanly');
});

test('web-api: who we are, and an error as the SDK knows it', async () => {
  const who = await slack.auth.test();
  assert.equal(who.team_id, 'T0SANDBOX');
  assert.ok(who.bot_id && who.user_id);
  await assert.rejects(new WebClient('xoxb-wrong', { slackApiUrl: `${base}/slack/api/` }).auth.test(), (error) => {
    assert.equal(error.code, ErrorCode.PlatformError);
    assert.equal(error.data.error, 'invalid_auth');
    return true;
  });
});

test('web-api: pagination walks every channel, person and message once', async () => {
  const channels = [], people = [], messages = [];
  for await (const page of slack.paginate('conversations.list', { limit: 3, types: 'public_channel,private_channel' }))
    channels.push(...page.channels);
  for await (const page of slack.paginate('users.list', { limit: 4 })) people.push(...page.members.map((user) => user.id));
  for await (const page of slack.paginate('conversations.history', { channel: general, limit: 7 })) messages.push(...page.messages);
  assert.equal(new Set(people).size, people.length);
  assert.equal(people.length, (await control('GET', 'truth/slack/users')).length);
  assert.equal(new Set(messages.map((message) => message.ts)).size, messages.length);
  assert.ok(messages.length > 20);
  assert.ok(channels.some((channel) => channel.is_private && channel.is_member));
});

test('web-api: post with blocks, answer in the thread, change, react, delete', async () => {
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*Hi*' } }];
  const posted = await slack.chat.postMessage({ channel: '#general', text: 'Hi', blocks, metadata: { event_type: 'check', event_payload: { key: '1' } } });
  assert.equal(posted.channel, general);
  assert.deepEqual(posted.message.blocks, blocks);
  const reply = await slack.chat.postMessage({ channel: general, text: 'in the thread', thread_ts: posted.ts });
  const thread = await slack.conversations.replies({ channel: general, ts: posted.ts, include_all_metadata: true });
  assert.deepEqual(thread.messages.map((message) => message.ts), [posted.ts, reply.ts]);
  assert.equal(thread.messages[0].metadata.event_payload.key, '1');
  await slack.chat.update({ channel: general, ts: posted.ts, text: 'Changed' });
  await slack.reactions.add({ channel: general, timestamp: posted.ts, name: 'eyes' });
  await assert.rejects(slack.reactions.add({ channel: general, timestamp: posted.ts, name: 'eyes' }), /already_reacted/);
  const one = await slack.conversations.history({ channel: general, latest: posted.ts, inclusive: true, limit: 1 });
  assert.equal(one.messages[0].text, 'Changed');
  assert.equal(one.messages[0].reactions[0].count, 1);
  await slack.chat.delete({ channel: general, ts: reply.ts });
  assert.equal((await slack.conversations.replies({ channel: general, ts: posted.ts })).messages.length, 1);
});

test('web-api: a file in three steps', async () => {
  const uploaded = await slack.files.uploadV2({ channel_id: general, filename: 'plan.txt', content: 'the plan', initial_comment: 'see the plan' });
  const file = uploaded.files[0].files[0];
  const [kept] = (await control('GET', 'truth/slack/files')).filter((one) => one.id === file.id);
  assert.equal(kept.size, 8);
  const history = await slack.conversations.history({ channel: general, limit: 1 });
  assert.equal(history.messages[0].files[0].id, file.id);
});

test('web-api: rate limits name the time to wait', async () => {
  await control('POST', 'faults', { service: 'slack', kind: 'rate_limit', count: 1 });
  await assert.rejects(slack.users.list({ limit: 1 }), (error) => {
    assert.equal(error.code, ErrorCode.RateLimitedError);
    assert.equal(error.retryAfter, 1);
    return true;
  });
});

test('web-api: OAuth v2, with and without rotation', async () => {
  const redirect_uri = 'http://127.0.0.1/back';
  const anonymous = new WebClient(undefined, { slackApiUrl: `${base}/slack/api/` });
  const code = async () => {
    const query = new URLSearchParams({ client_id: 'slack-sandbox-client', scope: 'chat:write,users:read', redirect_uri, state: 's', auto: 'approve' });
    const page = await fetch(`${base}/slack/oauth/v2/authorize?${query}`, { redirect: 'manual' });
    return new URL(page.headers.get('location')).searchParams.get('code');
  };
  const credentials = { client_id: 'slack-sandbox-client', client_secret: 'slack-sandbox-secret' };
  const plain = await anonymous.oauth.v2.access({ ...credentials, code: await code(), redirect_uri });
  assert.equal(plain.token_type, 'bot');
  assert.equal(plain.expires_in, undefined);
  assert.notEqual(plain.authed_user.access_token, plain.access_token);
  await control('POST', 'limits', { slack: { rotation: true } });
  const first = await anonymous.oauth.v2.access({ ...credentials, code: await code(), redirect_uri });
  assert.equal(first.expires_in, 43200);
  const second = await anonymous.oauth.v2.access({ ...credentials, grant_type: 'refresh_token', refresh_token: first.refresh_token });
  assert.equal((await new WebClient(second.access_token, { slackApiUrl: `${base}/slack/api/` }).auth.test()).ok, true);
  await control('POST', 'limits', { slack: { rotation: false } });
});

test('bolt: takes messages, mentions and reactions that the sandbox signed', async () => {
  const said = await control('POST', 'slack/messages', { channel: 'general', user: 'U0SOMEBODY', text: 'café & <@U0SANDBOXBOT> jobs today' });
  const message = await arrival((one) => one.kind === 'message' && one.message.ts === said.ts);
  assert.equal(message.message.text, 'café & <@U0SANDBOXBOT> jobs today');
  assert.equal((await arrival((one) => one.kind === 'app_mention' && one.event.ts === said.ts)).event.user, 'U0SOMEBODY');
  await control('PATCH', `slack/messages/${said.id}`, { react: 'eyes', user: 'U0SOMEBODY' });
  assert.equal((await arrival((one) => one.kind === 'reaction_added' && one.event.item.ts === said.ts)).event.reaction, 'eyes');
});

test('bolt: takes the command and the button, and its answer comes back', async () => {
  await control('POST', 'slack/commands', { user: 'U0SOMEBODY', channel: general, text: 'invoice 17 & more' });
  assert.equal((await arrival((one) => one.kind === 'command')).command.text, 'invoice 17 & more');
  await control('POST', 'slack/interactions', { user: 'U0SOMEBODY', action: 'approve', value: 'yes' });
  assert.equal((await arrival((one) => one.kind === 'action')).action.value, 'yes');
  const told = async () => (await control('GET', 'deliveries?service=slack&limit=50')).find((one) => one.topic === 'slash_command' && one.status === 'delivered');
  let delivery;
  for (const deadline = Date.now() + 10_000; !(delivery = await told()) && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(delivery.lastBody, /you asked: invoice 17/);
});

test('bolt: refuses a signature that is not ours', async () => {
  await control('POST', 'faults', { service: 'slack', kind: 'webhook_bad_signature', count: 1 });
  const said = await control('POST', 'slack/messages', { channel: 'general', user: 'U0SOMEBODY', text: 'forged at first' });
  await arrival((one) => one.kind === 'message' && one.message.ts === said.ts);
  const delivery = (await control('GET', 'deliveries?service=slack&limit=50')).at(-1);
  assert.ok(delivery.attempts >= 2, 'the first try was refused');
});
