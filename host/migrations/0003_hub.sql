-- Connections, links, sync, the one work table and the outbox.
create table connections (
  id uuid primary key,
  connector varchar(50) not null,
  name varchar(100) not null,
  state varchar(20) not null default 'new',   -- new, connected, needs_reauth, disconnected
  state_reason text,
  account_id varchar(255),
  account_name varchar(255),
  options jsonb not null default '{}',
  credentials text,                           -- sealed JSON (SecretBox, context "connection:<id>")
  tokens text,                                -- sealed JSON {accessToken, refreshToken, expiresAt}
  token_version bigint not null default 0,    -- moves with every refresh: who waited sees that somebody else did it
  token_expires_at timestamptz,
  plugin_state jsonb not null default '{}',
  sync_interval_seconds integer,              -- null: sync.default_interval
  next_sync_at timestamptz,
  last_sync_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index connections_name on connections (connector, lower(name)) where deleted_at is null;
create index connections_due on connections (next_sync_at) where deleted_at is null and state = 'connected';

-- Refresh journal: a token that was asked for and never stored is known after a crash.
create table token_journal (
  id bigint generated always as identity primary key,
  connection_id uuid not null references connections (id),
  at timestamptz not null default now(),
  outcome varchar(20) not null,   -- started, stored, refused, failed
  detail text
);
create index token_journal_connection on token_journal (connection_id, id desc);

-- Pending OAuth authorisations (state parameter).
create table oauth_states (
  state_hash bytea primary key,
  connection_id uuid not null references connections (id),
  user_id uuid not null,
  verifier text,
  expires_at timestamptz not null
);

-- The tie between an entity and a record of a service.
create table entity_links (
  connection_id uuid not null references connections (id),
  resource varchar(50) not null,
  external_id varchar(255) not null,
  service varchar(50) not null,
  entity_kind varchar(30) not null,
  entity_id uuid not null,
  remote_version text,
  fingerprint bytea,              -- of the mapped values last applied; equal: nothing to do
  sync_error text,
  pending_fields text[] not null default '{}',  -- changed in the hub, on their way to the service: not overwritten meanwhile
  pending_version bigint not null default 0,    -- the entity's version of the last such change
  hub_version bigint not null default 0,        -- the entity's version that the service was last told
  last_seen_at timestamptz not null default now(),
  state_at timestamptz,           -- the service's time of the state last applied: an older webhook snapshot is not applied over it
  deleted_at timestamptz,         -- the service deleted the record
  primary key (connection_id, resource, external_id)
) with (fillfactor = 85);
create index entity_links_entity on entity_links (entity_kind, entity_id);

-- A record that could belong to several entities: reported, never merged silently.
create table identity_conflicts (
  id uuid primary key,
  connection_id uuid not null references connections (id),
  resource varchar(50) not null,
  external_id varchar(255) not null,
  entity_kind varchar(30) not null,
  entity_id uuid not null,        -- the entity made for the record
  candidates uuid[] not null,
  matched_by varchar(20) not null,
  resolved_at timestamptz,
  created_at timestamptz not null default now(),
  unique (connection_id, resource, external_id)
);
create index identity_conflicts_open on identity_conflicts (created_at desc) where resolved_at is null;

-- A reference to a record that has not arrived yet; filled when it does.
create table sync_pending_references (
  connection_id uuid not null references connections (id),
  resource varchar(50) not null,
  external_id varchar(255) not null,
  field varchar(50) not null,
  target_resource varchar(50) not null,
  target_external_id varchar(255) not null,
  primary key (connection_id, resource, external_id, field)
);
create index sync_pending_references_target on sync_pending_references (connection_id, target_resource, target_external_id);

-- A record that the hub is creating in a service right now: its echo may come before the service's answer does.
create table sync_creates_under_way (
  connection_id uuid not null references connections (id),
  entity_kind varchar(30) not null,
  entity_id uuid not null,
  resource varchar(50) not null,
  keys text[] not null,           -- lower-case e-mail, phone, name or title
  request text not null,          -- what was sent: a repeat sends the very same
  entity_version bigint not null,
  started_at timestamptz not null default now(),
  primary key (connection_id, entity_kind, entity_id)
);

-- Which records a full run has seen, a page a row: what was not seen is gone, where the service does not report deletions.
create table sync_seen_pages (
  run_id uuid not null,
  resource varchar(50) not null,
  id bigint generated always as identity,
  external_ids text[] not null,
  primary key (run_id, resource, id)
);

-- New records of a full run whose e-mail or phone an entity has already: whether the match is the only one is known when all
-- records of the resource have been seen.
create table sync_deferred_records (
  run_id uuid not null,
  resource varchar(50) not null,
  external_id varchar(255) not null,
  matched_by varchar(20) not null,
  key text not null,
  record text not null,
  applied boolean not null default false,
  primary key (run_id, resource, external_id)
);
create index sync_deferred_records_key on sync_deferred_records (run_id, resource, matched_by, key);

create table sync_checkpoints (
  connection_id uuid not null references connections (id),
  resource varchar(50) not null,
  checkpoint text not null default '',      -- where the next incremental run starts
  run_id uuid,                              -- the run that is under way on this resource
  page_cursor text not null default '',     -- next page of that run
  listed boolean not null default false,    -- that run has seen every page; what it has not seen may be gone
  resource_done boolean not null default false,
  updated_at timestamptz not null default now(),
  primary key (connection_id, resource)
);

create table sync_runs (
  id uuid primary key,
  connection_id uuid not null references connections (id),
  mode varchar(20) not null,
  resources text[] not null default '{}',
  dry_run boolean not null default false,
  trigger varchar(20) not null,             -- schedule, api, cli, webhook, connect
  tick timestamptz,                         -- schedule ticks happen once: unique with the connection
  state varchar(20) not null default 'queued',
  counts jsonb not null default '{"created":0,"updated":0,"unchanged":0,"deleted":0,"failed":0,"merged":0}',
  progress jsonb not null default '{}',
  cancel_requested boolean not null default false,
  rate_limit_waits_count integer not null default 0,
  rate_limit_wait_ms bigint not null default 0,
  error jsonb,
  created_by uuid,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create unique index sync_runs_tick on sync_runs (connection_id, tick) where tick is not null;
create index sync_runs_created on sync_runs (created_at desc, id desc);
create index sync_runs_connection on sync_runs (connection_id, created_at desc);

create table sync_log (
  id bigint generated always as identity primary key,
  run_id uuid,
  connection_id uuid,
  service varchar(50) not null,
  operation varchar(50) not null,           -- create, update, delete, merge, link
  resource_type varchar(50),
  resource_id varchar(255),
  entity_id uuid,
  status varchar(50) not null,              -- success, failed, skipped
  error_message text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index sync_log_created on sync_log (id desc);
create index sync_log_run on sync_log (run_id, id);
create index sync_log_status on sync_log (status, id desc) where status <> 'success';
create index sync_log_resource on sync_log (service, resource_type, resource_id, id desc);

-- The one work mechanism: webhook receipts, sync runs, write-backs, later deliveries. A row with lease and claim id here, its id
-- on the road (a Redis stream), a sweeper for what fell off it.
create table work_items (
  id bigint generated always as identity primary key,
  kind varchar(30) not null,                -- webhook, sync, writeback
  connection_id uuid,
  lane_key text not null,                   -- one row of a key at most is claimed at a time
  dedupe_key text,
  state varchar(10) not null default 'due', -- due, claimed, done, dead
  topic text,                               -- webhook: the service's topic
  headers jsonb,                            -- webhook: as received, without secrets
  body bytea,                               -- webhook: raw bytes
  payload jsonb not null default '{}',
  outcome text,                             -- done: applied, unchanged, ignored, …
  attempts integer not null default 0,
  again boolean not null default false,     -- a repeat came while it was worked on: due again when done
  due_at timestamptz not null default now(),
  claim_id uuid,
  claimed_until timestamptz,
  lane_seat smallint not null default 0,    -- rows of one lane in one claim sit behind each other; two claims would both want seat 0
  last_error jsonb,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
alter table work_items alter column body set compression lz4;
create unique index work_items_dedupe on work_items (kind, dedupe_key) where dedupe_key is not null;
create unique index work_items_lane on work_items (lane_key, lane_seat) where state = 'claimed';
create index work_items_due on work_items (due_at, id) where state = 'due';
create index work_items_claimed on work_items (claimed_until) where state = 'claimed';
create index work_items_dead on work_items (id desc) where state = 'dead';
alter table work_items set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05,
                            autovacuum_vacuum_cost_delay = 0);

-- What went in and what retention took out, counted in the same statement: with the rows by state they must balance.
create table work_counters (
  kind varchar(30) not null,
  stage varchar(20) not null,               -- stored, removed
  shard smallint not null,                  -- writers spread over rows, so that they do not wait for each other
  count bigint not null default 0,
  primary key (kind, stage, shard)
) with (fillfactor = 50);

-- What happened, in one transaction with the change itself. Readers go by (xid, id) below the oldest running transaction, so
-- that no event is skipped whatever order transactions commit in.
create table outbox (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  topic varchar(30) not null,               -- clients, jobs, …
  action varchar(50) not null,              -- client.created, job.status_changed
  entity_kind varchar(30) not null,
  entity_id uuid not null,
  origin varchar(10) not null,              -- api, sync, system
  origin_connection uuid,                   -- sync: whose record it was (no echo back to it)
  actor_id text,
  changed_fields text[] not null default '{}',
  data jsonb not null,                      -- the row as staff sees it, without what nobody may see
  visibility jsonb not null default '{}',   -- what the row filters need: clientId, assignedTo, status, furthestStatus
  at timestamptz not null default now(),
  primary key (xid, id)
);
-- Few rows: what people changed, looked up by sync to leave alone what is still on its way to a service.
create index outbox_api on outbox (entity_id) where origin = 'api';

-- How far each shared sink has come (websocket sockets keep their own position).
create table event_sinks (
  name varchar(30) primary key,
  xid xid8 not null,
  id bigint not null,
  updated_at timestamptz not null default now()
);

create table mappings (
  connector varchar(50) not null,
  version integer not null,
  content text not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (connector, version)
);
