-- Users, sessions and the shared helpers.
create extension if not exists pg_trgm;

create table users (
  id uuid primary key,
  username varchar(50) not null,
  email varchar(255) not null,
  name varchar(100) not null,
  phone varchar(50),
  role varchar(20) not null,
  status varchar(20) not null default 'ACTIVE',
  client_id uuid,
  password_hash text,
  password_changed_at timestamptz,
  must_change_password boolean not null default false,
  email_verified boolean not null default false,
  preferences jsonb not null default '{}',
  last_login_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index users_email_key on users (lower(email)) where deleted_at is null;
create unique index users_username_key on users (lower(username)) where deleted_at is null;
create index users_client_id on users (client_id);
create index users_role on users (role);

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id),
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  user_agent text,
  address text
);
create index sessions_user on sessions (user_id, created_at desc);

-- Every refresh token ever given out in a session, hashed: a used one that comes again ends the whole session.
create table refresh_tokens (
  token_hash bytea primary key,
  session_id uuid not null references sessions (id) on delete cascade,
  created_at timestamptz not null default now(),
  used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

create table idempotency_keys (
  user_id uuid not null,
  route text not null,
  key varchar(255) not null,
  body_hash bytea not null,
  status smallint,           -- null: the first request is still under way
  response text,
  content_type text,
  created_at timestamptz not null default now(),
  primary key (user_id, route, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor_kind varchar(20) not null,   -- user, service, system
  actor_id text,
  action text not null,              -- login.failed, permission.refused, client.updated
  entity_kind text,
  entity_id uuid,
  address text,
  request_id text,
  details jsonb not null default '{}'
);
create index audit_log_at on audit_log (at desc);
create index audit_log_entity on audit_log (entity_kind, entity_id, at desc);
