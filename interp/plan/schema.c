/*
 * schema: the key table as JSON Schema draft-07, for editors and for the test
 * that compares its verdicts with those of `check`. The type column of a row
 * chooses the fragment; what a schema cannot say (expressions, references,
 * order) is left to `check`. The decl part is in schema_decl.c.
 */
#include "plan/schema.h"

#include <stdio.h>
#include <string.h>

#include "plan/program.h"
#include "syntax/keys.h"

#define ID_PATTERN "^[a-z_][a-z0-9_]{0,63}$" /* NAME_BYTES_MAX */
#define ENV_PATTERN "^[A-Za-z_][A-Za-z0-9_]*$"
#define HOLE_PATTERN "^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$"
#define ANY_HOLE_PATTERN "\\$\\{\\{"
#define NO_HOLE_PATTERN "^(?![\\s\\S]*\\$\\{\\{)"
#define TIME_PATTERN "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}"

void schema_raw(struct jsonw *w, const char *json)
{
	jsonw_raw(w, str_of(json));
}

void schema_types(struct jsonw *w, const char *types)
{
	jsonw_key(w, "type");
	schema_raw(w, types);
}

void schema_pattern(struct jsonw *w, const char *pattern)
{
	jsonw_kstr(w, "pattern", str_of(pattern));
}

static void open_any(struct jsonw *w)
{
	jsonw_key(w, "anyOf");
	jsonw_open(w, '[');
}

static void hole_branch(struct jsonw *w)
{
	jsonw_open(w, '{');
	schema_types(w, "\"string\"");
	schema_pattern(w, HOLE_PATTERN);
	jsonw_close(w, '}');
}

static void text_members(struct jsonw *w, bool literal, bool null)
{
	schema_types(w, null ? "[\"string\",\"number\",\"boolean\",\"null\"]" : "[\"string\",\"number\",\"boolean\"]");
	if (literal)
		schema_pattern(w, NO_HOLE_PATTERN);
}

static void list_of_text(struct jsonw *w, bool literal, int min)
{
	schema_types(w, "\"array\"");
	if (min)
		jsonw_kint(w, "minItems", min);
	jsonw_key(w, "items");
	jsonw_open(w, '{');
	text_members(w, literal, !literal);
	jsonw_close(w, '}');
}

static void lines_members(struct jsonw *w, int min)
{
	open_any(w);
	jsonw_open(w, '{');
	text_members(w, false, false);
	jsonw_close(w, '}');
	jsonw_open(w, '{');
	list_of_text(w, false, min);
	jsonw_close(w, '}');
	jsonw_close(w, ']');
}

static void map_members(struct jsonw *w, const char *names)
{
	schema_types(w, "\"object\"");
	if (!names)
		return;
	jsonw_key(w, "propertyNames");
	jsonw_open(w, '{');
	schema_pattern(w, names);
	jsonw_close(w, '}');
}

void schema_ref(struct jsonw *w, const char *name)
{
	char text[64];
	snprintf(text, sizeof text, "#/definitions/%s", name);
	jsonw_open(w, '{');
	jsonw_kstr(w, "$ref", str_of(text));
	jsonw_close(w, '}');
}

static void all_of_ref(struct jsonw *w, const char *name)
{
	jsonw_key(w, "allOf");
	jsonw_open(w, '[');
	schema_ref(w, name);
	jsonw_close(w, ']');
}

static void values_ref(struct jsonw *w, const char *names, const char *ref)
{
	map_members(w, names);
	jsonw_key(w, "additionalProperties");
	schema_ref(w, ref);
}

static void array_ref(struct jsonw *w, const char *ref)
{
	schema_types(w, "\"array\"");
	jsonw_key(w, "items");
	schema_ref(w, ref);
}

/* Numbers and units: a literal, or one hole where the mode allows it. */
static void unit_members(struct jsonw *w, const struct key *k, const char *literal)
{
	if (k->mode != KEY_T) {
		schema_raw(w, literal); /* members without braces */
			return;
	}
	open_any(w);
	jsonw_open(w, '{');
	schema_raw(w, literal);
	jsonw_close(w, '}');
	hole_branch(w);
	jsonw_close(w, ']');
}

static bool is_words(const char *type)
{
	return type[0] >= 'a' && type[0] <= 'z' && strchr(type, '|');
}

static void words_members(struct jsonw *w, const char *type)
{
	jsonw_key(w, "enum");
	jsonw_open(w, '[');
	for (const char *p = type; *p;) {
		size_t n = strcspn(p, " |");
		if (n)
			jsonw_str(w, (struct str){ p, n });
		p += n ? n : 1;
	}
	jsonw_close(w, ']');
}

#define SOURCE_PATTERN "^(std/[a-z0-9_]+(/[a-z0-9_]+)?@[0-9]+$|\\.\\.?/|git\\+)"

static void foreach_members(struct jsonw *w)
{
	open_any(w);
	schema_ref(w, "Expr");
	schema_raw(w, "{\"type\":\"array\"}");
	jsonw_open(w, '{');
	map_members(w, ID_PATTERN);
	jsonw_kint(w, "minProperties", 1);
	jsonw_key(w, "additionalProperties");
	jsonw_open(w, '{');
	open_any(w);
	schema_raw(w, "{\"type\":\"array\"}");
	hole_branch(w);
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	jsonw_close(w, ']');
}

static void guard_members(struct jsonw *w)
{
	open_any(w);
	schema_ref(w, "Expr");
	schema_ref(w, "Guard");
	jsonw_open(w, '{');
	schema_types(w, "\"array\"");
	jsonw_kint(w, "minItems", 1);
	jsonw_key(w, "items");
	jsonw_open(w, '{');
	open_any(w);
	schema_ref(w, "Expr");
	schema_ref(w, "Guard");
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	jsonw_close(w, '}');
	jsonw_close(w, ']');
}

static void either_ref(struct jsonw *w, const char *literal, bool hole, const char *ref)
{
	open_any(w);
	schema_raw(w, literal);
	if (hole)
		hole_branch(w);
	schema_ref(w, ref);
	jsonw_close(w, ']');
}

#define DURATION "(?=[\\\\s\\\\S]*[1-9])([0-9]+(\\\\.[0-9]+)?(ns|us|ms|s|m|h|d|w))+$\""
#define DURATION_SOME "\"type\":\"string\",\"pattern\":\"^" DURATION
#define DURATION_ANY "\"type\":\"string\",\"pattern\":\"^([0-9]+(\\\\.[0-9]+)?(ns|us|ms|s|m|h|d|w))+$\""
#define PERCENT "\"type\":\"string\",\"pattern\":\"^[0-9]+(\\\\.[0-9]+)?%$\""

static bool scalar_members(struct jsonw *w, const struct key *k)
{
	const char *t = k->type;
	if (strcmp(t, "text") == 0)
		text_members(w, k->mode == KEY_L && k->id != KEY_PARSE_regex && k->id != KEY_DECL_pattern, false);
	else if (strcmp(t, "lines") == 0)
		lines_members(w, 0);
	else if (strcmp(t, "E") == 0)
		all_of_ref(w, "Expr");
	else if (strcmp(t, "duration") == 0)
		unit_members(w, k, k->mode == KEY_L ? DURATION_SOME : DURATION_ANY);
	else if (strcmp(t, "percent") == 0)
		unit_members(w, k, PERCENT);
	else if (strcmp(t, "int") == 0)
		unit_members(w, k, k->id == KEY_STEP_parallel || k->id == KEY_APPROVE_min ? "\"type\":\"integer\",\"minimum\":1" : "\"type\":\"integer\",\"minimum\":0");
	else if (strcmp(t, "number") == 0)
		unit_members(w, k, "\"type\":\"number\",\"minimum\":0");
	else if (strcmp(t, "Source") == 0)
		schema_types(w, "\"string\""), schema_pattern(w, SOURCE_PATTERN);
	else if (strcmp(t, "bool") == 0)
		schema_types(w, "\"boolean\"");
	else if (strcmp(t, "id") == 0)
		schema_types(w, "[\"string\",\"boolean\"]"), schema_pattern(w, ID_PATTERN);
	else if (strcmp(t, "variable") == 0)
		schema_types(w, "[\"string\",\"boolean\"]"), schema_pattern(w, ENV_PATTERN);
	else if (strcmp(t, "name") == 0)
		schema_types(w, "[\"string\",\"boolean\"]"), schema_pattern(w, "^[a-z][a-z0-9_-]{0,63}$");
	else if (strcmp(t, "version") == 0)
		schema_types(w, "\"string\""),
			schema_pattern(w, "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)([-+][0-9A-Za-z.+-]+)?$");
	else if (strcmp(t, "clock") == 0)
		schema_types(w, "\"string\""),
			schema_pattern(w, k->id == KEY_WINDOW_to ? "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" : "^([01][0-9]|2[0-3]):[0-5][0-9]$");
	else if (strcmp(t, "zone") == 0)
		schema_types(w, "\"string\""), schema_pattern(w, "^[A-Za-z][A-Za-z0-9_+/-]*$");
	else if (strcmp(t, "1") == 0)
		schema_raw(w, "\"const\":1");
	else
		return false;
	return true;
}

static void method_members(struct jsonw *w)
{
	open_any(w);
	schema_raw(w, "{\"enum\":[\"GET\",\"HEAD\",\"POST\",\"PUT\",\"PATCH\",\"DELETE\",\"OPTIONS\"]}");
	jsonw_open(w, '{');
	schema_types(w, "\"string\"");
	schema_pattern(w, ANY_HOLE_PATTERN);
	jsonw_close(w, '}');
	jsonw_close(w, ']');
}

static void wait_members(struct jsonw *w)
{
	either_ref(w, "{" DURATION_ANY "}", true, "Wait");
}

#define ALL_ELSE(word) "{\"items\":{\"properties\":{\"else\":{\"const\":\"" word "\"}}}}"

static void windows_members(struct jsonw *w)
{
	open_any(w);
	schema_ref(w, "Window");
	jsonw_open(w, '{');
	array_ref(w, "Window");
	jsonw_kint(w, "minItems", 1);
	jsonw_kint(w, "maxItems", WINDOWS_MAX);
	schema_raw(w, "\"anyOf\":[" ALL_ELSE("fail") "," ALL_ELSE("warn") "," ALL_ELSE("confirm") "]"); /* none says another one */
	jsonw_close(w, '}');
	jsonw_close(w, ']');
}

static void until_members(struct jsonw *w)
{
	open_any(w);
	jsonw_open(w, '{');
	schema_types(w, "\"string\"");
	schema_pattern(w, TIME_PATTERN);
	jsonw_close(w, '}');
	hole_branch(w);
	jsonw_close(w, ']');
}

static bool list_members(struct jsonw *w, const struct key *k)
{
	const char *t = k->type;
	if (strcmp(t, "[word]") == 0)
		list_of_text(w, true, k->id == KEY_SECRET_run || k->id == KEY_MONITOR_during);
	else if (strcmp(t, "[scalar]") == 0)
		schema_types(w, "\"array\""), jsonw_kint(w, "minItems", 1);
	else if (strcmp(t, "[path]") == 0)
		list_of_text(w, true, 0);
	else if (strcmp(t, "[text]") == 0)
		list_of_text(w, false, 1);
	else if (strcmp(t, "[Step]") == 0)
		array_ref(w, "Step"), k->id == KEY_STEP_steps || k->id == KEY_TOP_steps ? jsonw_kint(w, "minItems", 1) : (void)0;
	else if (strcmp(t, "[Risk]") == 0)
		array_ref(w, "Risk");
	else if (strcmp(t, "[Escalate]") == 0)
		array_ref(w, "Escalate");
	else if (strcmp(t, "[Monitor]") == 0)
		array_ref(w, "Monitor");
	else if (strcmp(t, "[Rule]") == 0)
		array_ref(w, "Rule");
	else if (strcmp(t, "[day]") == 0)
		schema_raw(w, "\"type\":\"array\",\"minItems\":1,\"items\":{\"enum\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"]}");
	else if (strcmp(t, "{n: Decl}") == 0 && k->id == KEY_STEP_ask)
		values_ref(w, ID_PATTERN, "Decl"), jsonw_kint(w, "minProperties", 1);
	else if (strcmp(t, "{n: Role}") == 0)
		values_ref(w, ID_PATTERN, "Role");
	else if (strcmp(t, "{n: Decl}") == 0)
		values_ref(w, ID_PATTERN, "Decl");
	else if (strcmp(t, "{n: Secret}") == 0)
		values_ref(w, ID_PATTERN, "Secret");
	else if (strcmp(t, "{n: Channel}") == 0)
		values_ref(w, ID_PATTERN, "Channel");
	else if (strcmp(t, "{n: E}") == 0)
		values_ref(w, ID_PATTERN, "Expr");
	else if (strcmp(t, "{n: text}") == 0)
		values_ref(w, k->id == KEY_STEP_env || k->id == KEY_MONITOR_env || k->id == KEY_DEFAULTS_env ? ENV_PATTERN : NULL, "Text");
	else if (strcmp(t, "{n: lines}") == 0)
		values_ref(w, NULL, "Lines");
	else if (strcmp(t, "{n: T}") == 0)
		map_members(w, ID_PATTERN);
	else if (strcmp(t, "{n: json}") == 0)
		map_members(w, NULL);
	else
		return false;
	return true;
}

static void members(struct jsonw *w, const struct key *k)
{
	const char *t = k->type;
	if (k->id == KEY_HTTP_method)
		method_members(w);
	else if (k->id == KEY_WAIT_until)
		until_members(w);
	else if (scalar_members(w, k) || list_members(w, k))
		return;
	else if (is_words(t))
		words_members(w, t);
	else if (strcmp(t, "Run") == 0)
		lines_members(w, 1);
	else if (strcmp(t, "Wait") == 0)
		wait_members(w);
	else if (strcmp(t, "Retry") == 0)
		either_ref(w, "{\"type\":\"integer\",\"minimum\":0}", true, "Retry");
	else if (strcmp(t, "Parse") == 0)
		either_ref(w, "{\"enum\":[\"text\",\"lines\",\"json\"]}", false, "Parse");
	else if (strcmp(t, "Guard") == 0)
		guard_members(w);
	else if (strcmp(t, "Foreach") == 0)
		foreach_members(w);
	else if (strcmp(t, "Windows") == 0)
		windows_members(w);
	else if (t[0] >= 'A' && t[0] <= 'Z')
		all_of_ref(w, t);
	/* json, any, scalar: anything */
}

static void default_member(struct jsonw *w, const struct key *k)
{
	if (!k->dflt[0])
		return;
	jsonw_key(w, "default");
	bool raw = strcmp(k->type, "int") == 0 || strcmp(k->type, "bool") == 0 || strcmp(k->type, "number") == 0;
	if (raw)
		schema_raw(w, k->dflt);
	else
		jsonw_str(w, str_of(k->dflt));
}

static void property(struct jsonw *w, const struct key *k, const char *name)
{
	jsonw_key(w, name);
	jsonw_open(w, '{');
	jsonw_kstr(w, "description", str_of(k->doc));
	members(w, k);
	default_member(w, k);
	jsonw_close(w, '}');
}

void schema_place(struct jsonw *w, enum key_place place)
{
	uint32_t count;
	bool needed = false;
	const struct key *all = keys_all(&count);
	schema_types(w, "\"object\"");
	jsonw_kbool(w, "additionalProperties", false);
	jsonw_key(w, "properties");
	jsonw_open(w, '{');
	for (uint32_t i = 0; i < count; i++) {
		if (all[i].place != place)
			continue;
		property(w, &all[i], all[i].name);
		if (all[i].id == KEY_TOP_preflight)
			property(w, &all[i], "pre-flight");
		needed |= all[i].needed;
	}
	jsonw_close(w, '}');
	if (!needed)
		return;
	jsonw_key(w, "required");
	jsonw_open(w, '[');
	for (uint32_t i = 0; i < count; i++)
		if (all[i].place == place && all[i].needed)
			jsonw_str(w, str_of(all[i].name));
	jsonw_close(w, ']');
}

/* What the rows cannot say: keys that need or exclude each other. `extra` are members, or "". */
static void definition(struct jsonw *w, const char *name, enum key_place place, const char *extra)
{
	jsonw_key(w, name);
	jsonw_open(w, '{');
	schema_place(w, place);
	if (extra[0])
		schema_raw(w, extra);
	jsonw_close(w, '}');
}

#define ACTIONS(X) X("run") X("http") X("uses") X("steps") X("wait") X("confirm") X("approve") X("ask") \
	X("checklist") X("notify") X("render") X("metric")
/* What cannot stand beside the one list of a module. */
#define OF_RUNS(X) X("preflight") X("pre-flight") X("plan") X("act") X("test") X("report") X("rollback") X("always") X("lock") X("rto") X("risks") X("monitors")
#define ONE(name) "{\"required\":[\"" name "\"]},"
static const char step_extra[] =
	"\"dependencies\":{\"as\":[\"foreach\"],\"with\":[\"uses\"]},\"oneOf\":[" ACTIONS(ONE)
	"{\"not\":{\"anyOf\":[" ACTIONS(ONE) "false]},\"anyOf\":[{\"required\":[\"guard\"]},{\"required\":[\"capture\"]}]}]";

static void definitions(struct jsonw *w)
{
	definition(w, "Step", IN_STEP, step_extra);
	definition(w, "Http", IN_HTTP, "\"allOf\":[{\"not\":{\"required\":[\"json\",\"form\"]}},{\"not\":{\"required\":[\"json\",\"body\"]}},"
				       "{\"not\":{\"required\":[\"form\",\"body\"]}}]");
	definition(w, "Auth", IN_HTTP_AUTH, "\"oneOf\":[{\"required\":[\"user\",\"password\"],\"not\":{\"required\":[\"bearer\"]}},"
					    "{\"required\":[\"bearer\"],\"not\":{\"anyOf\":[{\"required\":[\"user\"]},{\"required\":[\"password\"]}]}}]");
	definition(w, "Tls", IN_HTTP_TLS, "");
	definition(w, "Wait", IN_WAIT, "");
	definition(w, "Notify", IN_NOTIFY, "\"if\":{\"required\":[\"event\"],\"properties\":{\"event\":{\"enum\":[\"acknowledge\",\"resolve\"]}}},"
					   "\"then\":{\"required\":[\"incident\"]}");
	definition(w, "Render", IN_RENDER, "\"oneOf\":[{\"required\":[\"text\"]},{\"required\":[\"json\"]}]");
	definition(w, "Retry", IN_RETRY, "");
	definition(w, "Guard", IN_GUARD, "");
	definition(w, "Parse", IN_PARSE, "");
	definition(w, "Secret", IN_SECRET, "\"minProperties\":1,\"maxProperties\":1");
	definition(w, "Channel", IN_CHANNEL, "\"dependencies\":{\"url\":[\"pagerduty\"]},\"oneOf\":[{\"required\":[\"webhook\"]},{\"required\":[\"run\"]},"
					     "{\"required\":[\"slack\"]},{\"required\":[\"pagerduty\"]},{\"required\":[\"email\"]}]");
	definition(w, "Email", IN_EMAIL, "\"dependencies\":{\"user\":[\"password\"],\"password\":[\"user\"]},"
					 "\"not\":{\"required\":[\"password\"],\"properties\":{\"tls\":{\"const\":\"none\"}}}");
	definition(w, "Defaults", IN_DEFAULTS, "");
	definition(w, "Risk", IN_RISK, "");
	definition(w, "Role", IN_ROLE, "");
	definition(w, "Window", IN_WINDOW, "");
	definition(w, "Escalate", IN_ESCALATE, "");
	definition(w, "Approve", IN_APPROVE, "");
	definition(w, "Metric", IN_METRIC, "");
	definition(w, "Monitor", IN_MONITOR, "\"oneOf\":[{\"required\":[\"run\"]},{\"required\":[\"http\"]},{\"required\":[\"metric\"]}]");
	definition(w, "Rule", IN_RULE, "");
	schema_decl(w);
	jsonw_key(w, "Expr");
	jsonw_open(w, '{');
	text_members(w, true, false);
	jsonw_close(w, '}');
	jsonw_key(w, "Text");
	jsonw_open(w, '{');
	text_members(w, false, false);
	jsonw_close(w, '}');
	jsonw_key(w, "Lines");
	jsonw_open(w, '{');
	lines_members(w, 0);
	jsonw_close(w, '}');
}

/* One member per line: the file is kept in git and read by people. */
static void indent(struct str json, struct buf *out)
{
	size_t depth = 0;
	bool text = false;
	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];
		bool quote = c == '"' && !(text && json.p[i - 1] == '\\' && json.p[i - 2] != '\\');
		if (quote)
			text = !text;
		bool open = !text && (c == '{' || c == '['), close = !text && (c == '}' || c == ']');
		bool empty = open && i + 1 < json.n && (json.p[i + 1] == '}' || json.p[i + 1] == ']');
		if (close && i && json.p[i - 1] != '{' && json.p[i - 1] != '[') {
			buf_addc(out, '\n');
			buf_fill(out, ' ', --depth * 2);
		}
		buf_addc(out, c);
		if ((open && !empty) || (!text && c == ',')) {
			depth += open;
			buf_addc(out, '\n');
			buf_fill(out, ' ', depth * 2);
		} else if (!text && c == ':') {
			buf_addc(out, ' ');
		}
	}
	buf_addc(out, '\n');
}

void schema_print(struct buf *out)
{
	struct buf flat;
	struct jsonw w;
	buf_init(&flat, 1 << 20);
	jsonw_init(&w, &flat);
	jsonw_open(&w, '{');
	jsonw_kstr(&w, "$schema", STR("http://json-schema.org/draft-07/schema#"));
	jsonw_kstr(&w, "title", STR("runbook, version 1 of the language"));
	schema_place(&w, IN_TOP);
	schema_raw(&w, "\"anyOf\":[{\"required\":[\"preflight\"]},{\"required\":[\"pre-flight\"]},"
		       "{\"required\":[\"plan\"]},{\"required\":[\"act\"]},{\"required\":[\"test\"]},{\"required\":[\"report\"]},"
		       "{\"required\":[\"steps\"]}],\"dependencies\":{\"steps\":{\"not\":{\"anyOf\":[" OF_RUNS(ONE) "false]}}}");
	jsonw_key(&w, "definitions");
	jsonw_open(&w, '{');
	definitions(&w);
	jsonw_close(&w, '}');
	jsonw_close(&w, '}');
	indent(buf_str(&flat), out);
	buf_release(&flat);
}
