#include "cli/statement.h"

#include <errno.h>
#include "base/b64.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "cli/command.h"
#include "report/report.h"
#include "report/statement.h"
#include "value/json.h"

/* statement: made and signed by export, read and compared by verify. */

#define NAMESPACE "runbook-statement"

static struct str make(struct cli *c, struct str dir, struct buf *out)
{
	struct report r;

	if (!report_read(&c->arena, arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(dir)).p, false, &r))
		return arena_str(&c->arena, r.scan.why, strlen(r.scan.why));
	return statement_make(&c->arena, &r, arena_str(&c->arena, dir.p, dir.n).p, out);
}

static struct str pae_of(struct cli *c, struct str payload)
{
	struct buf b;
	struct str s;

	buf_init(&b, STATEMENT_MAX + 256);
	statement_pae(STR(STATEMENT_PAYLOAD), payload, &b);
	s = arena_str(&c->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

static struct str write_envelope(struct cli *c, struct str payload, struct str keyid, struct str sig)
{
	struct buf b, b64;
	struct jsonw w;
	struct str s;

	buf_init(&b, STATEMENT_MAX * 2);
	buf_init(&b64, STATEMENT_MAX * 2);
	b64_add(&b64, payload);
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "payloadType", STR(STATEMENT_PAYLOAD));
	jsonw_kstr(&w, "payload", buf_str(&b64));
	jsonw_key(&w, "signatures");
	jsonw_open(&w, '[');
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "keyid", keyid);
	jsonw_kstr(&w, "sig", sig);
	jsonw_close(&w, '}');
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_addc(&b, '\n');
	s = arena_str(&c->arena, b.p, b.len);
	buf_release(&b64);
	buf_release(&b);
	return s;
}

struct str statement_envelope(struct cli *c, struct str dir, const char *key, struct str *envelope)
{
	struct str why, sig, keyid, line, payload;
	struct buf text;

	buf_init(&text, STATEMENT_MAX);
	why = make(c, dir, &text);
	payload = arena_str(&c->arena, buf_str(&text).p, text.len);
	buf_release(&text);
	if (why.n)
		return why;
	why = signed_make(c, NAMESPACE, key, pae_of(c, payload), &sig);
	if (why.n)
		return arena_printf(&c->arena, "the statement was not signed with %s: " STR_FMT, key, STR_ARG(why));
	if (!signed_key(c, sig, &keyid, &line))
		return STR("ssh-keygen made a signature without a key");
	*envelope = write_envelope(c, payload, keyid, sig);
	return STR("");
}

/* --- reading ------------------------------------------------------------------------ */

static struct str text_of(struct value map, const char *name)
{
	const struct value *v = map.kind == V_MAP ? value_get(map, str_of(name)) : NULL;

	return v && v->kind == V_STRING ? value_text(*v) : STR("");
}

/* One envelope of ours: one signature, standard base64. */
static bool parse(struct cli *c, struct str text, struct str *payload, struct str *sig)
{
	const struct value *list;
	struct json_error je;
	struct value map;
	struct buf b;
	bool ok;

	if (!json_parse(&c->arena, text, &map, &je) || !str_eqz(text_of(map, "payloadType"), STATEMENT_PAYLOAD))
		return false;
	list = value_get(map, STR("signatures"));
	if (!list || list->kind != V_LIST || list->n != 1)
		return false;
	*sig = text_of(list->list[0], "sig");
	buf_init(&b, STATEMENT_MAX);
	ok = sig->n && b64_read(text_of(map, "payload"), &b) && !b.full;
	*payload = arena_str(&c->arena, buf_str(&b).p, b.len);
	buf_release(&b);
	return ok;
}

void statement_read(struct cli *c, struct str dir, const char *signers, struct statement_found *out)
{
	struct str path = arena_printf(&c->arena, STR_FMT "/statement.dsse.json", STR_ARG(dir)), text, sig;
	int err = file_read(&c->arena, path.p, STATEMENT_MAX * 2, &text);

	*out = (struct statement_found){ .there = err != ENOENT, .why = STR("") };
	if (!out->there)
		return;
	if (err)
		out->why = str_of(file_error(err));
	else if (!parse(c, text, &out->payload, &sig))
		out->why = STR("it is no DSSE envelope of an in-toto statement with one signature");
	else
		signed_check_b64(c, NAMESPACE, signers, sig, pae_of(c, out->payload), &out->by);
}

bool statement_holds(struct cli *c, struct str dir, const struct statement_found *found)
{
	struct buf text;
	bool same;

	buf_init(&text, STATEMENT_MAX);
	same = !make(c, dir, &text).n && str_eq(buf_str(&text), found->payload);
	buf_release(&text);
	return same;
}
