-- Messages that the hub sends: which provider took one, why none did, and what is on its way.
alter table messages add column provider varchar(160);
alter table messages add column failure_reason varchar(500);
create index messages_to_address on messages (to_address, sent_at desc) where direction = 'outbound';

create table message_sends (
  message_id uuid primary key references messages (id),
  request jsonb not null,                 -- what is to be sent; emptied when it is over
  refused jsonb not null default '{}',    -- provider → why it does not take this message
  provider varchar(160),                  -- whose try may have succeeded
  tried_at timestamptz,                   -- when its first such try began: it is looked for since then before another
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
