-- When a message was said is not when the hub came to know it, and what people answered it with by a symbol.
alter table messages add column sent_at timestamptz default now();
alter table messages add column reactions jsonb;
update messages set sent_at = created_at;
create index messages_sent on messages (sent_at desc, id desc) where deleted_at is null;
