#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <time.h>
#include "plan/window.h"
#include "value/units.h"
#include "world.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* cases name only what they use */

/*
 * test_people: approve, ask, checklist, the change window, the risk gate and
 * ladders in virtual time. Each case is a runbook, the answers in their order,
 * the exit code, the trace, and texts that the records must (or must not) have.
 */

#define HEAD "runbook: 1\nname: t\nroles: {lead: {who: [kim, lee, tester, runner]}, executive: {who: [eve]}}\n"
#define ACT "act:\n  - {id: a, run: [ok], rollback: []}\n"
#define GO "plan:\n  - {id: go, approve: {from: lead}, timeout: 1h}\n" ACT
#define TWO "plan:\n  - {id: go, approve: {from: lead, min: 2}}\n" ACT
#define TOLD "report:\n  - {id: r, run: [ok, \"${{ steps.c.text ?? '-' }}\"], effect: read}\n"
#define LIST "plan:\n  - {id: c, checklist: [one, two], timeout: 1h}\n" ACT
#define RISK "risks: [{what: x, probability: high, impact: major}]\n"

struct case_ {
	const char *name, *text;
	const char *answers[6];
	int exit;
	const char *trace;
	const char *has[4], *has_not[2];
	bool dry;
	const char *wall, *outside;
	struct preset presets[3];
};

static const struct case_ cases[] = {
	{ "approved", HEAD GO, { "yes@kim" }, 0, "ask plan/go\nact/a: ok\n",
	  { "\"t\":\"approval\",\"k\":\"plan/go\",\"what\":\"approve\",\"answer\":\"yes\",\"by\":\"kim\",\"how\":\"file\"", "\"who\":[\"kim\",\"lee\"" } },
	{ "rejected", HEAD GO, { "no@lee" }, 1, "ask plan/go\n", { "rejected by lee" } },
	{ "not answered in time", HEAD GO, { "silence" }, 1, "ask plan/go\n", { "\"status\":\"timeout\"", "not answered in time" } },
	{ "after a write, a timeout undoes", HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: go, approve: {from: lead}, timeout: 1h}\n",
	  { "silence" }, 3, "act/a: ok\nask act/go\nact/a!undo/#1: ok ua\n" },
	{ "the operator never counts", HEAD GO, { "yes@tester", "yes@kim" }, 0, "ask plan/go\nask plan/go\nact/a: ok\n",
	  { "who operates a run does not approve it" } },
	{ "nor the account that runs it", HEAD GO, { "yes@runner", "yes@kim" }, 0, "ask plan/go\nask plan/go\nact/a: ok\n",
	  { "who operates a run does not approve it" } },
	{ "who is not of the role does not count, nor reject", HEAD GO, { "yes@mallory", "no@mallory", "yes@kim" }, 0,
	  "ask plan/go\nask plan/go\nask plan/go\nact/a: ok\n", { "mallory is not in the role lead" } },
	{ "the same person counts once", HEAD TWO, { "yes@kim", "yes@kim", "yes@lee" }, 0, "ask plan/go\nask plan/go\nask plan/go\nact/a: ok\n",
	  { "the same person counts once", "\"need\":2,\"have\":1" } },
	{ "one no among two", HEAD TWO, { "yes@kim", "no@lee" }, 1, "ask plan/go\nask plan/go\n", { "rejected by lee" } },
	{ "a refused file is told of and changes nothing", HEAD GO, { "!yes@kim", "yes@kim" }, 0, "ask plan/go\nask plan/go\nact/a: ok\n",
	  { "\"refused\":\"forged\"", "an answer by kim was refused: forged" } },
	{ "dry-run asks nobody", HEAD GO, { NULL }, 0, "would plan/go\nwould plan/go\nwould act/a\n", { "\"what\":\"approve\"" }, { NULL }, true }, /* twice: its timeout */
	{ "a rejection cannot be skipped", HEAD "plan:\n  - {id: go, approve: {from: lead}, on_fail: pause}\n" ACT, { "no@lee" }, 1, "ask plan/go\nask plan/go\n",
	  { "\"choices\":[\"retry\",\"rollback\",\"hold\"]" } },

	{ "ask: values are fields", HEAD "plan:\n  - {id: q, ask: {n: int, s: string}}\nact:\n  - {id: a, run: [ok, \"${{ steps.q.n + 1 }}\", \"${{ steps.q.s }}\"], rollback: []}\n",
	  { "41", "x y" }, 0, "ask plan/q\nask plan/q\nact/a: ok 42 x y\n", { "\"captures\":{\"n\":41,\"s\":\"x y\"}" } },
	{ "ask: what does not fit is asked for again", HEAD "plan:\n  - {id: q, ask: {n: {type: int, min: 3}}}\n" ACT, { "x", "2", "3" }, 0,
	  "ask plan/q\nask plan/q\nask plan/q\nact/a: ok\n", { "`x` is no int", "`2` is less than 3" } },
	{ "ask: empty takes the default", HEAD "plan:\n  - {id: q, ask: {n: {type: int, default: 5}}}\nact:\n  - {id: a, run: [ok, \"${{ steps.q.n }}\"], rollback: []}\n",
	  { "" }, 0, "ask plan/q\nact/a: ok 5\n" },
	{ "ask: a list ends with an empty answer", HEAD "plan:\n  - {id: q, ask: {l: {type: list, min: 2, pattern: '^h'}}}\nact:\n  - {id: a, run: [ok, \"${{ steps.q.l }}\"], rollback: []}\n",
	  { "h1", "x", "", "h1", "h2", "" }, 0, "ask plan/q\nask plan/q\nask plan/q\nask plan/q\nask plan/q\nask plan/q\nact/a: ok h1 h2\n",
	  { "does not match", "its length" } },
	{ "ask: a list as JSON from a file", HEAD "plan:\n  - {id: q, ask: {l: list, n: int}}\nact:\n  - {id: a, run: [ok, \"${{ steps.q.l }}\", \"${{ steps.q.n }}\"], rollback: []}\n",
	  { "n=3@kim", "l=[\"a\",\"b\"]@kim" }, 0, "ask plan/q\nask plan/q\nact/a: ok a b 3\n" },
	{ "ask: given beforehand", HEAD "plan:\n  - {id: q, ask: {n: int}}\nact:\n  - {id: a, run: [ok, \"${{ steps.q.n }}\"], rollback: []}\n", { "9" }, 0,
	  "ask plan/q\nact/a: ok 7\n", { "\"how\":\"preset\"" }, { NULL }, false, NULL, NULL, { { { "q.n", 3 }, { "7", 1 } } } },
	{ "ask: nobody there", HEAD "plan:\n  - {id: q, ask: {n: int}}\n" ACT, { NULL }, 5, "ask plan/q\n" },

	{ "checklist", HEAD LIST, { "y", "yes all green" }, 0, "ask plan/c\nask plan/c\nact/a: ok\n", { "\"need\":2,\"have\":1" } },
	{ "checklist: in any order, by others, each once", HEAD LIST, { "2=yes@kim", "2=yes@lee", "1=yes@lee" }, 0,
	  "ask plan/c\nask plan/c\nask plan/c\nact/a: ok\n", { "item 2 is ticked already" } },
	{ "checklist: no", HEAD LIST, { "n disk is full" }, 1, "ask plan/c\n", { "item 1 is not done, says tester: disk is full" } },
	{ "checklist: later", HEAD LIST, { "y", "later" }, 5, "ask plan/c\nask plan/c\n", { "\"t\":\"held\"", "to be continued later" } },
	{ "checklist: not understood", HEAD LIST, { "maybe", "y", "y" }, 0, "ask plan/c\nask plan/c\nask plan/c\nact/a: ok\n", { "a note may follow" } },
	{ "checklist: no such item", HEAD LIST, { "3=yes@kim", "1=yes@kim", "2=yes@kim" }, 0, "ask plan/c\nask plan/c\nask plan/c\nact/a: ok\n",
	  { "there is no item 3" } },
	{ "checklist: what was ticked is known, also when the rest never is", HEAD LIST TOLD, { "y all green", "silence" }, 1,
	  "ask plan/c\nask plan/c\nreport/r: ok one: tester 1970-01-12T13:46:40Z, all green\ntwo: not ticked\n" },
	{ "checklist: and what was refused", HEAD LIST TOLD, { "y", "n no disk" }, 1,
	  "ask plan/c\nask plan/c\nreport/r: ok one: tester 1970-01-12T13:46:40Z\ntwo: no, tester 1970-01-12T13:46:40Z, no disk\n" },
	{ "checklist: in time", HEAD LIST, { "silence" }, 1, "ask plan/c\n", { "not answered in time" } },

	{ "a high risk needs the executive", HEAD RISK ACT, { NULL }, 1, "", { "the risk is high (16 of 25), and no approval by the role `executive` was given" } },
	{ "another role is not enough", HEAD RISK GO, { "yes@kim" }, 1, "ask plan/go\n" },
	{ "the executive approves", HEAD RISK "plan:\n  - approve: {from: executive}\n" ACT, { "yes@eve" }, 0, "ask plan/#1\nact/a: ok\n" },
	{ "an approval that was skipped is none", HEAD RISK "plan:\n  - {if: 1 > 2, approve: {from: executive}}\n" ACT, { "yes@eve" }, 1, "" },
	{ "reads and other phases need none", HEAD RISK "preflight:\n  - {id: p, run: [ok], rollback: []}\nact:\n  - {id: a, run: [ok], effect: read}\n", { NULL }, 0,
	  "preflight/p: ok\nact/a: ok\n" },

	{ "inside the window", HEAD "window: {days: [mon], from: '13:00', to: '14:00'}\n" ACT, { NULL }, 0, "act/a: ok\n", { "\"inside\":true" } },
	{ "outside: fail", HEAD "window: {days: [tue], from: '13:00', to: '14:00'}\n" ACT "report:\n  - {id: r, run: [ok], effect: read}\n", { NULL }, 1, "report/r: ok\n",
	  { "outside the change window (tue 13:00-14:00 UTC): there it is mon 13:46; it opens in 23h14m" } },
	{ "outside: warn", HEAD "window: {from: '02:00', to: '03:00', else: warn}\n" ACT, { NULL }, 0, "act/a: ok\n", { "\"severity\":\"warning\",\"text\":\"outside" } },
	{ "outside: confirmed once", HEAD "window: {from: '02:00', to: '03:00', else: confirm}\n" ACT, { "yes", "no" }, 0, "ask window\nact/a: ok\n",
	  { "\"t\":\"answer\",\"k\":\"window\",\"what\":\"window\",\"answer\":\"yes\"" } },
	{ "outside: refused", HEAD "window: {from: '02:00', to: '03:00', else: confirm}\n" ACT, { "no" }, 1, "ask window\n" },
	{ "outside: nobody there", HEAD "window: {from: '02:00', to: '03:00', else: confirm}\n" ACT, { NULL }, 5, "ask window\n" },
	{ "outside: a reason given beforehand", HEAD "window: {from: '02:00', to: '03:00', else: confirm}\n" ACT, { "no" }, 0, "ask window\nact/a: ok\n",
	  { "went on: fire" }, { NULL }, false, NULL, "fire" },
	{ "closed before the first write: undone", HEAD "window: {from: '13:00', to: '14:00'}\npreflight:\n  - {id: p, run: [ok], rollback: [{run: [ok, up]}]}\n  - wait: 20m\n" ACT, { NULL }, 3,
	  "preflight/p: ok\npreflight/p!undo/#1: ok up\n", { "outside the change window" } },
	{ "closed before the first write: asked, for all at once",
	  HEAD "window: {from: '13:00', to: '14:00', else: confirm}\npreflight:\n  - wait: 20m\nact:\n  - parallel: 2\n    steps:\n      - {id: a, run: [ok], rollback: []}\n      - {id: b, run: [ok], rollback: []}\n",
	  { "yes" }, 0, "ask window\nact/#1/a: ok\nact/#1/b: ok\n" },
	{ "closed before the first write: the question is given up when its step is not started any more",
	  HEAD "window: {from: '13:00', to: '14:00', else: confirm}\npreflight:\n  - wait: 20m\nact:\n  - parallel: 2\n    steps:\n      - {id: a, run: [ok], rollback: []}\n      - {id: b, run: [no], effect: read}\n",
	  { "silence" }, 1, "ask window\nact/#1/b: no\n", { "\"k\":\"act/#1/a\",\"status\":\"cancelled\"", "not started: the run is ending" } },
	{ "closed before the first write: the question is given up with the time of its block",
	  HEAD "window: {from: '13:00', to: '14:00', else: confirm}\npreflight:\n  - wait: 20m\nact:\n  - timeout: 5s\n    steps:\n      - {id: a, run: [ok], rollback: []}\n",
	  { "silence" }, 1, "ask window\n", { "\"k\":\"act/#1\",\"status\":\"timeout\"" } },
	{ "closed before the first write: given up, and the run goes on",
	  HEAD "window: {from: '13:00', to: '14:00', else: confirm}\npreflight:\n  - wait: 20m\nact:\n  - timeout: 5s\n    on_fail: continue\n    steps:\n      - {id: a, run: [ok], rollback: []}\n  - {id: b, run: [ok], effect: read}\n",
	  { "silence" }, 0, "ask window\nact/b: ok\n", { "\"what\":\"window\",\"end\":\"stopped\"" } },
	{ "an undo is never stopped", HEAD "window: {from: '13:00', to: '14:00'}\nact:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - wait: 20m\n  - {id: b, run: [no], rollback: []}\n", { NULL }, 3,
	  "act/a: ok\nact/b: no\nact/a!undo/#1: ok ua\n" },
	{ "inside one of two windows", HEAD "window: [{days: [tue], from: '13:00', to: '14:00'}, {days: [mon], from: '13:30', to: '14:00'}]\n" ACT, { NULL }, 0,
	  "act/a: ok\n", { "\"inside\":true" } },
	{ "outside of both windows", HEAD "window: [{days: [tue], from: '13:00', to: '14:00'}, {days: [mon], from: '14:00', to: '15:00'}]\n" ACT, { NULL }, 1, "",
	  { "outside the change windows (tue 13:00-14:00 UTC, mon 14:00-15:00 UTC): in UTC it is mon 13:46; the next one, mon 14:00-15:00, opens in 14m" } },
	{ "outside of both windows: the second one says that a person is asked",
	  HEAD "window: [{days: [tue], from: '13:00', to: '14:00'}, {from: '02:00', to: '03:00', else: confirm}]\n" ACT, { "yes" }, 0, "ask window\nact/a: ok\n" },
	{ "from one window into a gap: undone",
	  HEAD "window: [{from: '13:00', to: '14:00'}, {from: '14:10', to: '15:00'}]\npreflight:\n  - {id: p, run: [ok], rollback: [{run: [ok, up]}]}\n  - wait: 20m\n" ACT,
	  { NULL }, 3, "preflight/p: ok\npreflight/p!undo/#1: ok up\n", { "the next one, 14:10-15:00, opens in 4m" } },
	{ "from one window into the other", HEAD "window: [{from: '13:00', to: '14:00'}, {from: '14:00', to: '15:00'}]\npreflight:\n  - wait: 20m\n" ACT, { NULL }, 0,
	  "act/a: ok\n", { "\"when\":\"act\",\"inside\":true" } },
	{ "over midnight, the day before counts", HEAD "window: {days: [sun], from: '22:00', to: '14:00'}\n" ACT, { NULL }, 0, "act/a: ok\n" },
	{ "over midnight, not this day", HEAD "window: {days: [mon], from: '22:00', to: '14:00'}\n" ACT, { NULL }, 1, "" },

	{ "escalate tells and goes on", HEAD "channels: {log: {run: [ok, told]}}\nact:\n  - {id: a, run: [slow, 100], rollback: [], escalate: [{after: 60s, notify: log, say: late}, {after: 30s, notify: log}]}\n",
	  { NULL }, 0, "act/a: slow 100\nact/a: ok told\nact/a: ok told\n",
	  { "\"what\":\"escalate\"", "step act/a of run run1 (t) has not ended after 30s", "escalated: late", "\"t\":\"message\",\"k\":\"act/a\"" } },
	{ "escalate ends with its step", HEAD "channels: {log: {run: [ok, told]}}\nact:\n  - {id: a, run: [ok], rollback: [], escalate: [{after: 60s, notify: log}]}\n  - wait: 1h\n",
	  { NULL }, 0, "act/a: ok\n" },
	{ "escalate of the run goes on while it is undone",
	  HEAD "channels: {log: {run: [ok, told]}}\nescalate: [{after: 30s, notify: log, say: level 2}]\nact:\n  - {id: a, run: [ok], rollback: [{run: [slow, 60]}]}\n  - {id: b, run: [no], rollback: []}\n",
	  { NULL }, 3, "act/a: ok\nact/b: no\nact/a!undo/#1: slow 60\n: ok told\n", { "escalated: level 2" } },
	{ "a ladder of a channel that fails is an issue", HEAD "channels: {log: {run: [no]}}\nact:\n  - {id: a, run: [slow, 100], rollback: [], escalate: [{after: 60s, notify: log}]}\n",
	  { NULL }, 0, "act/a: slow 100\nact/a: no\n", { "not notified (act/a)" } },
	{ "a channel takes its level and above", HEAD "channels: {a: {run: [ok, a], level: error}, b: {run: [ok, b]}, c: {run: [ok, c], level: critical}}\nreport:\n"
	  "  - notify: {to: [a, b, c], say: x, level: warn}\n  - notify: {to: [a, b, c], say: x, level: error}\n  - notify: {to: [c], say: x, incident: i, event: resolve}\n  - notify: {to: [c], say: x}\n",
	  { NULL }, 0, "report/#1: ok b\nreport/#2: ok a\nreport/#2: ok b\nreport/#3: ok c\n", { "\"channel\":\"b\"", "\"event\":\"resolve\",\"incident\":\"i\"" } },
	{ "an approval tells its role", "runbook: 1\nname: t\nchannels: {log: {run: [ok, told]}}\nroles: {lead: {who: [kim], notify: log}}\n" GO, { "yes@kim" }, 0,
	  "ask plan/go\nplan/go: ok told\nact/a: ok\n" },
};

static void run_case(void **state)
{
	const struct case_ *c = *state;
	struct world_run r;
	struct world w;
	bool ok = true;

	world_init(&w);
	w.answers = c->answers;
	w.interactive = c->answers[0] != NULL;
	while (w.answer_count < 6 && c->answers[w.answer_count])
		w.answer_count++;
	w.dry = c->dry;
	w.outside_window = c->outside;
	w.presets = c->presets;
	while (w.preset_count < 3 && c->presets[w.preset_count].name.n)
		w.preset_count++;
	if (c->wall && !unit_parse_time(str_of(c->wall), &w.wall))
		fail_msg("no time: %s", c->wall);
	r = world_run(&w, c->text);
	for (int i = 0; i < 4; i++)
		if (c->has[i] && !strstr(w.records.p, c->has[i])) {
			fprintf(stderr, "missing: %s\n", c->has[i]);
			ok = false;
		}
	for (int i = 0; i < 2; i++)
		if (c->has_not[i] && strstr(w.records.p, c->has_not[i])) {
			fprintf(stderr, "too much: %s\n", c->has_not[i]);
			ok = false;
		}
	if (!ok || r.exit != c->exit || strcmp(w.trace.p ? w.trace.p : "", c->trace))
		fprintf(stderr, "--- records of `%s`\n%s", c->name, w.records.p);
	assert_string_equal(w.trace.p ? w.trace.p : "", c->trace);
	assert_int_equal(r.exit, c->exit);
	assert_true(ok);
	assert_false(w.unsynced_write);
	world_release(&w);
}

/* What is approved is this plan: another text, step, run or input is another subject. */
static void subjects_differ(void **state)
{
	static const char *const texts[] = {
		HEAD GO, HEAD "inputs: {x: {type: int, default: 1}}\n" GO, HEAD "inputs: {x: {type: int, default: 2}}\n" GO,
		HEAD "plan:\n  - {id: go, approve: {from: lead}, timeout: 1h}\nact:\n  - {id: a, run: [ok, other], rollback: []}\n",
		HEAD "plan:\n  - {id: gone, approve: {from: lead}, timeout: 1h}\n" ACT,
	};
	char seen[5][65] = { "" };
	const char *answer = "yes@kim";

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct world w;
		const char *at;

		world_init(&w);
		w.answers = &answer;
		w.answer_count = 1;
		assert_int_equal(world_run(&w, texts[i]).exit, 0);
		at = strstr(w.records.p, "\"subject\":\"");
		assert_non_null(at);
		memcpy(seen[i], at + 11, 64);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(seen[k], seen[i]);
		world_release(&w);
	}
}

/* The C library's idea of local time, over a year in zones with clock changes of an hour,
 * of half an hour, in the south, at midnight, and without any. */
static void windows_follow_civil_time(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
					     "Africa/Cairo", "Asia/Kathmandu", "Asia/Seoul", "UTC" };
	static const struct window windows[] = {
		{ .days = 127, .from = 2 * 3600, .to = 4 * 3600 },
		{ .days = 1 << 5 | 1 << 6, .from = 22 * 3600, .to = 3 * 3600 },
		{ .days = 1 << 6, .from = 0, .to = 24 * 3600 },
		{ .days = 1 << 4, .from = 23 * 3600 + 1800, .to = 0 },
	};
	enum { N = sizeof(windows) / sizeof(*windows) };
	int64_t start;

	(void)state;
	assert_true(unit_parse_time(STR("2026-01-01T00:00:00Z"), &start));
	for (size_t z = 0; z < sizeof(zones) / sizeof(*zones); z++) {
		setenv("TZ", zones[z], 1);
		tzset();
		for (int64_t at = start; at < start + 365 * 86400000000000LL; at += 17 * 60000000000LL) {
			time_t seconds = (time_t)(at / 1000000000);
			struct window all[N];
			bool any = false;
			struct tm t;

			localtime_r(&seconds, &t);
			for (size_t i = 0; i < N; i++) {
				struct window w = windows[i];
				int now = t.tm_hour * 3600 + t.tm_min * 60 + t.tm_sec, day = (t.tm_wday + 6) % 7;
				bool before = w.from > w.to && now < w.to; /* it began yesterday */
				bool inside = w.from < w.to ? now >= w.from && now < w.to : now >= w.from || before;

				w.tz = str_of(zones[z]);
				inside = inside && (w.days >> (before ? (day + 6) % 7 : day) & 1);
				any = any || inside;
				all[i] = w;
				if (windows_open(&(struct windows){ .list = &w, .count = 1 }, at) != inside)
					fail_msg("%s, window %zu, %s", zones[z], i, asctime(&t));
			}
			if (windows_open(&(struct windows){ .list = all, .count = N }, at) != any)
				fail_msg("%s, all windows, %s", zones[z], asctime(&t));
		}
	}
	unsetenv("TZ");
	tzset();
}

/* Where a clock change drops or repeats the hour of the window, and when it opens next. */
static void clock_changes(void **state)
{
	static const struct { const char *tz, *at; bool open; const char *next; } rows[] = {
		{ "Europe/Berlin", "2026-03-29T00:59:59Z", false, "2026-03-30T00:00:00Z" }, /* 01:59 CET; 02:00 to 03:00 does not exist */
		{ "Europe/Berlin", "2026-03-29T01:00:00Z", false, "2026-03-30T00:00:00Z" }, /* 03:00 CEST */
		{ "Europe/Berlin", "2026-10-25T00:30:00Z", true, NULL },                    /* 02:30 CEST */
		{ "Europe/Berlin", "2026-10-25T01:30:00Z", true, NULL },                    /* 02:30 CET: once more */
		{ "Europe/Berlin", "2026-10-25T02:00:00Z", false, "2026-10-26T01:00:00Z" },
		{ "America/New_York", "2026-11-01T06:59:00Z", false, "2026-11-01T07:00:00Z" },
		{ "Australia/Lord_Howe", "2026-10-03T15:29:00Z", false, "2026-10-03T15:30:00Z" }, /* 01:59, then 02:30 */
		{ "Asia/Seoul", "2026-11-29T16:00:00Z", false, "2026-11-29T17:00:00Z" },
		{ "Asia/Seoul", "2026-11-29T17:00:00Z", true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct window w = { .days = 127, .from = 2 * 3600, .to = 3 * 3600, .tz = str_of(rows[i].tz) }, *which;
		const struct windows one = { .list = &w, .count = 1 };
		int64_t at, next = 0;

		assert_true(unit_parse_time(str_of(rows[i].at), &at));
		assert_int_equal(windows_open(&one, at), rows[i].open);
		if (!rows[i].next)
			continue;
		assert_true(unit_parse_time(str_of(rows[i].next), &next));
		if (windows_next(&one, at, &which) != next)
			fail_msg("%s %s: opens %lld s later than thought", rows[i].tz, rows[i].at, (long long)(windows_next(&one, at, &which) - next) / 1000000000);
	}
}

/* Every night from two to four and on Sundays from one to three in Seoul, and on Fridays at noon in
 * Berlin: which one opens next, and what a person is told. */
static void several_windows(void **state)
{
	static const struct window list[] = {
		{ .days = 31, .from = 2 * 3600, .to = 4 * 3600, .tz = STR("Asia/Seoul") },
		{ .days = 1 << 6, .from = 3600, .to = 3 * 3600, .tz = STR("Asia/Seoul") },
		{ .days = 1 << 4, .from = 12 * 3600, .to = 13 * 3600, .tz = STR("Europe/Berlin") },
	};
	static const struct windows ws = { .list = list, .count = 3 };
	static const struct { const char *at, *says; } rows[] = {
		{ "2026-11-29T17:00:00Z", NULL }, /* Monday, 02:00 */
		{ "2026-11-28T16:00:00Z", NULL }, /* Sunday, 01:00 */
		{ "2026-11-28T18:00:00Z", "in Asia/Seoul it is sun 03:00; the next one, mon tue wed thu fri 02:00-04:00, opens in 23h" },
		{ "2026-11-27T19:00:00Z", "in Asia/Seoul it is sat 04:00; the next one, sun 01:00-03:00, opens in 21h" },
		{ "2026-11-27T10:20:00Z", "in Europe/Berlin it is fri 11:20; the next one, fri 12:00-13:00, opens in 40m" },
		{ "2026-11-27T11:00:00Z", NULL }, /* Friday, 12:00 in Berlin */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b, want;
		int64_t at;

		assert_true(unit_parse_time(str_of(rows[i].at), &at));
		assert_int_equal(windows_open(&ws, at), !rows[i].says);
		if (!rows[i].says)
			continue;
		buf_init(&b, 4096);
		buf_init(&want, 4096);
		windows_outside(&ws, at, &b);
		buf_printf(&want, "outside the change windows (mon tue wed thu fri 02:00-04:00 Asia/Seoul, sun 01:00-03:00 Asia/Seoul, "
				  "fri 12:00-13:00 Europe/Berlin): %s", rows[i].says);
		assert_string_equal(b.p, want.p);
		buf_release(&b);
		buf_release(&want);
	}
}

int main(void)
{
	enum { N = sizeof(cases) / sizeof(*cases) };
	struct CMUnitTest tests[N + 4];

	for (int i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, run_case, NULL, NULL, (void *)(uintptr_t)&cases[i] };
	tests[N] = (struct CMUnitTest)cmocka_unit_test(subjects_differ);
	tests[N + 1] = (struct CMUnitTest)cmocka_unit_test(windows_follow_civil_time);
	tests[N + 2] = (struct CMUnitTest)cmocka_unit_test(clock_changes);
	tests[N + 3] = (struct CMUnitTest)cmocka_unit_test(several_windows);
	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
