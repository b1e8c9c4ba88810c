/*
 * compile_action: the texts of a step's action and of its modifiers. Scripts go
 * through the quote scanner (check_shell.c).
 */
#include "plan/check.h"
#include "plan/modules.h"
#include "plan/promql.h"

static void compile_http(struct load *l, struct prog_step *ps)
{
	const struct act_http *h = &ps->ast->http;
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "http");
	at.secrets = true;
	compile_data(&at, &h->url, FORM_TEXT, NULL);
	compile_data(&at, &h->method, FORM_TEXT, NULL);
	compile_data(&at, &h->headers, FORM_TEXT, NULL);
	compile_data(&at, &h->query, FORM_WORDS, NULL);
	compile_data(&at, &h->form, FORM_WORDS, NULL);
	compile_data(&at, &h->json, FORM_VALUE, NULL);
	compile_data(&at, &h->body, FORM_LINES, NULL);
	compile_data(&at, &h->user, FORM_TEXT, NULL);
	compile_data(&at, &h->password, FORM_TEXT, NULL);
	compile_data(&at, &h->bearer, FORM_TEXT, NULL);
	compile_data(&at, &h->follow, FORM_VALUE, &type_int);
	compile_data(&at, &h->tls, FORM_TEXT, NULL);
}

/* PromQL with a hole: inside quotes any text, which is escaped; outside of them only what
 * cannot be more than a number or a duration. */
static void check_query(struct load *l, const struct data *query)
{
	if (query->kind != DATA_TEXT || query->tmpl->exact)
		return;
	const struct tmpl *t = query->tmpl;
	struct promql_scan scan = { 0 };
	for (uint32_t i = 0; i < t->count; i++) {
		const struct expr *hole = t->parts[i].hole;
		const struct code *c = hole ? l->p->codes.list[hole->id] : NULL;
		char quote = promql_scan(&scan, t->parts[i].text);
		if (!c || quote == '"' || quote == '\'')
			continue;
		uint8_t kind = code_type(c)->kind;
		bool plain = !code_type(c)->optional && (kind == T_INT || kind == T_FLOAT || kind == T_DURATION || kind == T_ERROR);
		if (!quote && plain)
			continue;
		struct diag *d = diag_add(l->ds, 303, expr_span(hole), quote ? "a value cannot stand between backticks in a query"
								      : "only a number or a duration can stand here in a query");
		diag_help(l->ds, d, quote ? "write the text in double quotes: it is escaped there"
				    : "put text inside the quotes of a label: {name=\"${{ ... }}\"}");
	}
}

static void compile_metric(struct load *l, struct prog_step *ps)
{
	const struct act_metric *m = &ps->ast->metric;
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "metric");
	compile_data(&at, &m->query, FORM_TEXT, NULL);
	check_query(l, &m->query);
	at.secrets = true;
	compile_data(&at, &m->http.url, FORM_TEXT, NULL);
	compile_data(&at, &m->http.headers, FORM_TEXT, NULL);
	compile_data(&at, &m->http.user, FORM_TEXT, NULL);
	compile_data(&at, &m->http.password, FORM_TEXT, NULL);
	compile_data(&at, &m->http.bearer, FORM_TEXT, NULL);
	compile_data(&at, &m->http.tls, FORM_TEXT, NULL);
}

static void compile_texts(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "name");
	compile_data(&at, &s->more->name, FORM_TEXT, NULL);
	at.what = STR("about");
	compile_data(&at, &s->more->about, FORM_LINES, NULL);
	at.what = STR("preview");
	compile_data(&at, &s->more->preview, FORM_LINES, NULL);
	at.what = STR("irreversible");
	compile_data(&at, &s->more->irreversible, FORM_TEXT, NULL);
	at.what = STR("dir");
	compile_data(&at, &s->more->dir, FORM_TEXT, NULL);
	at.secrets = true;
	at.what = STR("env");
	for (uint32_t i = 0; i < s->env_count; i++)
		compile_data(&at, &s->env[i].data, FORM_TEXT, NULL);
	at.what = STR("stdin");
	compile_data(&at, &s->more->stdin_, FORM_TEXT, NULL);
}

static void compile_wait(struct load *l, struct prog_step *ps)
{
	const struct act_wait *w = &ps->ast->wait;
	struct place at;
	place_init(&at, l, ps, WHEN_BEFORE, "wait");
	compile_data(&at, &w->amount, FORM_VALUE, &type_duration);
	at.what = STR("until");
	if (w->until.kind != DATA_TEXT)
		return;
	if (w->until.tmpl->exact) {
		compile_data(&at, &w->until, FORM_VALUE, &type_time);
		return;
	}
	struct diag *d = diag_add(l->ds, 105, w->until.node->span, "`until` needs a time or exactly one hole");
	diag_help(l->ds, d, "write ${{ time(...) }} without text around it");
}

void compile_action(struct load *l, struct prog_step *ps)
{
	const struct step *s = ps->ast;
	struct place at;
	if (!prog_step_holds(ps) && s->action != ACT_NONE)
		place_init(&at, l, ps, WHEN_BEFORE, "run");
	switch (s->action) {
	case ACT_RUN:
		check_words(l, ps);
		compile_data(&at, &s->run.words, s->run.script ? FORM_TEXT : FORM_WORDS, NULL);
		if (s->run.script)
			check_shell(l, ps);
		break;
	case ACT_HTTP: compile_http(l, ps); break;
	case ACT_METRIC: compile_metric(l, ps); break;
	case ACT_USES:
		if (ps->call)
			with_compile(l, ps);
		break;
	case ACT_WAIT: compile_wait(l, ps); break;
	case ACT_CONFIRM:
		at.what = STR("confirm");
		compile_data(&at, &s->confirm, FORM_LINES, NULL);
		break;
	case ACT_APPROVE:
		at.what = STR("approve");
		check_approve(l, ps);
		compile_data(&at, &s->approve.min, FORM_VALUE, &type_int);
		compile_data(&at, &s->approve.notify, FORM_NAMES, NULL);
		break;
	case ACT_ASK:
		for (uint32_t i = 0; i < s->ask.count; i++)
			(void)check_field(l, &s->ask.fields[i]);
		break;
	case ACT_CHECKLIST:
		at.what = STR("checklist");
		compile_data(&at, &s->checklist, FORM_WORDS, NULL);
		break;
	case ACT_NOTIFY:
		at.what = STR("notify");
		check_targets(l, &s->notify.to);
		compile_data(&at, &s->notify.to, FORM_NAMES, NULL);
		compile_data(&at, &s->notify.title, FORM_TEXT, NULL);
		compile_data(&at, &s->notify.incident, FORM_TEXT, NULL);
		compile_data(&at, &s->notify.say, FORM_LINES, NULL);
		break;
	case ACT_RENDER:
		at.what = STR("render");
		compile_data(&at, &s->render.to, FORM_TEXT, NULL);
		compile_data(&at, &s->render.text, FORM_LINES, NULL);
		compile_data(&at, &s->render.json, FORM_VALUE, NULL);
		break;
	default: break;
	}
	if (l->info[s->ix].flags & STEP_HAS_TEXTS)
		compile_texts(l, ps);
}
