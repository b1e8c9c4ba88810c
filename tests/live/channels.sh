#!/bin/sh
# channels.sh: slack, pagerduty, email, webhook and run against servers that look at
# what they get as the real ones do, that are busy, hang up and talk nonsense; and
# nothing of this fails a run, or leaves a secret behind.
. "$(dirname "$0")/service/lib.sh"
need python3 openssl
"$python" -c 'import aiosmtpd' 2>/dev/null || skip_all 'no aiosmtpd here (apt: python3-aiosmtpd)'
cd "$scratch" || exit 1
unset CURL_CA_BUNDLE SSL_CERT_DIR
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 2>openssl.log || { note <openssl.log; echo 'Bail out! openssl'; exit 1; }
daemon "$scratch/hooks.out" "$python" -SE "$here/service/hooks.py" "$scratch/hooks.log" "$scratch/port"
daemon "$scratch/mail.out" "$python" -Wignore "$here/service/mailserver.py" "$scratch/mail.log" "$scratch/ports" cert.pem key.pem
until_ok 10 test -s port -a -s ports || { cat hooks.out mail.out | note; echo 'Bail out! the servers do not start'; exit 1; }
hooks=http://127.0.0.1:$(cat port)
read -r starttls implicit plain noquit <ports
routing=R0UTINGKEY0123456789ABCDEFGHIJKL
password='pass word 한'
export SSL_CERT_FILE="$scratch/cert.pem"

# try CODE WHAT ARGS...: runs book.yml; the secrets are $hook and the others.
try() {
	_code=$1 _name=$2
	shift 2
	: >hooks.log
	: >mail.log
	HOOK=$hook PAGER=$routing WORD=$password rb "$_code" "$_name" exec book.yml --no-input "$@"
}
got() { "$python" -SE "$here/service/channels.py" hooks hooks.log "$1"; }
mails() { "$python" -SE "$here/service/channels.py" mail mail.log; }
# book CHANNELS STEPS: a runbook that tells in REPORT
book() {
	cat >book.yml <<END
runbook: 1
name: channels
secrets: { hook: { env: HOOK }, pager: { env: PAGER }, word: { env: WORD } }
inputs: { say: { type: string, default: it is done }, title: { type: string, default: "" } }
channels:
$1
$2
END
}
quiet() { # WHAT: the run before left no secret
	check "$1: no secret in files and streams" sh -c '! grep -rqF -e "$1" -e "$2" -e "$3" "$RUNBOOK_STATE" "$4/out" "$4/err"' sh "$hook" "$routing" "$password" "$scratch"
}
sound() { # WHAT
	check "$1: the journal is sound and replays" "$RB" verify @last
}
one='report:
  - notify: { to: ops, title: "${{ inputs.title }}", say: "${{ inputs.say }}", level: error }'

# --- Slack ---
hook=$hooks/slack/T0/B0/XXXXXXXX
book '  ops: { slack: hook }' "$one"
try 0 'slack' -i title='배포 <b>끝</b> & <!channel>' -i say="$(printf 'one & two\n<@U1> *three*')"
is 'slack: what the phone shows' "$(got 'r[0]["body"]["text"]')" '배포 &lt;b&gt;끝&lt;/b&gt; &amp; &lt;!channel&gt;'
is 'slack: colour and text' "$(got '[(a["color"], a["blocks"][0]["text"]["text"]) for a in r[0]["body"]["attachments"]]')" \
	"[('#d24a43', 'one &amp; two\\n&lt;@U1&gt; *three*')]"
is 'slack: one request, taken' "$(got 'len(r)') $(grep -c 'not notified' err)" '1 0'
quiet slack
sound slack
try 0 'slack, long' -i say="$("$python" -SEc 'print("\n".join("<%d> 한글 &" % i for i in range(4000)))')"
is 'slack: a long text is cut into pieces that are taken' "$(got 'len(r)') $(grep -c 'not notified' err)" '1 0'
: >hooks.log
HOOK=$hook PAGER=$routing WORD=$password rb 0 'dry-run' exec book.yml --no-input -n -i title=Hello
is 'dry-run: nothing is sent' "$(got 'len(r)')" 0
check 'dry-run: it says what would be sent' has err 'error to ops (slack): Hello'

# --- PagerDuty ---
book "  pager: { pagerduty: pager, url: \"$hooks/pager/v2/enqueue\", level: warn }
  ops: { webhook: hook }" 'act:
  - id: slow
    run: [sleep, "1"]
    rollback: []
    timeout: 20s
    escalate: [{ after: 100ms, notify: pager }]
test:
  - guard: true
report:
  - notify: { to: [pager, ops], say: info, level: info }
  - notify: { to: [pager, ops], say: warn, level: warn, incident: shop/api }
  - notify: { to: [pager, ops], say: critical, level: critical, incident: shop/api }
  - notify: { to: [pager], say: seen, incident: shop/api, event: acknowledge }
  - notify: { to: [pager], say: over, incident: shop/api, event: resolve }'
hook=$hooks/ok/secretpath
try 0 'pagerduty'
pager='[x["body"] for x in r if "pager" in x["path"]]'
run=$(ls "$RUNBOOK_STATE/runs" | tail -n 1)
is 'pagerduty: triggered by the ladder and resolved when the step ends; then by name; nothing below its level' \
	"$(got "[(b['event_action'], b['dedup_key'].replace('$run', 'RUN'), b.get('payload', {}).get('severity')) for b in $pager]")" \
	"[('trigger', 'RUN/act/slow', 'error'), ('resolve', 'RUN/act/slow', None), ('trigger', 'shop/api', 'warning'), ('trigger', 'shop/api', 'critical'), ('acknowledge', 'shop/api', None), ('resolve', 'shop/api', None)]"
is 'webhook: each has a key of its own' "$(got 'len({x["headers"]["Idempotency-Key"] for x in r if "ok" in x["path"]})')" 3
is 'webhook: it got all three levels' "$(got '[(x["body"]["level"], x["body"]["text"]) for x in r if "ok" in x["path"]]')" \
	"[('info', 'info'), ('warn', 'warn'), ('critical', 'critical')]"
quiet pagerduty
sound pagerduty

# --- tried again, or not ---
book '  ops: { slack: hook }' "$one"
for case in 'busy 2 0' 'twice 3 0' 'hangup 2 0' 'garbage 2 0' 'never 1 1' 'gone 1 1' 'elsewhere 1 1'; do
	set -- $case
	hook=$hooks/$1/secretpath
	try 0 "$1"
	is "$1: requests, and issues" "$(got 'len(r)') $(grep -c 'not notified' err)" "$2 $3"
	quiet "$1"
	sound "$1"
	cp err "err.$1"
	case $1 in
	busy) is 'busy: not before the time that the service named' "$(got 'r[1]["at"] - r[0]["at"] >= 1')" True ;;
	elsewhere) is 'elsewhere: a redirect is not followed' "$(got '[x["path"] for x in r]')" "['/elsewhere/secretpath']" ;;
	twice) check 'twice: the journal says how often' grep -q '"channel":"ops","tries":3' "$RUNBOOK_STATE/runs/$(ls "$RUNBOOK_STATE/runs" | tail -n 1)/journal.jsonl" ;;
	esac
done
check 'a refusal is told in the words of the service' has err.gone 'not notified: HTTP status 404: no_service (channel ops)'
check 'a service that is busy for long is not waited for' has err.never 'not notified: HTTP status 429: rate_limited (channel ops)'
hook=$hooks/always/secretpath
try 0 'always 503'
check 'four tries and no more' has err 'not notified: HTTP status 503 (channel ops, 4 tries)'
hook=http://127.0.0.1:$(free_port)/
try 0 'nobody there'
check 'nobody there: said so' has err 'channel ops, 4 tries)'
hook='gopher://127.0.0.1/'
try 0 'another protocol'
check 'another protocol: refused, and not tried again' has err ' (channel ops)'
check 'it stands in the report, too' sh -c '"$1" report @last -f json | grep -q "not notified"' sh "$RB"

# --- mail ---
# mail SERVER MORE TO
mail() {
	book "  ops: { email: { server: \"127.0.0.1:$1\", from: \"런북 <runbook@example.org>\", to: $3$2 } }" "$one"
}
login=', user: runbook, password: word'
hook=$hooks/ok
mail "$starttls" "$login" '["Kim, \"K\" <kim@example.org>", lee@example.org]'
try 0 'mail, starttls' -i title='배포가 <b>끝</b>났습니다: a subject that is longer than one line of a head may be' -i say="$(printf '결과 <b>\n.\n..\n.dots, and a line that is longer than seventy-six characters, so that it is broken = twice \ntail ')"
mails >mails 2>&1
is 'starttls: envelope' "$(sed -n 1p mails)" 'starttls tls login runbook@example.org -> kim@example.org,lee@example.org'
is 'starttls: head' "$(sed -n 3p mails)" \
	'head 런북 <runbook@example.org> | "Kim, \"K\"" <kim@example.org>, lee@example.org | [error] 배포가 <b>끝</b>났습니다: a subject that is longer than one line of a head may be'
is 'starttls: text, dots and all' "$(sed -n 4p mails)" \
	'plain "결과 <b>\n.\n..\n.dots, and a line that is longer than seventy-six characters, so that it is broken = twice \ntail "'
is 'starttls: HTML is escaped' "$(sed -n 5p mails)" 'html True False False'
quiet starttls
sound starttls
try 0 'mail, injection' -i title="$(printf 'x\r\nBcc: evil@example.org\r\n\r\nhello')" -i say="$(printf '\r\n.\r\nMAIL FROM:<evil@example.org>\r\n')"
mails >mails 2>&1
is 'injection: one mail, its receivers' "$(grep -c '' mail.log) $(sed -n 1p mails)" '1 starttls tls login runbook@example.org -> kim@example.org,lee@example.org'
is 'injection: no head but ours' "$(sed -n 2p mails)" \
	"names ['Auto-Submitted', 'Content-Type', 'Date', 'From', 'Importance', 'MIME-Version', 'Message-ID', 'References', 'Subject', 'To', 'X-Priority']"
mail "$implicit" "$login, tls: implicit" kim@example.org
try 0 'mail, implicit TLS'
is 'implicit: envelope' "$(mails | sed -n 1p)" 'implicit tls login runbook@example.org -> kim@example.org'
mail "$plain" ', tls: none' kim@example.org
try 0 'mail, no TLS'
is 'none: envelope' "$(mails | sed -n 1p)" 'plain open anonymous runbook@example.org -> kim@example.org'
mail "$plain" "$login" kim@example.org
try 0 'mail, a server without STARTTLS'
is 'no STARTTLS: nothing is sent' "$(mails | grep -c '')" 0
check 'no STARTTLS: said so' grep -q 'not notified: .*STARTTLS.*(channel ops)' err
mail "$plain" ', tls: none' '[kim@example.org, gone@example.org]'
try 0 'mail, a receiver that is refused'
is 'refused: the others get it' "$(mails | sed -n 1p)" 'plain open anonymous runbook@example.org -> kim@example.org'
check 'refused: and it is said' has err 'not notified: not for all: 550 5.1.1 no such user here (channel ops)'
mail "$plain" ', tls: none' later@example.org
try 0 'mail, greylisted'
is 'greylisted: tried again' "$(mails | sed -n 1p) $(grep -c 'not notified' err)" 'plain open anonymous runbook@example.org -> later@example.org 0'
mail "$noquit" ', tls: none' kim@example.org
try 0 'mail, no answer to QUIT'
is 'no answer to QUIT: it counts' "$(mails | grep -c ' -> ') $(grep -c 'not notified' err)" '1 0'
password='wrong password'
mail "$starttls" "$login" kim@example.org
try 0 'mail, wrong password'
check 'wrong password: said so, once' has err 'not notified: Login denied (channel ops)'
quiet 'wrong password'
password='pass word 한'
SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
try 0 'mail, a certificate of nobody'
check 'a certificate of nobody: refused' grep -q 'not notified: SSL certificate problem.* (channel ops)' err
is 'a certificate of nobody: nothing is sent' "$(mails | grep -c '')" 0
sound mail

# --- a program ---
book '  ops: { run: [sh, -c, "cat >told; echo $RUNBOOK_LEVEL >>told"], level: error }
  low: { run: [sh, -c, "cat >told.low"], level: critical }' 'report:
  - notify: { to: [low, ops], say: hello, level: error }'
try 0 'run'
is 'run: text and level; not the one that wants more' "$(cat told) $(ls told.low 2>/dev/null)" 'helloerror '
finish
