#include <string.h>
#include <time.h>

#include "base/jsonw.h"
#include "base/visible.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/rebuild.h"
#include "cli/ui.h"
#include "cli/whatif.h"
#include "host/jail.h"
#include "journal/mask.h"
#include "journal/stored.h"
#include "value/units.h"
#include "value/value.h"

/*
 * replay: re-drives a past run. The engine must make the same journal again, byte
 * for byte; the kernel sees to it that nothing else can come of it.
 */

struct showing {
	struct ui *ui;
	struct rebuild *b;
	double speed;     /* 0: as fast as it goes */
	int64_t last;     /* us of the last record */
};

static void pause_for(const struct showing *s, int64_t us)
{
	double ns = (double)us * 1000 / s->speed;
	struct timespec t;

	if (ns > 3600e9)
		ns = 3600e9;
	t.tv_sec = (time_t)(ns / 1e9);
	t.tv_nsec = (long)(ns - (double)t.tv_sec * 1e9);
	nanosleep(&t, NULL);
}

static void show_stream(struct showing *s, const struct record *r, const char *name, int stream)
{
	struct stored_output out;
	struct arena a;

	arena_init(&a);
	if (!stored_output(&a, s->b->run_dir.p, record_raw(r, name), 64 << 20, &out) && out.bytes.n)
		ui_output(s->ui, r->k, stream, out.bytes);
	arena_release(&a);
}

static void show(void *arg, const struct record *r)
{
	struct showing *s = arg;

	if (s->speed > 0 && r->m > s->last) {
		ui_tick(s->ui);
		pause_for(s, r->m - s->last);
	}
	s->last = r->m;
	if (str_eqz(r->t, "step.attempt")) {
		show_stream(s, r, "out", 1);
		show_stream(s, r, "err", 2);
	}
	ui_record(s->ui, r->line);
	if (s->speed > 0)
		ui_idle(s->ui);
}

static const char *const words[] = { "identical", "diverged", "cannot" };

static enum replay_verdict verdict_of(const struct rebuild *b)
{
	return !b->why[0] ? REPLAY_IDENTICAL : b->diverged ? REPLAY_DIVERGED : REPLAY_CANNOT;
}

static void say_json(const struct past *p, const struct rebuild *b)
{
	const struct replay_result *res = b->replay ? replay_result(b->replay) : NULL;
	enum replay_verdict v = verdict_of(b);
	struct jsonw w;
	struct buf out;

	buf_init(&out, 4 << 20);
	jsonw_init(&w, &out);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "run", p->id);
	jsonw_kstr(&w, "verdict", str_of(words[v]));
	jsonw_kint(&w, "records", b->scan.records);
	if (v != REPLAY_IDENTICAL)
		jsonw_kstr(&w, "why", str_of(b->why));
	else if (b->alike.count)
		jsonw_kint(&w, "alike", b->alike.count);
	if (res && v == REPLAY_DIVERGED) {
		jsonw_kint(&w, "record", res->n);
		jsonw_kstr(&w, "recorded", res->recorded);
		jsonw_kstr(&w, "made", res->made);
	}
	jsonw_close(&w, '}');
	buf_addc(&out, '\n');
	cli_out(buf_str(&out));
	buf_release(&out);
}

static void put_side(struct buf *out, const char *title, struct str body)
{
	buf_addz(out, title);
	if (body.n)
		visible_add(out, str_slice(body, 0, 2000));
	else
		buf_addz(out, "(nothing)");
	buf_addc(out, '\n');
}

static void say_text(const struct past *p, const struct rebuild *b)
{
	const struct replay_result *res = b->replay ? replay_result(b->replay) : NULL;
	enum replay_verdict v = verdict_of(b);
	struct buf out;

	buf_init(&out, 1 << 20);
	buf_printf(&out, STR_FMT " %s", STR_ARG(p->id), words[v]);
	if (v == REPLAY_IDENTICAL)
		buf_printf(&out, ": %lld records%s", (long long)b->scan.records,
			   b->scan.sealed ? "" : "; it has no seal yet");
	else if (v == REPLAY_DIVERGED && res && res->n)
		buf_printf(&out, " at record %lld: %s", (long long)res->n, res->why);
	else
		buf_printf(&out, ": %s", b->why);
	buf_addc(&out, '\n');
	if (v == REPLAY_IDENTICAL && b->alike.count)
		buf_printf(&out, "  masked: %u text%s of the runbook, taken for the value of a secret wherever it stands\n", b->alike.count,
			   b->alike.count == 1 ? "" : "s");
	if (res && v == REPLAY_DIVERGED) {
		put_side(&out, "  recorded  ", res->recorded);
		put_side(&out, "  replayed  ", res->made);
	}
	cli_out(buf_str(&out));
	buf_release(&out);
}

/* 0: not given. False after a message. */
static bool speed_of(struct cli *c, double *speed)
{
	const char *text = cli_arg(c, "speed");
	struct value v;

	*speed = 0;
	if (!text)
		return true;
	v.f = 0;
	if (!unit_parse_float(str_of(text), &v.f) || !(v.f > 0)) {
		cli_usage(c, "--speed needs a number above 0, such as 1 (as it happened) or 10; this is `%s`", text);
		return false;
	}
	*speed = v.f;
	return true;
}

static int replay_past(struct cli *c, const struct past *p, double speed, bool json)
{
	struct ui_options uo = { .color = c->color_out, .past = true, .run = p->id };
	struct showing s = { .speed = speed };
	struct rebuild b = { 0 };
	struct mask *m = mask_new();
	int code;

	if (rebuild_open(&b, c, p->dir)) {
		if (speed > 0 && !json) {
			s.ui = ui_new(&uo);
			s.b = &b;
			b.each = show;
			b.arg = &s;
		}
		(void)rebuild_replay(&b, NULL, m);
	}
	if (s.ui)
		ui_idle(s.ui);
	if (json)
		say_json(p, &b);
	else
		say_text(p, &b);
	code = verdict_of(&b) == REPLAY_IDENTICAL ? EXIT_OK : EXIT_DAMAGED;
	if (s.ui)
		ui_free(s.ui);
	rebuild_release(&b);
	mask_free(m);
	return code;
}

static int replay_run(struct cli *c)
{
	struct past p;
	double speed;
	bool json;
	int code;

	if (!output_json(c, &json) || !speed_of(c, &speed))
		return EXIT_USAGE;
	if (cli_has(c, "against"))
		return whatif_command(c, json);
	if (cli_has(c, "assume") || cli_has(c, "corpus") || cli_has(c, "fail-on"))
		return cli_usage(c, "--assume, --corpus and --fail-on need --against SOURCE");
	if (c->arg_count != 1)
		return cli_usage(c, "replay needs a run");
	code = past_find(c, c->args[0], &p);
	if (code)
		return code;
	code = jail_enter();
	if (code) {
		cli_error("the kernel does not let us give up our rights (%s): a replay must not be able to act", strerror(code));
		return EXIT_INTERNAL;
	}
	return replay_past(c, &p, speed, json);
}

static const struct option_row options[] = {
	{ "speed", 0, "N", "show the run as it happened, N times as fast" },
	{ "against", 0, "SOURCE", "what this runbook would have done with what the run recorded" },
	{ "assume", 0, "STEP=fail|ok", "with --against: how a step ends, whatever is recorded; may repeat" },
	{ "corpus", 0, "DIR", "with --against: all runs of this runbook in a folder of runs" },
	{ "fail-on", 0, "WHAT", "with --corpus: exit 1 for runs that are different (default), may end otherwise (may), or would (flip)" },
	{ "moving", 0, NULL, "accept a branch as the version of SOURCE" },
	{ "require-signed", 0, NULL, "refuse a version of SOURCE without a trusted signature" },
	{ "offline", 0, NULL, "never ask a server for SOURCE: use what was fetched before" },
	{ "output", 'o', "FORMAT", "text (default) or json" },
	{ "state", 0, "DIR", "where runs are kept" },
	{ "color", 0, "WHEN", "always, never or auto" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cmd_replay = {
	.name = "replay",
	.usage = "replay RUN [--speed N | --against SOURCE [--assume STEP=fail|ok]...]",
	.summary = "re-drive a past run and compare; nothing can happen",
	.help = "The engine gets the events that the journal recorded (exits, answers, times) and must\n"
		"make every guard, command, rendered text and record again, byte for byte.\n\n"
		"  runbook replay @last\n"
		"  runbook replay 01m7yd --speed 10\n\n"
		"Exit 0 identical, 6 diverged (the record and both sides are shown) or not possible.\n\n"
		"With --against, another version of the runbook (a file, FILE@TAG, git+...) is driven with\n"
		"what the run recorded: which steps are the same, which are not, how it would have ended.\n\n"
		"  runbook replay 01m7yd --against deploy.yml\n"
		"  runbook replay 01m7yd --against deploy.yml@v2 --assume act/migrate=fail\n"
		"  runbook replay --against deploy.yml --corpus ~/.local/state/runbook --fail-on flip\n\n"
		"Exit 0 the same, 1 different, 2 usage or invalid SOURCE, 6 a run cannot be replayed.\n"
		"The kernel forbids the process to start programs, to open sockets and to write files.\n",
	.options = options,
	.run = replay_run,
	.bundles = true,
};
