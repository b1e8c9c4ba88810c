#include "report/words.h"

#include <string.h>
#include "base/visible.h"
#include "value/json.h"

/* words_summary: the twelve lines that every report begins with. Their form is
 * fixed, so that people and scripts find each figure where it always was. */

/* Is it a step of TEST that tests something? */
static bool tests(const struct report_node *n)
{
	static const char *const none[] = { "wait", "notify", "confirm", "render", "approve", "ask", "checklist" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (str_eqz(n->action, none[i]))
			return false;
	return n->step && !str_eqz(n->status, "skipped") && !str_eqz(n->status, "not_run") && n->status.n;
}

static bool good(struct str status)
{
	return str_eqz(status, "ok") || str_eqz(status, "unchanged");
}

static bool bad(struct str status)
{
	return str_eqz(status, "failed") || str_eqz(status, "timeout") || str_eqz(status, "undo_failed");
}

/* The last capture that has one of these names; "Unknown" if there is none. */
struct wanted { const char *names[4]; struct str *value; };

static void look(struct arena *a, const struct report_node *n, struct wanted *w, size_t count)
{
	struct value v;

	if (!words_map(a, n->captures, &v))
		return;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < 4 && w[i].names[k]; k++) {
			const struct value *m = value_get(v, str_of(w[i].names[k]));

			if (m && m->kind != V_NULL && m->kind != V_MAP && m->kind != V_LIST && m->kind != V_UNKNOWN)
				*w[i].value = words_show(a, *m);
		}
}

static const char *overall(const struct report *r)
{
	struct str s = report_status(r);

	if (!r->sealed)
		return "IN PROGRESS";
	if (str_eqz(s, "ok") || str_eqz(s, "stopped"))
		return "SUCCESS";
	return str_eqz(s, "rolled_back") ? "ROLLED BACK" : "FAILED";
}

struct words_figures words_figures(struct arena *a, const struct report *r)
{
	struct words_figures f = { 0 };
	struct wanted w[] = {
		{ { "performance", "performance_status" }, &f.performance },
		{ { "api", "api_health" }, &f.api },
		{ { "database", "database_health", "db", "db_health" }, &f.database },
		{ { "cache", "cache_health" }, &f.cache },
		{ { "errors", "error_rate" }, &f.errors },
		{ { "p95", "response_time_p95", "p95_response_time" }, &f.p95 },
	};

	for (size_t i = 0; i < sizeof(w) / sizeof(*w); i++)
		*w[i].value = i ? STR("Unknown") : STR("UNKNOWN");
	for (uint32_t i = 0; i < r->step_count; i++) {
		const struct report_node *n = r->steps[i];

		if (n->captures.n > 2)
			look(a, n, w, sizeof(w) / sizeof(*w));
		if (n->parent->kind == NODE_PHASE && str_eqz(n->parent->key, "test") && tests(n)) {
			f.tests++;
			f.tests_passed += good(n->status);
		}
		if (!words_leaf(n))
			continue;
		f.done += good(n->status) && !n->dry;
		f.failed += bad(n->status);
		f.skipped += str_eqz(n->status, "skipped");
		f.undone += str_eqz(n->undo, "undone");
	}
	for (uint32_t i = 0; i < r->issues_len; i++)
		f.critical += str_eqz(r->issues[i].severity, "error");
	f.critical += r->cause_text.n > 0;
	f.overall = overall(r);
	return f;
}

static void put(struct buf *out, const char *label, struct str text)
{
	buf_addz(out, label);
	visible_add(out, text);
	buf_addc(out, '\n');
}

void words_summary(struct arena *a, const struct report *r, struct buf *out)
{
	static const char rule[] = "============================================\n";
	struct words_figures f = words_figures(a, r);

	visible_add(out, r->runbook);
	put(out, " Deployment Report - ", r->ended);
	buf_addz(out, rule);
	put(out, "Deployment ID: ", r->run);
	put(out, "Status: ", arena_printf(a, STR_FMT "%s (Duration: " STR_FMT ")", STR_ARG(report_status(r)), r->dry ? ", dry-run" : "",
					  STR_ARG(words_took(a, r->took_us))));
	buf_printf(out, "Smoke Tests: %u/%u passed\n", f.tests_passed, f.tests);
	put(out, "Performance: ", f.performance);
	buf_printf(out, "Critical Issues: %u\n", f.critical);
	put(out, "API Health: ", f.api);
	put(out, "Database: ", f.database);
	put(out, "Cache: ", f.cache);
	put(out, "Error Rate: ", f.errors);
	put(out, "Response Time P95: ", f.p95);
	buf_addz(out, rule);
	put(out, "Overall: ", str_of(f.overall));
}
