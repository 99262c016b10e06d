#!/usr/bin/env bash
# operate.sh BINARY: starts a server, loads it, and does everything that an
# operator does while it serves. Then it restores the backup that was made
# meanwhile, and asks for everything that was acknowledged before it began.
# Prints a line for each thing done; the first that fails ends it.
set -euo pipefail

kunci=$(realpath "$1")
dir=$(mktemp -d)
cd "$dir"
pids=()
finish() {
	local status=$?
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
	[ "$status" = 0 ] || tail -n 3 serve.log restored.log 2>/dev/null || true
	rm -rf "$dir"
	exit "$status"
}
trap finish EXIT

# can does something that must go well and say what is asked for.
can() {
	local pattern=$1 out
	shift
	if ! out=$("$@" </dev/stdin 2>&1) || ! grep -qE -- "$pattern" <<<"$out"; then
		printf 'FAILED: %s\nwanted: %s\ngot: %s\n' "$*" "$pattern" "$out" >&2
		return 1
	fi
	printf 'ok  %s\n' "$(tail -n 1 <<<"$out" | cut -c 1-100)"
}

# cannot does something that must be refused, with a way out, and exit 1 or 2.
cannot() {
	local pattern=$1 out status=0
	shift
	out=$("$@" </dev/stdin 2>&1) || status=$?
	if [ "$status" != 1 ] && [ "$status" != 2 ] || ! grep -qE -- "$pattern" <<<"$out"; then
		printf 'FAILED: %s (exit %s)\nwanted: %s\ngot: %s\n' "$*" "$status" "$pattern" "$out" >&2
		return 1
	fi
	printf 'no  %s\n' "$(tail -n 1 <<<"$out" | cut -c 1-100)"
}

# lacks TEXT FILE: what would be a secret there. (set -e does not see "! grep".)
lacks() {
	if grep -qF -- "$1" "$2"; then
		echo "FAILED: $2 holds $1" >&2
		return 1
	fi
}

# serve LOG ARGUMENT…: starts a server and waits for its URL.
serve() {
	local log=$1
	shift
	"$kunci" serve --listen 127.0.0.1:0 --public-url https://kunci.example --trusted-proxies 127.0.0.1 \
		--log-format json "$@" 2>"$log" &
	pids+=($!)
	until url=$(grep -o '"url":"[^"]*' "$log" | cut -d '"' -f 4); do
		kill -0 "${pids[-1]}" || { cat "$log" && return 1; }
		sleep 0.1
	done
	curl -fs --retry 50 --retry-delay 0 --retry-all-errors "${url}readyz" >/dev/null
}

# post PATH BODY ADDRESS: asks the API, as from an address.
post() { curl -s -w '\n%{http_code}' "$url$1" -H 'Content-Type: application/json' -H "X-Forwarded-For: $3" -d "$2"; }

quick=(--argon2-memory 7 --argon2-time 1)
password='Moving 1n, all'

echo "== a server under load"
serve serve.log --data data --admit snapotp,shoop,pwa --metrics-listen 127.0.0.1:0 --backup-dir scheduled --backup-every 2s "${quick[@]}"
"$kunci" bench --url "$url" --accounts 100 --duration 20s me logout register >/dev/null 2>load.log &
pids+=($!)
# Sign-ups of our own, each noted once it has been acknowledged.
while true; do
	n=$((${n:-0} + 1))
	body='{"username":"ack'$n'","email":"ack'$n'@example.com","password":"'$password'","name":"Ack"}'
	case $(post api/auth/register "$body" "10.$((n % 250)).1.1") in
	*$'\n201') echo "ack$n@example.com" >>acknowledged ;;
	esac
done &
pids+=($!)

echo "== accounts, companies, sessions and keys"
export KUNCI_DATA=$dir/data
can 'Acme' "$kunci" company add Acme
can 'Sales' "$kunci" division add Sales --company Acme
can 'Clerk' "$kunci" role add Clerk
can 'Acme' "$kunci" company list
can 'Sales' "$kunci" division list --json
can 'Clerk' "$kunci" role list
can 'ada@example.com' "$kunci" user add ada@example.com --name Ada --username adalove <<<"$password"
can 'ada' "$kunci" user set adalove --credit-balance 250 --role-id 7 --company Acme --division Sales --role Clerk
can '"credit_balance": ?250' "$kunci" user show adalove --json
sign_in='{"username":"adalove","password":"'$password'"}'
can '200$' post api/auth/login "$sign_in" 10.9.9.9
can '"credit_balance":250' post api/auth/login "$sign_in" 10.9.9.9
can '200$' post api/v1/auth/login "${sign_in/adalove/ada@example.com}" 10.9.9.9 # the dashboard: there is a membership
can 'snapotp' "$kunci" session list adalove
session=$("$kunci" session list adalove --json | grep -oE '[0-9a-f]{32}' | head -n 1)
can 'is over' "$kunci" session revoke "$session"
can 'disabled' "$kunci" user disable adalove
can '40[13]$' post api/auth/login "$sign_in" 10.9.9.9
can '^disabled: kunci user enable [0-9]+ ' "$kunci" user why adalove
can 'may sign in again' "$kunci" user enable adalove
can 'password|session' "$kunci" user passwd adalove <<<"$password!"
can '401$' post api/auth/login "$sign_in" 10.9.9.9
can 'k2.pid' "$kunci" key list
can 'k2.pid' "$kunci" key rotate
can '200$' post api/auth/login '{"username":"adalove","password":"'"$password"'!"}' 10.9.9.9
can 'ada@example.com' "$kunci" user list
can 'deleted' "$kunci" user delete adalove --yes
cannot 'no account' "$kunci" user show adalove

echo "== backup under load"
cp acknowledged before
can 'tar|backed|bytes|kept' "$kunci" backup "$dir/backup.tar"
[ "$(stat -c %a backup.tar)" = 600 ]
cannot 'force' "$kunci" backup "$dir/backup.tar"
can '^ok' "$kunci" check

echo "== watching"
can 'ready' "$kunci" healthcheck
can '"store": ?"ok"' curl -s "${url}readyz"
metrics=$(grep -o '"metrics":"[^"]*' serve.log | cut -d '"' -f 4)
can 'kunci_sign_ins_total|kunci_acts_total' curl -s "$metrics"
can 'kunci_' "$kunci" metrics dashboard
can 'alert' "$kunci" metrics alerts
can 'there is no account|no account' "$kunci" user why nobody@example.com
can 'locked|wait|wrong|can sign in|may sign in' "$kunci" user why ack1@example.com
can 'backup' "$kunci" audit list --event backup
can 'user-delete' "$kunci" audit list --json --limit 200 --dialect operator
can 'head' "$kunci" audit verify
can 'entries' "$kunci" audit export "$dir/audit.ndjson"
lacks ada@example.com audit.ndjson
can 'mail|letter|nothing|ID' "$kunci" mail list
can 'backup-dir' env KUNCI_PUBLIC_URL=https://kunci.example "$kunci" config
can 'kunci version|go1' "$kunci" version
can 'TH' "$kunci" man
for shell in bash zsh fish; do can 'kunci' "$kunci" completion $shell; done
can 'Ajax' "$kunci" company set Acme --name Ajax
can 'Shop' "$kunci" division set Sales --company Ajax --name Shop
can 'Chief' "$kunci" role set Clerk --name Chief
can 'deleted|gone' "$kunci" division delete Shop --company Ajax
can 'deleted|gone' "$kunci" role delete Chief
can 'deleted|gone' "$kunci" company delete Ajax
can 'ok' "$kunci" check --upgrade

echo "== moving in"
{
	cat <<-END
		{"email":"argon2id@old.example","password_hash":"\$argon2id\$v=19\$m=19456,t=2,p=1\$c2FsdHNhbHRzYWx0c2FsdA\$EA7MxYN6L2rlE5fGAfT78D1MQxKyvBBlIZWgAn+qaig"}
		{"email":"bcrypt@old.example","password_hash":"\$2a\$10\$drO93Dhky2Q9v4EnK57sp.FVFrYaXEXDvzebHWP5pQMrh0m1SAtXu"}
		{"email":"scrypt@old.example","password_hash":"\$scrypt\$ln=14,r=8,p=1\$c2FsdHNhbHRzYWx0c2FsdA\$KmVc26lVLKGReLif/B16fCAOzgJJMuwiHRgzYg6vtWE"}
		{"email":"django@old.example","password_hash":"pbkdf2_sha256\$26000\$seasalt\$G3HoWz9+5jL0FXkcrE9YGgTC9ocHSJ5SfhyC6Wmo2DA="}
		{"email":"crypt1@old.example","password_hash":"\$1\$saltsalt\$vpxP3LZbZYTbaHBInQoMj/"}
		{"email":"crypt5@old.example","password_hash":"\$5\$saltsalt\$mgWsxKtnEsHDuHvyWpAW2aTA4TYG9GaKLNnYQZWcds4"}
		{"email":"crypt6@old.example","password_hash":"\$6\$saltsalt\$L1rQxULO5958Mw8nCLYK/8mFZ.1Gq.4pEdFOuFp9qXPBT2mKgg2..7YAjkN/8S0HoM3d9u6xZhtGiYrW2o1oq0"}
		{"email":"phpass@old.example","password_hash":"\$P\$Bsaltsalt/n3wg0H0W6JteuzqgLWmq."}
		{"email":"ssha@old.example","password_hash":"{SSHA}WdBGbC72EM0ddVtt41tBArYimwJzYWx0c2FsdA=="}
		{"email":"sha1@old.example","password_hash":"1d07b25f7b7c75b63d599250d83c409e29e4414c"}
		{"email":"md5@old.example","password_hash":"10509d282ac8c84a15df84f7eaa30d17"}
	END
	awk 'BEGIN { for (i = 0; i < 99980; i++) {
		if (i % 10000 == 5000) print "{\"email\":\"no address\"}"
		else printf "{\"email\":\"p%d@old.example\",\"username\":\"old.%d\",\"name\":\"Person %d\",\"credit_balance\":%d,\"password_hash\":\"%s\"}\n", i, i, i, i % 7,
			i % 3 ? "$2a$10$drO93Dhky2Q9v4EnK57sp.FVFrYaXEXDvzebHWP5pQMrh0m1SAtXu" : "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$EA7MxYN6L2rlE5fGAfT78D1MQxKyvBBlIZWgAn+qaig"
	} }'
	echo '{"email":"ARGON2ID@old.example"}'
} >old.ndjson
wc -l old.ndjson
cannot 'refused: ' "$kunci" import old.ndjson --dry-run
cannot 'no account' "$kunci" user show p4242@old.example
began=$SECONDS
"$kunci" import old.ndjson >report 2>&1 || true
cat report
grep -q '^imported *99981$' report
grep -q '^refused *11$' report
echo "in $((SECONDS - began)) s, beside all else"
for family in argon2id bcrypt scrypt django crypt1 crypt5 crypt6 phpass ssha sha1 md5; do
	can '200$' post api/v1/login '{"email":"'$family'@old.example","password":"'"$password"'"}' 10.8.8.8
done
can 'exported|accounts' "$kunci" export "$dir/all.ndjson"
grep -q p4242@old.example all.ndjson
lacks password_hash all.ndjson

echo "== what must be refused, and changes nothing"
cannot 'help' "$kunci" user vanish ada
cannot 'nosuch.ndjson' "$kunci" import nosuch.ndjson
cannot 'damaged|cut|backup' "$kunci" restore old.ndjson --data nowhere
[ ! -e nowhere ]
head -c 100000 backup.tar >half.tar
cannot 'half.tar' "$kunci" restore half.tar --data nowhere
[ ! -e nowhere ]
printf 'email,name\n"a@old.example,"A"\n' >broken.csv
cannot 'line 2' "$kunci" import broken.csv
cannot 'in use|holds data|not empty' "$kunci" restore backup.tar --data data

echo "== the end, and the restored backup"
"$kunci" session list ack1@example.com --json >/dev/null
kill "${pids[@]:1}"
kill "${pids[0]}"
wait "${pids[0]}"
[ "$(find scheduled -name 'kunci-*.tar' | wc -l)" -gt 1 ]
can 'restored|accounts' "$kunci" restore backup.tar --data restored
"$kunci" export --data restored >restored.ndjson
lost=0
while read -r email; do
	grep -qF "\"$email\"" restored.ndjson || lost=$((lost + 1))
done <before
echo "$(wc -l <before) sign-ups were acknowledged before the backup began: $lost lost"
[ "$lost" = 0 ]
[ -s before ]
serve restored.log --data restored "${quick[@]}"
can '200$' post api/auth/login "{\"username\":\"$(head -n 1 before)\",\"password\":\"$password\"}" 10.7.7.7
can '^ok' "$kunci" check --data data
can 'bytes|smaller' "$kunci" compact --data data
can '^ok' "$kunci" check --data data
can '^head' "$kunci" audit verify --data data
can 'user-delete' "$kunci" audit list --event user-delete --data data
echo "== done"
