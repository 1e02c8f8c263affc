-- Appointments: when somebody is expected where. Columns are nullable where a calendar may not tell.
create table appointments (
  id uuid primary key,
  client_id uuid references clients (id),
  job_id uuid references jobs (id),
  technician_id uuid references users (id),
  title varchar(255),
  description text,
  type varchar(20) not null default 'ONSITE_VISIT',
  status varchar(20) not null default 'SCHEDULED',
  scheduled_start_at timestamptz,
  scheduled_end_at timestamptz,
  is_all_day boolean not null default false,
  time_zone varchar(64),
  actual_start_at timestamptz,
  actual_end_at timestamptz,
  location text,
  remote_session_url varchar(2000),
  attendees jsonb not null default '[]',
  organizer varchar(255),
  recurrence text[] not null default '{}',
  series_key varchar(255),
  customer_notes text,
  technician_notes text,
  completion_summary text,
  service_url text,
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create index appointments_updated on appointments (updated_at desc, id desc) where deleted_at is null;
create index appointments_created on appointments (created_at desc, id desc) where deleted_at is null;
create index appointments_client on appointments (client_id, updated_at desc, id desc);
create index appointments_job on appointments (job_id) where job_id is not null;
create index appointments_technician on appointments (technician_id, scheduled_start_at, id);
create index appointments_status on appointments (status, scheduled_start_at, id) where deleted_at is null;
create index appointments_type on appointments (type, scheduled_start_at, id) where deleted_at is null;
create index appointments_scheduled on appointments (scheduled_start_at, id) where deleted_at is null;
create index appointments_series on appointments (series_key) where series_key is not null;
create index appointments_delta on appointments (updated_at, id);
create index appointments_search on appointments using gin ((coalesce(title,'') || ' ' || coalesce(description,'') || ' ' || coalesce(location,'')) gin_trgm_ops);
