#include "run/engine_state.h"

#include <string.h>
#include "eval/regex.h"
#include "run/metric.h"
#include "run/message.h"
#include "run/people.h"
#include "value/json.h"

/*
 * attempt: what an attempt brought: parse, capture, expect; and whether there
 * is another one. An attempt fails as a whole.
 */

static struct str strip_newlines(struct str s)
{
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

/* A string value whose bytes are NUL-terminated in the arena. */
static struct value text_value(struct arena *a, struct str s)
{
	return value_str_copy(a, s);
}

static struct value lines_value(struct arena *a, struct str s)
{
	struct value *list;
	uint32_t n = 0, cap = 1;

	for (size_t i = 0; i < s.n; i++)
		cap += s.p[i] == '\n';
	list = arena_array(a, cap, sizeof(*list));
	for (size_t at = 0; at < s.n;) {
		const char *nl = memchr(s.p + at, '\n', s.n - at);
		size_t end = nl ? (size_t)(nl - s.p) : s.n;
		struct str line = str_slice(s, at, end);

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		list[n++] = text_value(a, line);
		at = end + 1;
	}
	return value_list(list, n);
}

static bool parse_out(struct arena *a, struct engine *e, const struct prog_step *ps, struct str raw, struct value *out,
		      struct str *error)
{
	struct json_error je;

	if (ps->ast->action == ACT_METRIC) {
		bool ok = metric_parse(a, raw, ps->ast->metric.all, out, error);

		if (!ok)
			*error = arena_str(&e->arena, error->p, error->n);
		return ok;
	}
	switch (ps->ast->parse) {
	case PARSE_JSON:
		if (json_parse(a, raw, out, &je))
			return true;
		*error = arena_printf(&e->arena, "parse: json: line %d column %d: %s", je.line, je.column, je.text);
		return false;
	case PARSE_LINES:
		*out = lines_value(a, raw);
		return true;
	case PARSE_REGEX:
		switch (regex_match(ps->regex, a, strip_newlines(raw), out)) {
		case REGEX_YES:
			return true;
		case REGEX_LIMIT:
			*error = STR("parse: the regex took more steps than allowed");
			return false;
		default:
			*error = STR("parse: the regex does not match the output");
			return false;
		}
	default:
		*out = text_value(a, strip_newlines(raw));
		return true;
	}
}

static struct value headers_value(struct arena *a, const struct result *r)
{
	struct pair *p = arena_array(a, r->header_count, sizeof(*p));

	for (uint32_t i = 0; i < r->header_count; i++) {
		p[i].key = arena_str(a, r->headers[i].name.p, r->headers[i].name.n);
		p[i].value = text_value(a, r->headers[i].value);
	}
	return value_map(p, r->header_count);
}

bool view_set(struct frame *f, const struct prog_step *ps, const struct result *r, struct str *error)
{
	struct arena *a = f->tmp;
	struct attempt_view *v = arena_alloc(a, sizeof(*v));

	f->view = v;
	v->code = r->end == END_EXIT ? r->code : -1;
	v->took = r->took;
	v->out = v->raw = v->err = value_null;
	v->headers = r->header_count ? headers_value(a, r) : value_null;
	if (!ps->wants_output)
		return true;
	if (r->out.truncated || r->err.truncated) {
		*error = STR("the output is longer than 16 MiB: it cannot be used in expressions");
		return false;
	}
	if (!utf8_valid(r->out.bytes)) {
		*error = STR("the output is not UTF-8: it cannot be used in expressions");
		return false;
	}
	v->raw = text_value(a, r->out.bytes);
	v->err = utf8_valid(r->err.bytes) ? text_value(a, strip_newlines(r->err.bytes)) : value_null;
	return parse_out(a, f->e, ps, value_text(v->raw), &v->out, error);
}

struct reads_root { uint16_t root; };

static bool is_root(void *arg, struct ref r)
{
	return r.root == ((struct reads_root *)arg)->root;
}

static bool expects_code(const struct engine *e, const struct step *s)
{
	struct reads_root code = { REF_CODE };

	return s->expect && code_reads(e->p->codes.list[s->expect->id], is_root, &code);
}

/* Of a step without a record of its attempts: what could not be made of a secret fails where it is used, as
 * a replay, which has only a stand-in, could not tell. */
static bool excused(struct frame *f, const struct expr *x, const struct eval_error *err, struct value *got)
{
	if ((f->ps->ast->action != ACT_NONE && !prog_step_holds(f->ps)) || !secrets_tell(f) ||
	    !type_tainted(code_type(f->e->p->codes.list[x->id])))
		return false;
	*got = secret_made(f, value_null, err);
	return true;
}

static bool captures(struct frame *f, const struct value **out, struct str *error)
{
	const struct step *s = f->ps->ast;
	struct arena *keep = f->kind == FRAME_MONITOR ? f->tmp : &f->e->arena;
	struct value *list = s->capture_count ? arena_array(keep, s->capture_count, sizeof(*list)) : NULL;
	struct attempt_view *v = f->view;

	uint32_t outputs = f->ps->call ? f->ps->call->output_count : 0;

	v->own = list;
	if (outputs && !uses_outputs(f, list, error))
		return false;
	v->own_count = outputs;
	for (uint32_t i = outputs; i < s->capture_count; i++) {
		struct eval_error err = { 0 };
		struct value got = s->captures[i].expr ? eval_code(f, s->captures[i].expr, &err) : f->poll->fields[i];

		if (s->captures[i].expr)
			got = watch_weigh(f, WEIGH_CAPTURE, i, s->captures[i].expr, err.set, got);
		if (err.set && !excused(f, s->captures[i].expr, &err, &got)) {
			*error = arena_printf(&f->e->arena, "capture `" STR_FMT "`: " STR_FMT, STR_ARG(s->captures[i].name),
					      STR_ARG(error_text(f, &err)));
			return false;
		}
		if (value_has_flag(got, VALUE_SECRET) && got.kind == V_STRING && f->e->fx->hide)
			f->e->fx->hide(f->e->ctx, value_text(got));
		list[i] = value_copy(keep, got);
		v->own_count = i + 1;
	}
	*out = list;
	return true;
}

/* Evaluates expect after parse and captures. */
static bool expected(struct frame *f, struct str *error)
{
	const struct expr *x = f->ps->ast->expect;
	struct eval_error err = { 0 };
	struct value v;

	if (!x)
		return true;
	v = eval_code(f, x, &err);
	v = watch_weigh(f, WEIGH_EXPECT, 0, x, err.set, v);
	if (err.set) {
		*error = arena_printf(&f->e->arena, "expect: " STR_FMT, STR_ARG(error_text(f, &err)));
		return false;
	}
	if (v.kind == V_BOOL && v.b)
		return true;
	if (v.kind == V_UNKNOWN) { /* dry-run: decided at run time */
		f->e->dry_unknown++;
		return true;
	}
	*error = arena_printf(&f->e->arena, "expect is %s: " STR_FMT STR_FMT, v.kind == V_BOOL ? "false" : "not known",
			      STR_ARG(str_slice(x->node->text, x->start, x->end)), STR_ARG(seen_text(f, x)));
	return false;
}

static struct str end_text(struct engine *e, const struct frame *f, const struct result *r)
{
	struct arena *a = &e->arena;
	bool http = f->ps->ast->action == ACT_HTTP || r->header_count > 0;

	switch (r->end) {
	case END_EXIT:
		if (f->ps->ast->action == ACT_METRIC && f->tmp) {
			struct str fault = metric_fault(f->tmp, r->out.bytes);

			return arena_printf(a, "HTTP status %d%s" STR_FMT, r->code, fault.n ? ": " : "", STR_ARG(fault));
		}
		return arena_printf(a, http ? "HTTP status %d" : "exit %d", r->code);
	case END_SIGNAL:
		return arena_printf(a, "killed by signal %d (%s)", r->signo, strsignal(r->signo));
	case END_TIMEOUT:
		return STR("timeout");
	case END_STUCK:
		return STR("the process cannot be killed: whether it still acts is not known");
	case END_STOPPED:
		return f->timed_out ? action_asks(f->ps->ast->action) ? STR("not answered in time") : STR("timeout") : STR("stopped");
	case END_ANSWER:
		if (f->poll->refused.n)
			return f->poll->refused;
		return arena_printf(a, "refused by " STR_FMT, STR_ARG(r->by));
	case END_NO_PERSON:
		return STR("nobody is there to answer");
	default:
		return arena_str(a, r->error.p, r->error.n);
	}
}

/* One channel was told, or not; the next one, or the end. Never a failure. */
static void notified(struct frame *f, const struct result *r)
{
	struct str error = { 0 };

	if (!kind_notify.success(f, r))
		rec_issue(f->e, "warning", f, arena_printf(&f->e->arena, "not notified: " STR_FMT, STR_ARG(message_why(f->e, r))));
	if (kind_notify.start(f, f->ps, false, &error) == STARTED_WAIT)
		return;
	if (error.n)
		rec_issue(f->e, "warning", f, error);
	f->out->status = S_OK;
	f->ok = true;
	f->complete = true;
	step_end(f);
}

/* A module cannot know that it is used in a rollback block. */
static const struct retry *retry_of(const struct frame *f)
{
	bool calls = action_calls(f->ps->ast->action);

	return f->ps->retry || f->role != ROLE_UNDO || !f->ps->unit->index || !calls ? f->ps->retry : &undo_retry;
}

/* Does retry.if, if there is one, hold? */
static bool retry_wanted(struct frame *f, const struct retry *r)
{
	struct eval_error err = { 0 };
	struct value v;

	if (!r || !r->when)
		return true;
	v = eval_code(f, r->when, &err);
	v = watch_weigh(f, WEIGH_RETRY, 0, r->when, err.set, v);
	return !err.set && v.kind == V_BOOL && v.b;
}

/* Did the action itself fail, so that its end is the reported cause? */
static bool action_failed(const struct frame *f, const struct result *r)
{
	const struct step_kind *k = kind_of(f->ps);
	bool success = k->success ? k->success(f, r) : r->end == END_EXIT && r->code <= 0;

	return !success && !(r->end == END_EXIT && expects_code(f->e, f->ps->ast));
}

struct verdict attempt_judge(struct frame *f, const struct result *r)
{
	struct verdict v = { 0 };
	bool parsed = view_set(f, f->ps, r, &v.error);

	if (action_failed(f, r)) {
		if (!parsed)
			f->view->out = value_null;
		v.error = end_text(f->e, f, r);
	} else if (parsed && captures(f, &v.captures, &v.error)) {
		(void)expected(f, &v.error);
	}
	v.retry = !v.error.n || (!r->final && retry_wanted(f, retry_of(f)));
	return v;
}

static bool end_unknown(const struct result *r)
{
	return r->end == END_TIMEOUT || r->end == END_SIGNAL || r->end == END_LOST || r->end == END_STUCK || r->end == END_STOPPED;
}

static bool is_opaque(const struct frame *f, const struct result *r)
{
	return f->ps->secret_capture || (f->ps->wants_output && has_secret(f->e, r));
}

void attempt_finish(struct frame *f, const struct result *r)
{
	struct engine *e = f->e;
	const struct step_kind *k = kind_of(f->ps);
	bool told, opaque, recorded = k->take && r->end == END_ANSWER;
	struct verdict v;

	if (k->ask && r->end == END_ANSWER && !answer_taken(f, r))
		return;
	if (k->take && r->end == END_NO_PERSON && f->role == ROLE_FORWARD && e->stage == STAGE_PHASES) {
		rec_attempt(f, r, NULL);
		people_hold(f, STR("a question was not answered, and nobody is at a terminal"));
		return;
	}
	op_forget(e, &f->timer);
	if (r->end != END_NOT_STARTED)
		f->acted = true;
	told = opaque_told(f, r, &v);
	opaque = told || is_opaque(f, r);
	if (opaque && !told)
		v = attempt_judge(f, r);
	if (f->ps->ast->action != ACT_NONE && !prog_step_holds(f->ps) && !recorded)
		rec_attempt(f, r, opaque ? &v : NULL);
	f->out->code = r->end == END_EXIT ? r->code : -1;
	if (r->end == END_STUCK)
		e->stuck = true;
	if (r->end == END_NO_PERSON && f->role == ROLE_FORWARD && e->stage == STAGE_PHASES) {
		hold(f, f->key, STR("a question was not answered, and nobody is at a terminal"));
		f->lost++; /* it is asked again */
		f->state = AT_ATTEMPT;
		(void)park(f);
		return;
	}
	if (f->stopping || (r->end == END_STOPPED && !f->timed_out)) {
		step_fail(f, S_CANCELLED, "cancelled", STR("stopped: the run is ending"));
		return;
	}
	if (f->ps->ast->action == ACT_NOTIFY) {
		notified(f, r);
		return;
	}
	if (!opaque)
		v = attempt_judge(f, r);
	if (v.error.n && action_failed(f, r)) {
		bool timeout = r->end == END_TIMEOUT || f->timed_out;

		attempt_fail(f, timeout ? S_TIMEOUT : S_FAILED, result_end_names[r->end], &v, end_unknown(r));
		return;
	}
	if (v.error.n) {
		attempt_fail(f, S_FAILED, "expect", &v, false);
		return;
	}
	f->out->captures = v.captures;
	f->out->status = S_OK;
	f->ok = true;
	f->complete = true;
	step_end(f);
}

/* What-if: nobody knows what it would bring; whether it ends well is assumed. Its status is
 * known from here on, its fields are not. */
void attempt_assumed(struct frame *f, const struct result *r)
{
	const struct step *s = f->ps->ast;
	struct verdict v = { .error = STR("assumed to fail") };

	op_forget(f->e, &f->timer);
	f->acted = true;
	f->out->unknown = f->out->assumed = true;
	rec_attempt(f, r, NULL);
	if (r->code) {
		f->out->captures = s->capture_count ? arena_array(&f->e->arena, s->capture_count, sizeof(struct value)) : NULL;
		attempt_fail(f, S_FAILED, result_end_names[r->end], &v, false);
		return;
	}
	if (s->action == ACT_APPROVE && str_eqz(s->approve.from, "executive"))
		f->e->executive = true;
	f->out->captures = NULL;
	f->out->status = S_OK;
	f->ok = true;
	f->complete = true;
	step_end(f);
}

/* --- another attempt? ------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ (x >> 33);
}

/* FNV-1a: the same in every process, so that a replay waits as long. */
static uint64_t fold(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
	return h;
}

/* Delay before attempt f->attempt + 1, jitter from the run's seed and the key. */
static int64_t retry_delay(struct frame *f, const struct retry *r)
{
	struct eval_env env = frame_env(f);
	struct eval_error err = { 0 };
	struct str error;
	int64_t delay = 1000000000, cap = INT64_MAX, result;
	double factor = 1, jitter = 0, d;
	struct value v;

	(void)eval_duration(f, &r->delay, delay, &delay, &error);
	(void)eval_duration(f, &r->max_delay, cap, &cap, &error);
	if (r->backoff.kind != DATA_NONE) {
		v = data_eval(&r->backoff, &f->e->p->codes, &env, &err);
		factor = v.kind == V_INT ? (double)v.i : v.kind == V_FLOAT ? v.f : 1;
	}
	if (r->jitter.kind != DATA_NONE) {
		v = data_eval(&r->jitter, &f->e->p->codes, &env, &err);
		jitter = v.kind == V_PERCENT ? (double)v.i / (100.0 * PERCENT_ONE) : 0;
	}
	d = (double)delay;
	for (uint32_t i = 1; i < f->attempt && d < (double)cap; i++)
		d *= factor;
	if (d > (double)cap)
		d = (double)cap;
	if (jitter > 0) {
		uint64_t h = mix(fold(fold(0xcbf29ce484222325ULL, f->e->setup->seed), f->key) ^ f->attempt);

		d *= 1 + jitter * ((double)(h >> 11) / 4503599627370496.0 - 1);
	}
	result = d < 0 ? 0 : d > 9e18 ? INT64_MAX : (int64_t)d;
	return result;
}

void attempt_fail(struct frame *f, uint8_t status, const char *end, const struct verdict *v, bool unknown_end)
{
	struct engine *e = f->e;
	const struct retry *r = retry_of(f);
	const struct step *s = f->ps->ast;
	bool write = f->ps->effect == EFFECT_WRITE && !prog_step_holds(f->ps);
	int64_t max = 0;
	struct str error;
	struct jsonw w;

	f->error = arena_str(&e->arena, v->error.p, v->error.n);
	f->out->status = status;
	f->cause_end = end;
	if (r)
		(void)eval_int(f, &r->max, 0, &max, &error);
	/* What cannot be killed may still act: never a second one beside it. */
	if ((int64_t)(f->attempt - f->lost) > max || frame_draining(f->parent) || e->held || !v->retry ||
	    (write && end == result_end_names[END_STUCK])) {
		step_fail(f, status, end, f->error);
		return;
	}
	if (prog_step_holds(f->ps)) {
		f->state = AT_RETRY_UNWIND;
		f->child = unwind_push(f, f);
		return;
	}
	if (write && s->more->probe) {
		const struct prog_step *probe = &e->p->steps[s->more->probe->ix];

		f->state = AT_RETRY_PROBE;
		if (kind_of(probe)->start(f, probe, true, &error) != STARTED_WAIT)
			step_fail(f, status, end, f->error);
		return;
	}
	if (write && unknown_end && !s->idempotent && f->role != ROLE_UNDO && f->role != ROLE_TOP_UNDO) {
		rec_open(e, "note", f->key, &w);
		jsonw_kstr(&w, "text", STR("not repeated: how the attempt ended is not known, and the step is neither idempotent nor has a probe"));
		rec_close(e, &w);
		step_fail(f, status, end, f->error);
		return;
	}
	attempt_retry(f);
}

void block_failed(struct frame *f, uint8_t status, const char *end, struct str text)
{
	struct verdict v = { retry_wanted(f, retry_of(f)), text, NULL };

	attempt_fail(f, status, end, &v, false);
}

void attempt_retry(struct frame *f)
{
	const struct retry *r = retry_of(f);

	f->timed_out = f->drain = false;
	if (frame_draining(f->parent)) { /* meanwhile something else failed */
		step_fail(f, f->out->status == S_NOT_RUN ? S_CANCELLED : f->out->status, f->cause_end, f->error);
		return;
	}
	f->state = AT_RETRY_DELAY;
	f->op = timer_queue(f, r ? retry_delay(f, r) : 0, OP_FOR_RETRY);
}

/* --- probes ------------------------------------------------------------------ */

const struct prog_step *probe_of(const struct frame *f)
{
	return f->ps->ast->more->probe ? &f->e->p->steps[f->ps->ast->more->probe->ix] : NULL;
}

/* Its output had a secret: what the record says. */
static int told_verdict(struct str word)
{
	return str_eqz(word, "yes") ? 1 : str_eqz(word, "no") ? 0 : -1;
}

int probe_verdict(struct frame *f, const struct prog_step *ps, const struct result *r)
{
	const struct step *s = ps->ast;
	bool http = s->action == ACT_HTTP || s->action == ACT_METRIC;
	bool success = http ? r->end == END_EXIT && r->code >= 200 && r->code < 300 : r->end == END_EXIT && r->code == 0;
	struct eval_error err = { 0 };
	struct str error;
	struct value v;

	if (r->end == END_UNRECORDED)
		return r->code;
	if (r->opaque.n)
		return told_verdict(r->opaque);
	if (r->end != END_EXIT)
		return -1;
	if (!s->expect) {
		if (success)
			return 1;
		return http ? (r->code == 404 || r->code == 410 ? 0 : -1) : r->code == 1 ? 0 : -1;
	}
	if (!success && !expects_code(f->e, s))
		return -1;
	if (!view_set(f, ps, r, &error))
		return -1;
	v = eval_code(f, s->expect, &err);
	f->view = NULL;
	return err.set || v.kind != V_BOOL ? -1 : v.b;
}
