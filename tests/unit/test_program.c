/* program: what steps inherit, what may be read from where, and when it may be missing. */
#include "plan/program.h"

#include "program_case.h"

static const struct prog_step *step(const struct loaded *l, const char *id)
{
	for (uint32_t i = 0; i < l->p->step_count; i++)
		if (str_eqz(l->p->steps[i].ast->id, id))
			return &l->p->steps[i];
	fail_msg("no step %s", id);
	return NULL;
}

static void blocks_hand_down(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\n"
		      "defaults: { timeout: 9s, retry: 2, grace: 3s, shell: bash, env: { A: top, B: top }, dir: /top }\n"
		      "act:\n"
		      "  - id: block\n    shell: sh\n    dir: /block\n    env: { B: block, C: block }\n"
		      "    steps:\n"
		      "      - { id: plain, run: 'true', rollback: [{ id: undo, run: 'true' }] }\n"
		      "      - { id: own, run: 'true', env: { C: own }, dir: /own, timeout: 1s, retry: 5, rollback: [] }\n"
		      "      - { id: reads, run: 'true', effect: read }\n"
		      "test: [{ id: w, wait: 1s }]\n");
	const struct prog_step *plain = step(&l, "plain"), *own = step(&l, "own"), *undo = step(&l, "undo");
	assert_int_equal(plain->shell, SHELL_KIND_SH);
	assert_true(str_eqz(value_text(plain->dir->lit), "/block"));
	assert_int_equal(plain->env_count, 3);
	assert_int_equal(plain->timeout->lit.i, INT64_C(9000000000));
	assert_int_equal(plain->grace->lit.i, INT64_C(3000000000));
	assert_null(plain->retry);                      /* defaults.retry is for reads */
	assert_int_equal(step(&l, "reads")->retry->max.lit.i, 2);
	assert_int_equal(own->retry->max.lit.i, 5);
	assert_true(str_eqz(value_text(own->dir->lit), "/own"));
	for (uint32_t i = 0; i < own->env_count; i++)
		if (str_eqz(own->env[i].name, "C"))
			assert_true(str_eqz(value_text(own->env[i].data.lit), "own"));
	/* an undo has env, dir and shell of its step, and repeats by itself */
	assert_int_equal(undo->env_count, 3);
	assert_true(str_eqz(value_text(undo->dir->lit), "/block"));
	assert_int_equal(undo->role, ROLE_UNDO);
	assert_int_equal(undo->retry->max.lit.i, 3);
	assert_true(undo->retry->backoff.lit.f > 1.9);
	assert_int_equal(step(&l, "block")->effect, EFFECT_WRITE);
	assert_int_equal(step(&l, "block")->timeout->kind, DATA_NONE);
	assert_int_equal(step(&l, "w")->timeout->kind, DATA_NONE);
	unload(&l);
}

static void effects(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\n"
		      "inputs: { m: { type: string, default: GET }, p: { type: string, default: x } }\n"
		      "defaults: { timeout: 1s }\n"
		      "preflight:\n"
		      "  - { id: run, run: [a], rollback: [] }\n  - { id: said, run: [a], effect: read }\n"
		      "  - { id: get, http: { url: 'http://x' } }\n  - { id: head, http: { url: 'http://x', method: HEAD } }\n"
		      "  - { id: post, http: { url: 'http://x', method: POST }, rollback: [] }\n"
		      "  - { id: unsure, http: { url: 'http://x', method: '${{ inputs.m }}' }, rollback: [] }\n"
		      "  - { id: query, http: { url: 'http://x', method: POST }, effect: read }\n"
		      "  - { id: probed, run: [a], probe: { id: probe, run: [b] }, rollback: [] }\n"
		      "  - id: block\n    effect: read\n    steps: [{ id: inner, run: [a] }]\n"
		      "report:\n"
		      "  - { id: near, render: { to: 'a-${{ run.id }}.txt', text: x } }\n"
		      "  - { id: far, render: { to: /srv/a.txt, text: x } }\n"
		      "  - { id: open, render: { to: '${{ inputs.p }}/a.txt', text: x } }\n");
	static const struct { const char *id; uint8_t effect; } want[] = {
		{ "run", EFFECT_WRITE }, { "said", EFFECT_READ }, { "get", EFFECT_READ }, { "head", EFFECT_READ },
		{ "post", EFFECT_WRITE }, { "unsure", EFFECT_WRITE }, { "query", EFFECT_READ }, { "probe", EFFECT_READ },
		{ "block", EFFECT_READ }, { "inner", EFFECT_READ }, { "near", EFFECT_READ }, { "far", EFFECT_WRITE },
		{ "open", EFFECT_WRITE },
	};
	assert_non_null(l.p);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		if (step(&l, want[i].id)->effect != want[i].effect)
			fail_msg("%s has effect %d", want[i].id, step(&l, want[i].id)->effect);
	unload(&l);
}

static void loops_and_slots(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\ndefaults: { timeout: 1s }\npreflight:\n"
		      "  - { id: a, guard: true }\n"
		      "  - id: outer\n    foreach: [1, 2]\n    steps:\n"
		      "      - { id: b, guard: true }\n"
		      "      - id: inner\n        as: x\n        foreach: [3]\n        run: [r]\n        effect: read\n"
		      "        rollback: [{ id: undo, run: [u, '${{ x }}', '${{ item }}'] }]\n"
		      "      - steps: [{ id: c, guard: true }]\n"
		      "  - { id: d, guard: true }\n");
	assert_non_null(l.p);
	uint32_t outer = step(&l, "outer")->ast->ix, inner = step(&l, "inner")->ast->ix;
	assert_int_equal(step(&l, "a")->loop, NO_STEP);
	assert_int_equal(step(&l, "outer")->loop, NO_STEP);
	assert_int_equal(step(&l, "b")->loop, outer);
	assert_int_equal(step(&l, "c")->loop, outer);
	assert_int_equal(step(&l, "undo")->loop, inner);
	assert_int_equal(step(&l, "inner")->loop, outer);
	assert_int_equal(step(&l, "outer")->loop_slots, 4);
	assert_int_equal(step(&l, "inner")->loop_slots, 1);
	assert_int_equal(l.p->units[0]->root_slots, 3);
	assert_int_equal(step(&l, "d")->slot, 2);
	unload(&l);
}

/* --- language.md 3: Missing --- */

#define BEFORE(mods) "preflight:\n  - { id: a, run: [x], effect: read, capture: { n: out }" mods " }\n"
#define READ_IN(list) list ": [{ run: [x, '${{ steps.a.n + \"\" }}'], effect: read }]\n"

static void a_capture_is_sure_if_its_step_surely_completed(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		{ BEFORE("") READ_IN("plan"), "" },
		{ BEFORE(", retry: 3, guard: run.dry_run") READ_IN("test"), "" },
		{ BEFORE(", if: run.dry_run") READ_IN("plan"), "RB223" },
		{ BEFORE(", guard: { that: run.dry_run, else: skip }") READ_IN("plan"), "RB223" },
		{ BEFORE(", guard: { that: run.dry_run, else: warn }") READ_IN("plan"), "" },
		{ BEFORE(", guard: { that: run.dry_run, else: stop }") READ_IN("plan"), "" },
		{ BEFORE(", probe: { run: [y] }") READ_IN("plan"), "RB223" },
		{ BEFORE(", on_fail: continue") READ_IN("plan"), "RB223" },
		{ BEFORE(", on_fail: undo") READ_IN("plan"), "RB223" },
		{ BEFORE(", on_fail: pause") READ_IN("plan"), "RB223" },
		{ BEFORE(", on_fail: fail") READ_IN("plan"), "" },
		{ BEFORE("") READ_IN("always"), "RB223" },
		{ BEFORE("") READ_IN("rollback"), "RB223" },
		{ BEFORE("") READ_IN("report"), "RB223" },
		{ BEFORE(", rollback: [{ run: [x, '${{ steps.a.n + \"\" }}'], timeout: 1s }]"), "RB223" },
		{ BEFORE(", rollback: [{ run: [x, '${{ self.n + \"\" }}'], timeout: 1s }]"), "RB223" },
		/* one hole alone drops out of argv when it is null: nothing is wrong there */
		{ BEFORE(", rollback: [{ run: [x, '${{ self.n }}'], timeout: 1s }]"), "" },
		{ BEFORE(", rollback: [{ run: [x, '${{ self.n ?? \"\" }}'], timeout: 1s }]"), "" },
		/* the undo of a later step: it started after this one completed */
		{ BEFORE("") "act: [{ run: [y], timeout: 1s, rollback: [{ run: [x, '${{ steps.a.n + \"\" }}'], timeout: 1s }] }]\n"
			     "test: [{ guard: true }]\n", "" },
	};
	EXPECT_ALL(cases);
}

static void modifiers_of_blocks_around_count_too(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		{ "preflight:\n  - if: run.dry_run\n    steps:\n"
		  "      - { id: a, run: [x], effect: read, capture: { n: out } }\n"
		  "      - guard: steps.a.n != ''\n"          /* inside: sure */
		  "  - guard: steps.a.n != ''\n", "RB223" },    /* outside: not */
		{ "preflight:\n  - parallel: 2\n    steps:\n"
		  "      - { id: a, run: [x], effect: read, capture: { n: out } }\n"
		  "      - { id: b, run: [x], effect: read }\n"
		  "  - guard: steps.a.n != ''\n", "" },
		{ "preflight:\n  - id: block\n    steps: [{ id: a, run: [x], effect: read, capture: { n: out } }]\n"
		  "    capture: { both: steps.a.n + '!' }\n"
		  "  - guard: steps.block.both != ''\n", "" },
	};
	EXPECT_ALL(cases);
}

static void what_can_be_read_from_where(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		{ "preflight:\n  - guard: steps.b.status == 'ok'\n  - { id: b, wait: 1s }\n", "RB150" },
		{ "test: [{ guard: steps.p.status == 'ok' }]\npreflight: [{ id: p, wait: 1s }]\n", "" },
		{ "preflight: [{ guard: steps.t.status == 'ok' }]\ntest: [{ id: t, wait: 1s }]\n", "RB150" },
		{ "rollback: [{ guard: steps.t.status == 'ok' }]\ntest: [{ id: t, wait: 1s }]\n", "" },
		{ "report: [{ guard: steps.u.status == 'ok' }]\nrollback: [{ id: u, wait: 1s }]\ntest: [{ wait: 1s }]\n", "" },
		{ "rollback: [{ guard: steps.r.status == 'ok' }]\nreport: [{ id: r, wait: 1s }]\n", "RB150" },
		{ "preflight: [{ guard: run.nope == 'x' }]\n", "RB221" },
		{ "preflight: [{ guard: risk.nope == 'x' }]\n", "RB221" },
		{ "preflight: [{ guard: steps.nope.status == 'ok' }]\n", "RB221" },
		{ "preflight: [{ id: a, guard: steps.a.status == 'ok' }]\n", "RB153" },
		{ "preflight: [{ id: a, run: [x], effect: read, retry: { max: 1, if: code == 3 and took < 1s } }]\n", "" },
		{ "preflight: [{ id: a, run: [x], effect: read, retry: { max: 1, if: n == 'x' }, capture: { n: out } }]\n", "RB223" },
		{ "preflight: [{ id: a, run: [x], effect: read, capture: { n: m + 1, m: '1' } }]\n", "RB150" },
		{ "preflight: [{ id: a, foreach: [1], as: x, run: [x, '${{ x }}'], effect: read }, { guard: x == 1 }]\n", "RB220" },
		{ "preflight: [{ foreach: [1], parallel: '${{ item }}', wait: 1s }]\n", "RB220" },
		{ "preflight: [{ foreach: [1, 2], as: n, steps: [{ foreach: 'range(n)', as: k, guard: k < n }] }]\n", "" },
		{ "preflight:\n  - { id: l, foreach: [1], steps: [{ id: in, run: [x], effect: read, capture: { n: out } }],"
		  " capture: { m: steps.in.n } }\n  - guard: \"steps.l.m.all(x => (x ?? '') != '') and steps.l.each.all(e => (e.in.n ?? '') != '')\"\n", "" },
		{ "preflight:\n  - { id: l, foreach: [1], steps: [{ id: in, wait: 1s }] }\n  - guard: steps.in.status == 'ok'\n", "RB152" },
		{ "act: [{ id: a, run: [x], timeout: 1s, rollback: [{ id: u, run: [y] }] }]\ntest: [{ guard: steps.u.status == 'ok' }]\n", "RB155" },
		{ "preflight: [{ guard: self.status == 'ok' }]\n", "RB154" },
		{ "vars: { a: '${{ steps.x.n }}' }\npreflight: [{ id: x, guard: true }]\n", "RB150" },
		{ "vars: { a: '${{ inputs.n }}', b: '${{ vars.a * 2 }}' }\ninputs: { n: int }\nlock: l-${{ vars.b }}\npreflight: [{ guard: vars.b > 3 }]\n", "" },
	};
	EXPECT_ALL(cases);
}

static void types_follow_from_declarations(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		{ "vars: { r: [{ n: a, p: 1 }, { n: b, p: 2 }] }\npreflight: [{ foreach: vars.r, guard: item.p > 0 and item.n != '' }]\n", "" },
		{ "vars: { r: [{ n: a }] }\npreflight: [{ foreach: vars.r, guard: item.m > 0 }]\n", "RB221" },
		{ "preflight: [{ foreach: { a: [1, 2], b: [x] }, guard: item.a > 0 and item.b == 'x' }]\n", "" },
		{ "inputs: { o: { type: int, default: null } }\npreflight: [{ guard: inputs.o > 3 }]\n", "RB223" },
		{ "inputs: { o: { type: int, default: null } }\npreflight: [{ guard: inputs.o ?? 0 > 3 }]\n", "" },
		{ "inputs: { p: percent }\npreflight: [{ guard: inputs.p > 0.01 }]\n", "RB214" },
		{ "inputs: { d: duration }\npreflight: [{ wait: '${{ inputs.d }}' }]\n", "" },
		{ "inputs: { d: int }\npreflight: [{ wait: '${{ inputs.d }}' }]\n", "RB236" },
		{ "preflight: [{ id: a, run: [x], effect: read, parse: { regex: 'n=(?<n>\\d+)' }, capture: { n: int(out.n) } }]\n", "" },
		{ "preflight: [{ id: a, run: [x], effect: read, parse: { regex: 'n=(?<n>\\d+)' }, capture: { m: int(out.m) } }]\n", "RB221" },
		{ "preflight: [{ id: a, run: [x], effect: read, parse: lines, expect: len(out) > 2 }]\n", "" },
		{ "preflight: [{ id: a, run: [x], effect: read }, { guard: steps.a.status == 'done' }]\n", "RB234" },
	};
	EXPECT_ALL(cases);
}

static void secrets_flow_only_where_they_may(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		{ "secrets: { s: { env: S } }\npreflight: [{ run: [x], stdin: '${{ secrets.s }}', env: { S: 'a${{ secrets.s }}' }, effect: read }]\n", "" },
		{ "secrets: { s: { env: S } }\npreflight: [{ http: { url: 'http://x', auth: { bearer: '${{ secrets.s }}' }, json: { k: '${{ secrets.s }}' } } }]\n", "" },
		{ "secrets: { s: { env: S } }\npreflight: [{ run: [x, '${{ secrets.s }}'], effect: read }]\n", "RB301" },
		{ "secrets: { s: { env: S } }\npreflight: [{ if: len(secrets.s) > 3, wait: 1s }]\n", "RB301" },
		{ "secrets: { s: { env: S } }\nlock: '${{ sha256(secrets.s) }}'\npreflight: [{ wait: 1s }]\n", "RB301" },
		{ "preflight: [{ id: a, run: [x], effect: read, capture: { t: secret(out), u: t + 'x' } }, { run: [y, '${{ steps.a.u }}'], effect: read }]\n", "RB301" },
		{ "preflight: [{ id: a, run: [x], effect: read, capture: { t: secret(out) } }, { run: [y], env: { T: '${{ steps.a.t }}' }, effect: read }]\n", "" },
		{ "preflight: [{ id: a, run: [x], effect: read, capture: { t: secret(out) }, expect: t != '' }]\n", "RB301" },
	};
	EXPECT_ALL(cases);
}

static void a_secret_capture_hides_the_output(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\npreflight:\n"
		      "  - { id: a, run: [x], effect: read, capture: { t: secret(out) } }\n"
		      "  - { id: b, run: [x], effect: read, capture: { t: took } }\n");
	assert_true(step(&l, "a")->secret_capture);
	assert_true(step(&l, "a")->wants_output);
	assert_false(step(&l, "b")->secret_capture);
	assert_false(step(&l, "b")->wants_output);
	unload(&l);
}

static void scripts_become_programs(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\ninputs: { t: { type: string, default: a } }\npreflight:\n"
		      "  - id: a\n    effect: read\n    run: |\n      echo ${{ inputs.t }} \"x ${{ inputs.t }}\"\n"
		      "  - { id: b, run: 'uptime', effect: read }\n");
	assert_true(str_eqz(step(&l, "a")->script, "echo \"${RB_1}\" \"x ${RB_2}\"\n"));
	assert_non_null(step(&l, "a")->script_tmpl);
	assert_true(str_eqz(step(&l, "b")->script, "uptime"));
	assert_null(step(&l, "b")->script_tmpl);
	unload(&l);
}

static void stop_only_before_the_first_write(void **state)
{
	(void)state;
#define STOP "guard: { that: run.dry_run, else: stop }"
#define WRITE "{ run: [w], timeout: 1s, rollback: [] }"
	static const struct codes_case cases[] = {
		{ "act: [{ " STOP ", run: [w], timeout: 1s, rollback: [] }]\ntest: [{ guard: true }]\n", "" },
		{ "act: [" WRITE ", { " STOP " }]\ntest: [{ guard: true }]\n", "RB161" },
		{ "preflight: [{ run: [r], effect: read }]\nact: [{ " STOP " }, " WRITE "]\ntest: [{ guard: true }]\n", "" },
		{ "act: [{ foreach: [1], " STOP ", run: [w], timeout: 1s, rollback: [] }]\ntest: [{ guard: true }]\n", "RB161" },
		{ "act: [{ parallel: 2, steps: [{ " STOP " }, " WRITE "] }]\ntest: [{ guard: true }]\n", "RB161" },
		{ "act: [{ parallel: 1, steps: [{ " STOP " }, " WRITE "] }]\ntest: [{ guard: true }]\n", "" },
		{ "rollback: [{ " STOP " }]\npreflight: [{ wait: 1s }]\n", "RB161" },
		{ "always: [{ " STOP " }]\npreflight: [{ wait: 1s }]\n", "RB161" },
		{ "preflight: [{ wait: 1s, always: [{ " STOP " }] }]\n", "RB161" },
		/* an undo is no write before: it has not run */
		{ "preflight: [{ run: [r], effect: read, rollback: [{ run: [w], timeout: 1s }] }]\nplan: [{ " STOP " }]\n", "" },
	};
	EXPECT_ALL(cases);
}

static void a_block_that_reads_has_no_writes(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		{ "preflight: [{ effect: read, steps: [{ steps: [{ run: [w], effect: write, timeout: 1s, rollback: [] }] }] }]\n", "RB165" },
		{ "preflight: [{ effect: read, steps: [{ effect: write, steps: [{ run: [w], effect: write, timeout: 1s, rollback: [] }] }] }]\n", "RB165" },
		{ "preflight: [{ effect: read, steps: [{ run: [r], rollback: [{ run: [w], effect: write, timeout: 1s }] }] }]\n", "" },
	};
	EXPECT_ALL(cases);
}

static void risk_is_the_highest_product(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\nrisks:\n"
		      "  - { what: a, probability: very_high, impact: minor }\n"
		      "  - { what: b, probability: medium, impact: major }\n"
		      "preflight: [{ guard: risk.score <= 12 and risk.level == 'high' }]\n");
	assert_non_null(l.p);
	assert_int_equal(l.p->risk_score, 12);
	assert_true(str_eqz(l.p->risk_level, "high"));
	unload(&l);
}

static void variables_of_scripts(void **state)
{
	(void)state;
#define SCRIPT(text) "preflight: [{ effect: read, run: '" text "' }]\n"
	static const struct codes_case cases[] = {
		{ SCRIPT("echo \"$HOME $1 $# $@ $? $$ $RUNBOOK_RUN $LC_ALL\""), "" },
		{ SCRIPT("echo \"$NOPE\""), "RB310" },
		{ SCRIPT("echo \"$NOPE $NOPE\""), "RB310" },
		{ SCRIPT("echo \"${NOPE:-x} ${NOPE:+x} ${NOPE?no}\""), "" },
		{ SCRIPT("NOPE=1; echo \"$NOPE\""), "" },
		{ SCRIPT("for f in a b; do echo \"$f\"; done; read -r l; echo \"$l\""), "" },
		{ SCRIPT("echo \"$RANDOM\""), "RB310" },
		{ "defaults: { shell: bash }\n" SCRIPT("echo \"$RANDOM ${BASH_SOURCE[0]}\""), "" },
		{ "defaults: { env: { A: x }, inherit: [B, C_*] }\n" SCRIPT("echo \"$A $B $C_X\""), "" },
		{ "preflight: [{ env: { A: x }, steps: [{ effect: read, run: 'echo $A' }] }, { effect: read, run: 'echo $A' }]\n", "RB310" },
	};
	EXPECT_ALL(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_hand_down), cmocka_unit_test(effects), cmocka_unit_test(loops_and_slots),
		cmocka_unit_test(a_capture_is_sure_if_its_step_surely_completed),
		cmocka_unit_test(modifiers_of_blocks_around_count_too), cmocka_unit_test(what_can_be_read_from_where),
		cmocka_unit_test(types_follow_from_declarations), cmocka_unit_test(secrets_flow_only_where_they_may),
		cmocka_unit_test(a_secret_capture_hides_the_output), cmocka_unit_test(scripts_become_programs),
		cmocka_unit_test(stop_only_before_the_first_write), cmocka_unit_test(a_block_that_reads_has_no_writes),
		cmocka_unit_test(risk_is_the_highest_product),
		cmocka_unit_test(variables_of_scripts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
