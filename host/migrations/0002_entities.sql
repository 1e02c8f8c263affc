-- The unified model. Every entity: id, version (ETag), owners (which connection a field's value came from), created_at,
-- updated_at, deleted_at (soft delete). updated_at moves on a change only.
create table clients (
  id uuid primary key,
  name varchar(255) not null,
  type varchar(20) not null default 'INDIVIDUAL',
  email varchar(255),
  phone varchar(50),
  phone_e164 varchar(20),
  address jsonb,
  billing_address jsonb,
  status varchar(20) not null default 'ACTIVE',
  lifecycle_stage varchar(20) not null default 'active',
  tags text[] not null default '{}',
  custom_fields jsonb not null default '{}',
  notes text,
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
alter table users add foreign key (client_id) references clients (id);

create table estimates (
  id uuid primary key,
  client_id uuid references clients (id),
  number varchar(100),
  title varchar(255),
  status varchar(20) not null default 'draft',
  currency char(3) not null default 'USD',
  subtotal numeric(19,4),
  tax numeric(19,4),
  total numeric(19,4),
  line_items jsonb not null default '[]',
  notes text,
  sent_at timestamptz,
  valid_until timestamptz,
  approved_at timestamptz,
  declined_at timestamptz,
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table jobs (
  id uuid primary key,
  client_id uuid references clients (id),
  estimate_id uuid references estimates (id),
  number varchar(100),
  title varchar(255) not null,
  description text,
  status varchar(50) not null default 'tentative',
  furthest_status varchar(50) not null default 'tentative',  -- decides who sees a cancelled job (G-23)
  priority varchar(20) not null default 'MEDIUM',
  scheduled_start timestamptz,
  scheduled_end timestamptz,
  actual_start timestamptz,
  actual_end timestamptz,
  currency char(3) not null default 'USD',
  estimated_revenue numeric(19,4),
  actual_revenue numeric(19,4),
  assigned_to uuid[] not null default '{}',
  tags text[] not null default '{}',
  custom_fields jsonb not null default '{}',
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table job_notes (
  id uuid primary key,
  job_id uuid not null references jobs (id),
  author_id uuid references users (id),
  body text not null,
  is_internal boolean not null default true,
  created_at timestamptz not null default now()
);
create index job_notes_job on job_notes (job_id, created_at);

create table invoices (
  id uuid primary key,
  client_id uuid references clients (id),
  job_id uuid references jobs (id),
  estimate_id uuid references estimates (id),
  number varchar(100),
  subject varchar(255),
  status varchar(20) not null default 'draft',
  currency char(3) not null default 'USD',
  subtotal numeric(19,4),
  tax numeric(19,4),
  total_amount numeric(19,4) not null default 0,
  balance numeric(19,4) not null default 0,
  line_items jsonb not null default '[]',
  notes text,
  issued_at timestamptz,
  due_date timestamptz,
  payment_date timestamptz,
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table payments (
  id uuid primary key,
  client_id uuid references clients (id),
  invoice_id uuid references invoices (id),
  job_id uuid references jobs (id),
  kind varchar(20) not null default 'payment',  -- payment, refund (negative amount)
  amount numeric(19,4) not null,
  refunded_amount numeric(19,4) not null default 0,
  currency char(3) not null default 'USD',
  method varchar(50),
  status varchar(30) not null default 'pending',
  reference varchar(255),
  paid_at timestamptz,
  notes text,
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create table messages (
  id uuid primary key,
  client_id uuid references clients (id),
  job_id uuid references jobs (id),
  channel varchar(50) not null,
  direction varchar(10) not null,
  from_address varchar(255),
  to_address varchar(255),
  subject text,
  body text,
  status varchar(50) not null default 'queued',
  thread_key varchar(255),
  is_internal boolean not null default false,
  delivered_at timestamptz,
  read_at timestamptz,
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

-- Who moved what from where to where, when and why. For every entity with a state machine.
create table status_history (
  id bigint generated always as identity primary key,
  entity_kind varchar(30) not null,
  entity_id uuid not null,
  from_status varchar(50),
  to_status varchar(50) not null,
  actor_kind varchar(20) not null,   -- user, service, system
  actor_id text,
  reason text,
  at timestamptz not null default now()
);
create index status_history_entity on status_history (entity_kind, entity_id, id);

create table service_history (
  id uuid primary key,
  client_id uuid references clients (id),
  job_id uuid not null unique references jobs (id),
  title varchar(255) not null,
  completed_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index service_history_client on service_history (client_id, completed_at desc);

-- Every list that the API offers has an index that serves it at a million rows: default order, cursor, filter, search.
create index clients_updated on clients (updated_at desc, id desc) where deleted_at is null;
create index clients_created on clients (created_at desc, id desc) where deleted_at is null;
create index clients_name on clients (name, id) where deleted_at is null;
create index clients_status on clients (status, updated_at desc, id desc) where deleted_at is null;
create index clients_type on clients (type, updated_at desc, id desc) where deleted_at is null;
create index clients_lifecycle on clients (lifecycle_stage, updated_at desc, id desc) where deleted_at is null;
create index clients_email on clients (lower(email));
create index clients_phone on clients (phone_e164) where phone_e164 is not null;
create index clients_tags on clients using gin (tags);
create index clients_search on clients using gin ((coalesce(name,'') || ' ' || coalesce(email,'') || ' ' || coalesce(phone,'') || ' ' || coalesce(phone_e164,'')) gin_trgm_ops);
create index clients_delta on clients (updated_at, id);

create index estimates_updated on estimates (updated_at desc, id desc) where deleted_at is null;
create index estimates_created on estimates (created_at desc, id desc) where deleted_at is null;
create index estimates_client on estimates (client_id, updated_at desc, id desc);
create index estimates_status on estimates (status, updated_at desc, id desc) where deleted_at is null;
create index estimates_number on estimates (number) where number is not null;
create index estimates_delta on estimates (updated_at, id);
create index estimates_search on estimates using gin ((coalesce(number,'') || ' ' || coalesce(title,'')) gin_trgm_ops);

create index jobs_updated on jobs (updated_at desc, id desc) where deleted_at is null;
create index jobs_created on jobs (created_at desc, id desc) where deleted_at is null;
create index jobs_client on jobs (client_id, updated_at desc, id desc);
create index jobs_status on jobs (status, updated_at desc, id desc) where deleted_at is null;
create index jobs_priority on jobs (priority, updated_at desc, id desc) where deleted_at is null;
create index jobs_estimate on jobs (estimate_id) where estimate_id is not null;
create index jobs_number on jobs (number) where number is not null;
create index jobs_scheduled on jobs (scheduled_start, id) where deleted_at is null;
create index jobs_assigned on jobs using gin (assigned_to);
create index jobs_tags on jobs using gin (tags);
create index jobs_delta on jobs (updated_at, id);
create index jobs_search on jobs using gin ((coalesce(number,'') || ' ' || coalesce(title,'') || ' ' || coalesce(description,'')) gin_trgm_ops);

create index invoices_updated on invoices (updated_at desc, id desc) where deleted_at is null;
create index invoices_created on invoices (created_at desc, id desc) where deleted_at is null;
create index invoices_client on invoices (client_id, updated_at desc, id desc);
create index invoices_job on invoices (job_id) where job_id is not null;
create index invoices_status on invoices (status, updated_at desc, id desc) where deleted_at is null;
create index invoices_estimate on invoices (estimate_id) where estimate_id is not null;
create index invoices_number on invoices (number) where number is not null;
create index invoices_issued on invoices (issued_at desc, id desc) where deleted_at is null;
create index invoices_due on invoices (due_date, id) where deleted_at is null;
create index invoices_delta on invoices (updated_at, id);
create index invoices_search on invoices using gin ((coalesce(number,'') || ' ' || coalesce(subject,'')) gin_trgm_ops);

create index payments_updated on payments (updated_at desc, id desc) where deleted_at is null;
create index payments_created on payments (created_at desc, id desc) where deleted_at is null;
create index payments_client on payments (client_id, updated_at desc, id desc);
create index payments_invoice on payments (invoice_id) where invoice_id is not null;
create index payments_job on payments (job_id) where job_id is not null;
create index payments_status on payments (status, updated_at desc, id desc) where deleted_at is null;
create index payments_kind on payments (kind, updated_at desc, id desc) where deleted_at is null;
create index payments_method on payments (method, updated_at desc, id desc) where deleted_at is null;
create index payments_reference on payments (reference) where reference is not null;
create index payments_paid on payments (paid_at desc, id desc) where deleted_at is null;
create index payments_delta on payments (updated_at, id);
create index payments_search on payments using gin ((coalesce(reference,'') || ' ' || coalesce(method,'')) gin_trgm_ops);

create index messages_updated on messages (updated_at desc, id desc) where deleted_at is null;
create index messages_created on messages (created_at desc, id desc) where deleted_at is null;
create index messages_client on messages (client_id, created_at desc, id desc);
create index messages_job on messages (job_id) where job_id is not null;
create index messages_direction on messages (direction, created_at desc, id desc) where deleted_at is null;
create index messages_status on messages (status, created_at desc, id desc) where deleted_at is null;
create index messages_channel on messages (channel, created_at desc, id desc) where deleted_at is null;
create index messages_thread on messages (thread_key, created_at desc);
create index messages_delta on messages (updated_at, id);
create index messages_search on messages using gin ((coalesce(subject,'') || ' ' || coalesce(from_address,'') || ' ' || coalesce(to_address,'')) gin_trgm_ops);
