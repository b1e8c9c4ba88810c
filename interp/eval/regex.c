/*
 * regex: PCRE2 with its memory taken from the arena, so that patterns need no
 * release, and with a bound on the whole search: PCRE2's match limit holds for
 * one starting place only, and a text has many.
 */
#include "eval/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "eval/eval.h"
#include "eval/regex_groups.h"

enum { PATTERN_MAX = 4096, NESTING_MAX = 60, HEAP_KIB = 32 * 1024 };
/* All places of a text together: see search_text(). */
enum { TOTAL_LIMIT = 10 * REGEX_MATCH_LIMIT, TOTAL_PER_BYTE = 100, COUNTED_BYTES = 4 << 20 };
enum { FIRST_LIMIT_MAX = 1000, FIRST_LIMIT_MIN = 32, FIRST_TOTAL = 1000000, CHECKED_BYTES_PER_STEP = 16 };

struct regex {
	pcre2_code *code;        /* for texts that are UTF-8 */
	pcre2_code *lenient;     /* for others; it checks the text in each call */
	struct regex *next;
	struct field *groups;    /* named, in order of their numbers */
	uint32_t *numbers;
	uint32_t group_count;
};

static void *arena_malloc(size_t n, void *arena)
{
	return arena_alloc(arena, n);
}

static void arena_free(void *p, void *arena)
{
	(void)p;
	(void)arena;
}

static pcre2_code *compile(struct arena *a, struct str pattern, uint32_t option, int *error, size_t *at)
{
	const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_USE_OFFSET_LIMIT | option;
	pcre2_general_context *general = pcre2_general_context_create(arena_malloc, arena_free, a);
	pcre2_compile_context *context = pcre2_compile_context_create(general);

	pcre2_set_parens_nest_limit(context, NESTING_MAX);
	return pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, error, at, context);
}

static void read_groups(struct regex *r, struct arena *a, struct str pattern)
{
	uint32_t count, size;
	PCRE2_SPTR entry;

	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &entry);
	r->group_count = count;
	r->groups = arena_array(a, count + 1, sizeof *r->groups);
	r->numbers = arena_array(a, count + 1, sizeof *r->numbers);
	for (uint32_t i = 0; i < count; i++, entry += size) {
		uint32_t number = (uint32_t)entry[0] << 8 | entry[1], at = i;

		/* the table is in order of names, people read in order of numbers */
		for (; at > 0 && r->numbers[at - 1] > number; at--) {
			r->numbers[at] = r->numbers[at - 1];
			r->groups[at] = r->groups[at - 1];
		}
		r->numbers[at] = number;
		r->groups[at].name = str_of((const char *)entry + 2);
		r->groups[at].type = regex_group_is_sure(pattern, number) ? &type_string
									 : type_optional(a, &type_string);
	}
}

/* A callout in front tells at which place the search is and can refuse it, see
 * search_text(). A comment of (?x) at the end needs a newline before the bracket. */
static bool compile_counted(struct regex *r, struct arena *a, struct str pattern)
{
	struct str counted = arena_printf(a, "(?C1)(?:%.*s)", STR_ARG(pattern));
	size_t where;
	int code;

	r->code = compile(a, counted, 0, &code, &where);
	if (!r->code) {
		counted = arena_printf(a, "(?C1)(?:%.*s\n)", STR_ARG(pattern));
		r->code = compile(a, counted, 0, &code, &where);
	}
	r->lenient = compile(a, counted, PCRE2_MATCH_INVALID_UTF, &code, &where);
	return r->code && r->lenient;
}

struct regex *regex_new(struct regexes *owner, struct arena *a, struct str pattern, struct str *err, uint32_t *at)
{
	struct regex *r = arena_alloc(a, sizeof *r);
	unsigned char text[160];
	size_t where = 0;
	int code;

	*at = 0;
	if (pattern.n > PATTERN_MAX) {
		*err = STR("longer than 4096 bytes");
		return NULL;
	}
	r->code = compile(a, pattern, 0, &code, &where);
	if (!r->code) {
		pcre2_get_error_message(code, text, sizeof text);
		*err = arena_str(a, (const char *)text, str_of((const char *)text).n);
		*at = (uint32_t)(where < pattern.n ? where : pattern.n);
		return NULL;
	}
	read_groups(r, a, pattern);
	if (!compile_counted(r, a, pattern)) { /* (*VERB) at the start: its limits would be the author's */
		*err = STR("verbs such as (*UTF) are not allowed at the start");
		return NULL;
	}
	if (owner) {
		r->next = owner->first;
		owner->first = r;
	}
	return r;
}

void regexes_release(struct regexes *owner)
{
	owner->first = NULL;
}

/* --- search --- */

struct search {
	const struct regex *r;
	struct str text;
	pcre2_match_data *data;
	pcre2_match_context *context;
	size_t start;       /* where the search is */
	uint64_t starts;    /* places tried */
	uint64_t steps, most;
	bool valid;         /* the text is UTF-8 */
	bool skip;          /* places up to skip_to have been tried */
	size_t skip_to;
};

static int on_start(pcre2_callout_block *block, void *arg)
{
	struct search *s = arg;

	if (s->skip && block->start_match <= s->skip_to)
		return 1;
	if (s->start != block->start_match || !s->starts) {
		s->start = block->start_match;
		s->starts++;
	}
	return 0;
}

static bool is_limit(int rc)
{
	return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT;
}

static int try_from(struct search *s, size_t from, size_t until, uint32_t limit)
{
	uint32_t options = s->valid ? PCRE2_NO_UTF_CHECK : 0;

	/* a text that is not UTF-8 is checked again from here on each time */
	if (!s->valid)
		s->steps += (s->text.n - from) / CHECKED_BYTES_PER_STEP;
	pcre2_set_match_limit(s->context, limit);
	pcre2_set_offset_limit(s->context, until);
	return pcre2_match(s->valid ? s->r->code : s->r->lenient, (PCRE2_SPTR)s->text.p, s->text.n, from, options,
			   s->data, s->context);
}

/* One place with rising limits. */
static int try_place(struct search *s, size_t place, uint32_t limit)
{
	int rc = PCRE2_ERROR_MATCHLIMIT;

	while (rc == PCRE2_ERROR_MATCHLIMIT && limit < REGEX_MATCH_LIMIT) {
		limit = limit * 4 < REGEX_MATCH_LIMIT ? limit * 4 : REGEX_MATCH_LIMIT;
		s->steps += limit;
		if (s->steps > s->most)
			return PCRE2_ERROR_MATCHLIMIT;
		rc = try_from(s, place, place, limit);
	}
	return rc;
}

/* Most places need few steps: the whole text is searched with a low limit, and
 * only a place that exceeds it is tried again with a higher one. So the sum
 * over all places is bounded, not only the work at each. */
static int search_text(struct search *s)
{
	uint64_t low = FIRST_TOTAL / (s->text.n + 1);
	uint32_t limit = low > FIRST_LIMIT_MAX ? FIRST_LIMIT_MAX : low < FIRST_LIMIT_MIN ? FIRST_LIMIT_MIN : (uint32_t)low;
	size_t from = 0;
	int rc;

	for (;;) {
		s->start = from;
		rc = try_from(s, from, PCRE2_UNSET, limit);
		if (rc != PCRE2_ERROR_MATCHLIMIT)
			break;
		from = s->start;
		s->skip = false;
		rc = try_place(s, from, limit);
		if (rc != PCRE2_ERROR_NOMATCH)
			break;
		/* from here again, not from the next place: PCRE2 knows how to step on */
		s->skip = true;
		s->skip_to = from;
	}
	s->steps += s->starts * limit / 64;
	return rc;
}

static enum regex_result search(const struct regex *r, struct str text, struct search *s)
{
	int rc;

	*s = (struct search){ .r = r, .text = text.p ? text : STR("") };
	s->valid = utf8_valid(s->text);
	s->most = TOTAL_LIMIT + TOTAL_PER_BYTE * (uint64_t)(text.n < COUNTED_BYTES ? text.n : COUNTED_BYTES);
	s->data = pcre2_match_data_create(r->group_count ? 1 + r->numbers[r->group_count - 1] : 1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (!s->data || !s->context)
		return REGEX_LIMIT;
	pcre2_set_heap_limit(s->context, HEAP_KIB);
	pcre2_set_callout(s->context, on_start, s);
	rc = search_text(s);
	if (rc == PCRE2_ERROR_NOMATCH)
		return REGEX_NO;
	if (is_limit(rc) || rc < 0)
		return REGEX_LIMIT;
	return REGEX_YES;
}

static void search_release(struct search *s)
{
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
}

enum regex_result regex_test_counted(const struct regex *r, struct str s, uint64_t *steps)
{
	struct search search_state;
	enum regex_result result = search(r, s, &search_state);

	*steps = search_state.steps + s.n;
	search_release(&search_state);
	return result;
}

enum regex_result regex_test(const struct regex *r, struct str s)
{
	uint64_t steps;

	return regex_test_counted(r, s, &steps);
}

enum regex_result regex_match(const struct regex *r, struct arena *a, struct str s, struct value *out)
{
	struct search search_state;
	enum regex_result result = search(r, s, &search_state);
	struct pair *pairs;
	size_t *ends, from, to;

	if (result == REGEX_YES) {
		pairs = arena_array(a, r->group_count + 1, sizeof *pairs);
		ends = pcre2_get_ovector_pointer(search_state.data);
		for (uint32_t i = 0; i < r->group_count; i++) {
			from = ends[2 * r->numbers[i]];
			to = ends[2 * r->numbers[i] + 1];
			pairs[i].key = r->groups[i].name;
			/* \K in a lookahead may put the end before the start */
			pairs[i].value = from == PCRE2_UNSET || to < from ? value_null
				: value_str_copy(a, str_slice(s, from, to));
		}
		*out = value_map(pairs, r->group_count);
	}
	search_release(&search_state);
	return result;
}

const struct type *regex_type(const struct regex *r, struct arena *a)
{
	return type_record(a, r->groups, r->group_count);
}
