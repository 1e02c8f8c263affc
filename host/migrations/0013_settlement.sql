-- What an invoice's own service says is left to pay, beside what is left after payments that reached the hub another way.
alter table invoices add column service_balance numeric(19,4);
-- What a payer's bank holds back or has taken back of a payment.
alter table payments add column disputed_amount numeric(19,4) not null default 0;
