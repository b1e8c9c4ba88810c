/* schema, reference and listing: everything of the key table is there, and only that. */
#include "plan/program.h"

#include "plan/listing.h"
#include "program_case.h"
#include "syntax/keys.h"
#include "value/json.h"

static const struct value *member(const struct value *v, const char *name)
{
	return v && v->kind == V_MAP ? value_get(*v, str_of(name)) : NULL;
}

static const char *definition_of(uint8_t place)
{
	static const char *const names[IN_PLACES] = {
		[IN_STEP] = "Step", [IN_HTTP] = "Http", [IN_HTTP_AUTH] = "Auth", [IN_HTTP_TLS] = "Tls", [IN_WAIT] = "Wait",
		[IN_NOTIFY] = "Notify", [IN_RENDER] = "Render", [IN_RETRY] = "Retry", [IN_GUARD] = "Guard",
		[IN_SECRET] = "Secret", [IN_CHANNEL] = "Channel", [IN_DEFAULTS] = "Defaults", [IN_PARSE] = "Parse",
		[IN_RISK] = "Risk", [IN_ROLE] = "Role", [IN_WINDOW] = "Window", [IN_ESCALATE] = "Escalate",
		[IN_APPROVE] = "Approve", [IN_METRIC] = "Metric", [IN_MONITOR] = "Monitor", [IN_RULE] = "Rule",
		[IN_EMAIL] = "Email",
	};
	return names[place];
}

static void every_key_has_its_property(void **state)
{
	(void)state;
	struct arena a;
	struct buf b;
	struct value schema;
	struct json_error err;
	arena_init(&a);
	buf_init(&b, 1 << 20);
	schema_print(&b);
	assert_false(b.full);
	if (!json_parse(&a, buf_str(&b), &schema, &err))
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	uint32_t count;
	const struct key *all = keys_all(&count);
	for (uint32_t i = 0; i < count; i++) {
		const struct value *at = &schema;
		if (all[i].place == IN_DECL)
			at = &member(member(member(&schema, "definitions"), "Decl"), "anyOf")->list[1];
		else if (all[i].place != IN_TOP && definition_of(all[i].place))
			at = member(member(&schema, "definitions"), definition_of(all[i].place));
		else if (all[i].place != IN_TOP)
			at = NULL;
		const struct value *p = member(member(at, "properties"), all[i].name);
		if (!p)
			fail_msg("no property %s", all[i].name);
		assert_true(str_eqz(value_text(*member(p, "description")), all[i].doc));
	}
	buf_release(&b);
	arena_release(&a);
}

static void the_reference_has_every_key(void **state)
{
	(void)state;
	struct buf b;
	uint32_t count;
	const struct key *all = keys_all(&count);
	buf_init(&b, 1 << 20);
	keys_markdown(&b);
	for (uint32_t i = 0; i < count; i++)
		if (str_find(buf_str(&b), str_of(all[i].doc)) < 0)
			fail_msg("%s is missing", all[i].name);
	buf_release(&b);
}

static const char deploy[] =
	"runbook: 1\nname: deploy\ninputs: { tag: { type: string, default: \"a b\" } }\n"
	"vars: { dir: '/srv/${{ inputs.tag }}', log: '/log/${{ run.id }}' }\n"
	"defaults: { timeout: 9s }\n"
	"preflight:\n"
	"  - { id: look, run: [ls, '${{ vars.dir }}', '${{ vars.log }}'], effect: read, if: inputs.tag == 'a b', capture: { n: out } }\n"
	"act:\n"
	"  - { id: go, name: Go on, run: [mv, '${{ steps.look.n }}'], rollback: [{ run: [mv, back] }] }\n"
	"  - { id: gone, run: [rm, x], irreversible: it is gone }\n"
	"test: [{ guard: true }]\n";

static void the_plan_shows_what_is_known(void **state)
{
	(void)state;
	struct loaded l;
	struct buf b;
	buf_init(&b, 1 << 20);
	load_text(&l, deploy);
	assert_non_null(l.p);
	struct value tag = value_strz("a b");
	plan_text(l.p, &tag, STR(""), &b, false, 100, ENGINE_REVISION);
	static const char *const parts[] = {
		"$ ls '/srv/a b' ${{ vars.log }}\n", "inputs.tag == 'a b'   (true now)", "$ mv ${{ steps.look.n }}\n",
		"ROLLBACK, last first\n  gone\n       irreversible: it is gone\n  go\n       undo: mv back\n", "write  go  Go on",
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (str_find(buf_str(&b), str_of(parts[i])) < 0)
			fail_msg("no [%s] in\n%s", parts[i], b.p);
	assert_true(str_find(buf_str(&b), STR("\033")) < 0);
	buf_release(&b);
	unload(&l);
}

static void the_plan_as_json(void **state)
{
	(void)state;
	struct loaded l;
	struct buf b;
	struct value v;
	struct json_error err;
	buf_init(&b, 1 << 20);
	load_text(&l, deploy);
	struct value tag = value_strz("a b");
	plan_json(l.p, &tag, STR(""), STR("abc"), &b);
	if (!json_parse(&l.arena, buf_str(&b), &v, &err))
		fail_msg("%s in %s", err.text, b.p);
	const struct value *steps = member(&v, "steps");
	assert_int_equal(steps->n, 4); /* the undo is part of its step */
	assert_true(str_eqz(value_text(*member(&steps->list[1], "k")), "act/go"));
	assert_true(str_eqz(value_text(*member(&steps->list[1], "effect")), "write"));
	assert_true(str_eqz(value_text(member(&steps->list[1], "rollback")->list[0]), "mv back"));
	assert_int_equal(member(&steps->list[0], "rollback")->kind, V_NULL);
	assert_int_equal(member(&steps->list[1], "line")->i, 9);
	buf_release(&b);
	unload(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_property), cmocka_unit_test(the_reference_has_every_key),
		cmocka_unit_test(the_plan_shows_what_is_known), cmocka_unit_test(the_plan_as_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
