#include "report/statement.h"

#include "base/file.h"
#include "base/jsonw.h"
#include "journal/bundle.h"
#include "journal/output.h"
#include "report/report.h"

/* statement: members in a fixed order; none depends on when or where it is made. */

static void subject(struct jsonw *w, struct str name, const char *digest, const char *head)
{
	jsonw_open(w, '{');
	jsonw_kstr(w, "name", name);
	jsonw_key(w, "digest");
	jsonw_open(w, '{');
	jsonw_kstr(w, "sha256", str_of(digest));
	if (head)
		jsonw_kstr(w, "runbookJournalV1", str_of(head));
	jsonw_close(w, '}');
	jsonw_close(w, '}');
}

static void put(struct jsonw *w, const char *name, struct str s)
{
	if (s.n)
		jsonw_kstr(w, name, s);
}

static void predicate(struct jsonw *w, const struct report *r)
{
	jsonw_open(w, '{');
	jsonw_kstr(w, "run", r->run);
	jsonw_kstr(w, "status", r->status);
	jsonw_kint(w, "exit", r->exit);
	jsonw_kbool(w, "dry", r->dry);
	jsonw_kint(w, "records", r->scan.records);
	jsonw_kstr(w, "head", str_of(r->scan.head));
	jsonw_kstr(w, "started", r->started);
	jsonw_kstr(w, "ended", r->ended);
	jsonw_kstr(w, "operator", r->operator_name);
	jsonw_kbool(w, "claimed", r->claimed);
	jsonw_kstr(w, "user", r->user);
	jsonw_kstr(w, "host", r->host);
	jsonw_kstr(w, "runbook", r->runbook);
	put(w, "runbook_version", r->runbook_version);
	if (r->source.n) {
		jsonw_key(w, "source");
		jsonw_raw(w, r->source);
	}
	put(w, "rollback_of", r->rollback_of);
	jsonw_kstr(w, "program_version", r->version);
	jsonw_close(w, '}');
}

static struct str report_digest(struct arena *a, const struct report *r, const char *dir, char hex[65])
{
	struct buf out;
	bool ok;

	buf_init(&out, REPORT_BYTES_MAX);
	ok = report_make(r, dir, REPORT_JSON, &out);
	digest_hex(buf_str(&out), hex);
	buf_release(&out);
	return ok ? STR("") : arena_printf(a, "its report would be longer than %d MiB", REPORT_BYTES_MAX >> 20);
}

struct str statement_make(struct arena *a, const struct report *r, const char *dir, struct buf *out)
{
	struct bundle_entry journal = { .from = arena_printf(a, "%s/journal.jsonl", dir) };
	struct str why = STR("");
	struct jsonw w;
	char hex[65];
	int err;

	if (r->scan.state != JOURNAL_SOUND || !r->sealed)
		return STR("the run has no seal");
	err = bundle_measure(&journal);
	why = err ? str_of(file_error(err)) : report_digest(a, r, dir, hex);
	if (why.n)
		return why;
	jsonw_init(&w, out);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "_type", STR(STATEMENT_TYPE));
	jsonw_key(&w, "subject");
	jsonw_open(&w, '[');
	subject(&w, STR("journal.jsonl"), journal.hex, r->scan.head);
	subject(&w, STR("report.run.json"), hex, NULL);
	subject(&w, arena_printf(a, "runbook:" STR_FMT, STR_ARG(r->path)), arena_str(a, r->program.p, r->program.n).p, NULL);
	jsonw_close(&w, ']');
	jsonw_kstr(&w, "predicateType", STR(STATEMENT_PREDICATE));
	jsonw_key(&w, "predicate");
	predicate(&w, r);
	jsonw_close(&w, '}');
	return out->full ? STR("it is too long") : STR("");
}

void statement_pae(struct str type, struct str payload, struct buf *out)
{
	buf_printf(out, "DSSEv1 %zu " STR_FMT " %zu ", type.n, STR_ARG(type), payload.n);
	buf_adds(out, payload);
}
