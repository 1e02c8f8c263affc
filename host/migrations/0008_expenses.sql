-- What the business spends, as Jobber and QuickBooks keep it.
create table expenses (
  id uuid primary key,
  client_id uuid references clients (id),
  job_id uuid references jobs (id),
  title varchar(255),
  vendor varchar(255),
  category varchar(255),
  status varchar(20) not null default 'paid',
  currency char(3) not null default 'USD',
  amount numeric(19,4) not null,
  balance numeric(19,4),
  method varchar(50),
  reference varchar(255),
  spent_at timestamptz,
  due_date timestamptz,
  notes text,
  service_status varchar(50),
  owners jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);

create index expenses_updated on expenses (updated_at desc, id desc) where deleted_at is null;
create index expenses_created on expenses (created_at desc, id desc) where deleted_at is null;
create index expenses_client on expenses (client_id, updated_at desc, id desc);
create index expenses_job on expenses (job_id) where job_id is not null;
create index expenses_vendor on expenses (vendor) where vendor is not null;
create index expenses_category on expenses (category) where category is not null;
create index expenses_status on expenses (status, updated_at desc, id desc) where deleted_at is null;
create index expenses_method on expenses (method, updated_at desc, id desc) where deleted_at is null;
create index expenses_reference on expenses (reference) where reference is not null;
create index expenses_spent on expenses (spent_at desc, id desc) where deleted_at is null;
create index expenses_due on expenses (due_date, id) where deleted_at is null;
create index expenses_delta on expenses (updated_at, id);
create index expenses_search on expenses using gin ((coalesce(title,'') || ' ' || coalesce(vendor,'') || ' ' || coalesce(category,'') || ' ' || coalesce(reference,'')) gin_trgm_ops);
