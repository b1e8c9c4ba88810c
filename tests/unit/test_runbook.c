/* runbook parser: the key table, order of phases, recovery, comments, hostile files. */
#include "syntax/runbook.h"

#include "program_case.h"
#include "syntax/keys.h"

static void every_row_is_found_by_the_index(void **state)
{
	(void)state;
	struct key_index ix;
	uint32_t count;
	const struct key *all = keys_all(&count);
	key_index_init(&ix);
	for (uint32_t i = 0; i < count; i++) {
		struct str name = str_of(all[i].name);
		assert_int_equal(all[i].id, i);
		assert_int_equal(all[i].length, name.n);
		assert_ptr_equal(key_index_find(&ix, (enum key_place)all[i].place, name), &all[i]);
		assert_ptr_equal(key_find((enum key_place)all[i].place, name), &all[i]);
		assert_true(all[i].doc[strlen(all[i].doc) - 1] == '.');
	}
	assert_null(key_index_find(&ix, IN_STEP, STR("runbook")));
	assert_null(key_index_find(&ix, IN_STEP, STR("ru")));
	assert_null(key_index_find(&ix, IN_STEP, STR("")));
	assert_null(key_index_find(&ix, IN_TOP, STR("run")));
}

static void steps_are_numbered_in_running_order(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\n"
		      "report: [{ id: r, guard: true }]\n"
		      "always: [{ id: w, guard: true }]\n"
		      "test: [{ id: t, guard: true }]\n"
		      "rollback: [{ id: u, guard: true }]\n"
		      "pre-flight:\n"
		      "  - id: p\n"
		      "    rollback: [{ id: pu, guard: true }]\n"
		      "    steps: [{ id: c, guard: true }]\n");
	static const char *const order[] = { "p", "pu", "c", "t", "u", "w", "r" };
	assert_non_null(l.p);
	assert_int_equal(l.p->step_count, 7);
	for (uint32_t i = 0; i < 7; i++) {
		assert_int_equal(l.p->steps[i].ast->ix, i);
		assert_true(str_eqz(l.p->steps[i].ast->id, order[i]));
	}
	unload(&l);
}

static void many_mistakes_in_one_pass(void **state)
{
	(void)state;
	expect_codes("name: A B\ninputs: { n: { type: int, default: x }, m: { type: what } }\nrto: soon\n"
		     "preflight:\n  - run: [a]\n    wait: 5s\n    retry: many\n  - text\n  - if: ${{ a }}\n    wait: 1\n",
		     "RB109 RB105 RB104 RB105 RB106 RB105 RB102 RB113 RB105");
}

static void a_broken_step_does_not_make_others_unknown(void **state)
{
	(void)state;
	/* `a` exists although its capture is wrong: no second message about steps.a.n */
	expect_codes("preflight:\n  - { id: a, run: [x], effect: read, capture: { n: nothing } }\n"
		     "  - guard: steps.a.n == 'x'\n", "RB220");
}

static void literals_of_inputs_take_the_declared_type(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\ninputs:\n"
		      "  tag: { type: string, default: 10m }\n"
		      "  soak: { type: duration, default: 10m }\n"
		      "  share: { type: float, default: 3 }\n"
		      "  ports: { type: list, of: int, default: [80, 443] }\n"
		      "  quotas: { type: map, of: size, default: { a: 1KiB } }\n"
		      "  none: { type: int, default: null }\n"
		      "preflight: [{ guard: true }]\n");
	const struct decl *in = l.p->rb->inputs;
	assert_int_equal(in[0].dflt.kind, V_STRING);
	assert_true(str_eqz(value_text(in[0].dflt), "10m"));
	assert_int_equal(in[1].dflt.kind, V_DURATION);
	assert_true(in[1].dflt.i == INT64_C(600000000000));
	assert_int_equal(in[2].dflt.kind, V_FLOAT);
	assert_int_equal(in[3].dflt.list[1].i, 443);
	assert_int_equal(in[4].dflt.map[0].value.kind, V_SIZE);
	assert_int_equal(in[4].dflt.map[0].value.i, 1024);
	assert_true(in[5].has_default);
	assert_int_equal(in[5].dflt.kind, V_NULL);
	unload(&l);
}

static void the_norway_problem_cannot_occur(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\nvars: { a: no, b: false, c: 1.5, d: 5m, e: \"5m\", f: null, g: on }\n"
		      "preflight: [{ run: [echo, no, 1.10, 007, true], effect: read, timeout: 1s }]\n");
	static const uint8_t kinds[] = { V_STRING, V_BOOL, V_FLOAT, V_DURATION, V_STRING, V_NULL, V_STRING };
	assert_non_null(l.p);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(l.p->rb->vars[i].data.lit.kind, kinds[i]);
	const struct data *argv = &l.p->steps[0].ast->run.words;
	static const char *const words[] = { "echo", "no", "1.10", "007", "true" };
	for (uint32_t i = 0; i < 5; i++)
		assert_true(str_eqz(value_text(argv->c.items[i].lit), words[i]));
	unload(&l);
}

static void retry_in_both_forms(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "runbook: 1\npreflight:\n"
		      "  - { run: [a], effect: read, retry: 4 }\n"
		      "  - { run: [a], effect: read, retry: { max: 2, delay: 0s, backoff: 1.5, jitter: 10%, max_delay: 1m, if: code == 3 } }\n");
	const struct retry *one = l.p->steps[0].retry, *two = l.p->steps[1].retry;
	assert_int_equal(one->max.lit.i, 4);
	assert_int_equal(one->delay.kind, DATA_NONE);
	assert_int_equal(two->delay.lit.i, 0);
	assert_true(two->backoff.lit.kind == V_FLOAT && two->backoff.lit.f > 1.4);
	assert_non_null(two->when);
	unload(&l);
}

static void allow_comments(void **state)
{
	(void)state;
	static const struct codes_case cases[] = {
		/* on the line, above the step, above with other comments between, above the key */
		{ "preflight:\n  - run: [a] # runbook: allow RB504 reason\n    timeout: 1s\n", "" },
		{ "preflight:\n  # runbook: allow RB504 reason\n  - name: x\n    run: [a]\n    timeout: 1s\n", "" },
		{ "preflight:\n  # runbook: allow RB504 reason\n  # more words\n  - run: [a]\n    timeout: 1s\n", "" },
		{ "preflight:\n  - name: x\n    # runbook: allow RB504 reason\n    run: [a]\n    timeout: 1s\n", "" },
		{ "preflight:\n  # runbook: allow RB504 one\n  # runbook: allow RB502 two\n  - run: [a]\n", "" },
		/* not of another step, not of another code */
		{ "preflight:\n  # runbook: allow RB504 reason\n  - guard: true\n  - run: [a]\n    timeout: 1s\n", "RB601 RB504" },
		{ "preflight:\n  # runbook: allow RB501 reason\n  - run: [a]\n    timeout: 1s\n", "RB601 RB504" },
		/* inside a script, where the shell's own comment is */
		{ "preflight:\n  - effect: read\n    run: |\n      # runbook: allow RB508 grep decides\n      a | grep b\n", "" },
		{ "preflight:\n  - guard: \"'x# runbook: allow' == ''\"\n", "" },
	};
	EXPECT_ALL(cases);
}

/* A file within the limits, built to make slow loaders slow. */
static void hostile_files_end_soon(void **state)
{
	(void)state;
	struct loaded l;
	struct buf b;
	buf_init(&b, 2 << 20);
	buf_addz(&b, "runbook: 1\npreflight:\n- {");
	for (int i = 0; b.len < 1000000; i++)
		buf_printf(&b, "k%d: 1,", i);
	buf_addz(&b, "}\n");
	load_text(&l, b.p);
	assert_null(l.p);
	assert_true(l.ds.count <= DIAG_MAX && l.ds.errors > 50000);
	unload(&l);
	/* as many steps as fit, all reading the first */
	buf_clear(&b);
	buf_addz(&b, "runbook: 1\npreflight:\n- {id: a, wait: 1s}\n");
	while (b.len < 1000000)
		buf_addz(&b, "- guard: steps.a.status == 'ok'\n");
	load_text(&l, b.p);
	assert_non_null(l.p);
	unload(&l);
	/* blocks as deep as YAML allows */
	buf_clear(&b);
	buf_addz(&b, "runbook: 1\npreflight: ");
	for (int i = 0; i < 30; i++)
		buf_addz(&b, "[{steps: ");
	buf_addz(&b, "[{guard: true}]");
	for (int i = 0; i < 30; i++)
		buf_addz(&b, "}]");
	buf_addc(&b, '\n');
	load_text(&l, b.p);
	assert_non_null(l.p);
	assert_int_equal(l.p->step_count, 31);
	unload(&l);
	/* one step with 20,000 variables in its environment, and a child that hides them all */
	buf_clear(&b);
	buf_addz(&b, "runbook: 1\npreflight:\n- env: {");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "A%d: b,", i);
	buf_addz(&b, "}\n  steps:\n  - run: [a]\n    effect: read\n    env: {");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "A%d: c,", i);
	buf_addz(&b, "}\n");
	load_text(&l, b.p);
	assert_non_null(l.p);
	assert_int_equal(l.p->steps[1].env_count, 20000);
	unload(&l);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found_by_the_index), cmocka_unit_test(steps_are_numbered_in_running_order),
		cmocka_unit_test(many_mistakes_in_one_pass), cmocka_unit_test(a_broken_step_does_not_make_others_unknown),
		cmocka_unit_test(literals_of_inputs_take_the_declared_type), cmocka_unit_test(the_norway_problem_cannot_occur),
		cmocka_unit_test(retry_in_both_forms), cmocka_unit_test(allow_comments),
		cmocka_unit_test(hostile_files_end_soon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
