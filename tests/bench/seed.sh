#!/bin/bash
# seed.sh PROGRAM: the hub's tables with the same 100,000 clients that the peers have, and one Stripe connection.
set -euo pipefail
PROGRAM=$1
mkdir -p "$PATCHBAY_VAR_DIR"
"$PROGRAM" migrate >/dev/null
# The peers keep ids of services in a column; here they are links, which a read then has to collect.
psql -q -d "bench_tpl_$ROWS" -c "copy (select id, name, email, phone, phone, address, tags, created_at, updated_at from clients) to stdout" |
  psql -q -c "copy clients (id, name, email, phone, phone_e164, address, tags, created_at, updated_at) from stdin"
"$PROGRAM" serve >"$BENCH_DIR/hub-seed.log" 2>&1 &
HUB=$!
trap 'kill $HUB 2>/dev/null; wait $HUB 2>/dev/null || true' EXIT
BASE=http://127.0.0.1:$PATCHBAY_HTTP_PORT
for _ in $(seq 200); do curl -sf -o /dev/null "$BASE/health/ready" && break; sleep 0.05; done
TOKEN=$(curl -sf "$BASE/api/v1/auth/login" -H 'Content-Type: application/json' \
  -d "{\"email\":\"$PATCHBAY_ADMIN_EMAIL\",\"password\":\"$PATCHBAY_ADMIN_PASSWORD\"}" | jq -r .data.token)
CONNECTION=$(curl -sf "$BASE/api/v1/connections" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "{\"connector\":\"stripe\",\"name\":\"main\",
  \"options\":{\"apiBase\":\"http://127.0.0.1:9\",\"fetchLatest\":false,\"writeBack\":\"none\"},
  \"credentials\":{\"secretKey\":\"sk_test_bench\",\"webhookSecret\":\"$WEBHOOK_SECRET\"}}" | jq -r .data.id)
psql -q -v connection="$CONNECTION" <<'SQL'
insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id)
select :'connection', 'customers', 'cus_' || md5(id::text), 'stripe', 'client', id from clients;
SQL
psql -q -c 'vacuum analyze'
