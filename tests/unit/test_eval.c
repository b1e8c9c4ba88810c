/*
 * eval: operators, names, JSON, null, unknown and secrets, by rows of expression and
 * result; then limits and what rows cannot say. See expr_bench.h for the notation.
 */
#include "expr_bench.h"

#include "eval/scope_data.h"

static void rows_compare(void **state)
{
	static const struct row rows[] = {
		{ "n == 5", "true" },
		{ "n != 5", "false" },
		{ "n < 6", "true" },
		{ "n <= 5", "true" },
		{ "n > 5", "false" },
		{ "n >= 6", "false" },
		{ "n == 5.0", "true" },
		{ "f > 2", "true" },
		{ "f == 2.5", "true" },
		{ "big == 9223372036854775807.0", "false" },
		{ "big < 9223372036854775808.0", "true" },
		{ "low >= -9223372036854775808.0", "true" },
		{ "9007199254740993 == 9007199254740992.0", "false" },
		{ "9007199254740993 > 9007199254740992.0", "true" },
		{ "p == 0.4%", "true" },
		{ "p < 0.5%", "true" },
		{ "p >= 0.400000001%", "false" },
		{ "d == 250ms", "true" },
		{ "d < 1s", "true" },
		{ "z > 1KB", "true" },
		{ "z <= 1500B", "true" },
		{ "t > time('2026-11-21T00:00:00Z')", "true" },
		{ "t == time('2026-11-21T11:03:04+09:00')", "true" },
		{ "s == 'abc'", "true" },
		{ "s != \"abc\"", "false" },
		{ "s < 'abd'", "true" },
		{ "s >= 'ab'", "true" },
		{ "'' < 'a'", "true" },
		{ "'é' == \"\\u00e9\"", "true" },
		{ "yes == true", "true" },
		{ "yes != no", "true" },
		{ "l == [3, 1, 2]", "true" },
		{ "l == [3, 1]", "false" },
		{ "l != [1, 2, 3]", "true" },
		{ "ls == []", "false" },
		{ "[1, 2] == [1.0, 2.0]", "true" },
		{ "st == 'ok'", "true" },
		{ "st != 'failed'", "true" },
		{ "st in ['ok', 'unchanged']", "true" },
		{ "st not in ['ok']", "false" },
		{ "rs == 'failed'", "true" },
		{ "st < 'x'", "RB214 4-5 cannot compare status with string" },
		{ "n == '5'", "RB214 3-5 cannot compare int with string" },
		{ "n == 5s", "RB214 3-5 cannot compare int with duration" },
		{ "p > 0.01", "RB214 3-4 cannot compare percent with float" },
		{ "p > n", "RB214 3-4 cannot compare percent with int" },
		{ "0.01 < p", "RB214 6-7 cannot compare float with percent" },
		{ "d < 500", "RB214 3-4 cannot compare duration with int" },
		{ "d > f", "RB214 3-4 cannot compare duration with float" },
		{ "z > 100", "RB214 3-4 cannot compare size with int" },
		{ "t > 5", "RB214 3-4 cannot compare time with int" },
		{ "s == 5", "RB214 3-5 cannot compare string with int" },
		{ "s == 1.5", "RB214 3-5 cannot compare string with float" },
		{ "yes == 'true'", "RB214 5-7 cannot compare bool with string" },
		{ "'0.4%' == p", "RB214 8-10 cannot compare string with percent" },
		{ "yes < no", "RB214 5-6 cannot order two values of type bool" },
		{ "l < [1]", "RB214 3-4 cannot compare list of int with list of int" },
		{ "l == ['a']", "RB214 3-5 cannot compare list of int with list of string" },
		{ "st == 'done'", "RB234 7-13 a status is never `done`" },
		{ "'skiped' == st", "RB234 1-9 a status is never `skiped`" },
		{ "rs == 'skipped'", "RB234 7-16 a status is never `skipped`" },
		{ "st in ['ok', 'gone']", "RB234 14-20 a status is never `gone`" },
		{ "st == s", "false" },
		{ "n == null", "false" },
		{ "null == null", "true" },
		{ "null != n", "true" },
		{ "on == null", "true" },
		{ "oi != null", "true" },
		{ "on == 5", "RB223 1-3 `on` may be null" },
		{ "oi == 7", "RB223 1-3 `oi` may be null" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_any(void **state)
{
	static const struct row rows[] = {
		{ "j.n == 5", "true" },
		{ "j.n == 5.0", "true" },
		{ "j.f == 0.004", "true" },
		{ "j.s == 'x'", "true" },
		{ "j.nil == null", "true" },
		{ "j.nil == 5", "false" },
		{ "j.nil != 'x'", "true" },
		{ "j.n == null", "false" },
		{ "j.n == 'x'", "! 1-11 cannot compare int with string" },
		{ "j.s != 5", "! 1-9 cannot compare string with int" },
		{ "j.b == true", "true" },
		{ "j.l == [1, 2.5, 3]", "true" },
		{ "j.o == j.o", "true" },
		{ "j.o[0] == j.o[1]", "false" },
		{ "j.o[0].n == 2", "true" },
		{ "j.n > 3", "RB235 1-4 `j.n` is JSON of any type and cannot be compared by size" },
		{ "j.n + 1", "RB235 1-4 `j.n` is JSON of any type and cannot be calculated with" },
		{ "-j.n", "RB235 2-5 `j.n` is JSON of any type and cannot be negated" },
		{ "j.s matches 'x'", "RB235 1-4 `j.s` is JSON of any type and cannot be matched" },
		{ "j.b and yes", "RB224 1-4 what `and` takes must be bool, not JSON" },
		{ "not j.b", "RB224 5-8 what `not` takes must be bool, not JSON" },
		{ "if j.b then 1 else 2", "RB224 4-7 the condition must be bool, not JSON" },
		{ "j.missing", "! 1-10 there is no `missing` here; `?.missing` would give null" },
		{ "j?.missing", "null" },
		{ "j?.missing == null", "true" },
		{ "j.nil.x", "! 1-8 this is null, it has no `x`" },
		{ "j.nil?.x", "null" },
		{ "j.n.x", "! 1-6 this is an int, it has no `x`" },
		{ "j.n?.x", "! 1-7 this is an int, it has no `x`" },
		{ "j.l[0]", "1" },
		{ "j.l[-1]", "3" },
		{ "j.l[3]", "! 1-7 there is no item 3 in a list of 3" },
		{ "j.l[-4]", "! 1-8 there is no item -4 in a list of 3" },
		{ "j['n']", "5" },
		{ "j['zz']", "! 1-8 there is no key 'zz'" },
		{ "j[0]", "! 3-4 this is an int, not a key" },
		{ "j.l['a']", "! 5-8 this is a string, not a whole number" },
		{ "j.s[0]", "! 1-4 this is a string, not a list or map" },
		{ "j.mix[2]", "null" },
		{ "j.o[j.o[1].n].n", "1" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_in(void **state)
{
	static const struct row rows[] = {
		{ "3 in l", "true" },
		{ "4 in l", "false" },
		{ "4 not in l", "true" },
		{ "'a' in ls", "true" },
		{ "'a' in m", "true" },
		{ "'z' in m", "false" },
		{ "'z' not in m", "true" },
		{ "st in m", "false" },
		{ "1 in j.l", "true" },
		{ "4 in j.l", "false" },
		{ "'a' in j.mix", "true" },
		{ "'b' in j.mix", "! 1-13 cannot compare string with int in the list" },
		{ "null in j.mix", "true" },
		{ "null in j.l", "false" },
		{ "j.n in [1, 5]", "true" },
		{ "j.n in ['a']", "! 1-13 cannot compare int with string in the list" },
		{ "'n' in j", "true" },
		{ "5 in j", "! 1-2 this is an int, not a key" },
		{ "1 in j.n", "! 6-9 this is an int, not a list or map" },
		{ "n in ls", "RB243 3-5 cannot look for int in a list of string" },
		{ "'a' in s", "RB243 5-7 `in` needs a list or map on its right, not string" },
		{ "1 in []", "false" },
		{ "null in ln", "true" },
		{ "3 in ln", "true" },
		{ "on in l", "RB223 1-3 `on` may be null" },
		{ "on in ln", "true" },
		{ "null in l", "RB223 1-5 null has no value to use here" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_arithmetic(void **state)
{
	static const struct row rows[] = {
		{ "n + 2", "7" },
		{ "n - 7", "-2" },
		{ "n * 3", "15" },
		{ "n / 2", "2.5" },
		{ "n + 0.5", "5.5" },
		{ "f - 1", "1.5" },
		{ "f * 2", "5.0" },
		{ "f / 2", "1.25" },
		{ "1 / 3", "0.3333333333333333" },
		{ "-n", "-5" },
		{ "--n", "5" },
		{ "-f", "-2.5" },
		{ "-d", "{\"duration_ns\":-250000000}" },
		{ "-p", "{\"percent\":-0.4}" },
		{ "-z", "{\"size\":-1500}" },
		{ "big + 1", "! 1-8 the result does not fit an int" },
		{ "low - 1", "! 1-8 the result does not fit an int" },
		{ "big * 2", "! 1-8 the result does not fit an int" },
		{ "-low", "! 1-5 the result does not fit an int" },
		{ "n / 0", "! 1-6 division by zero" },
		{ "f / 0.0", "! 1-8 division by zero" },
		{ "1e308 * 10", "RB241 1-11 this always fails: the result does not fit a float" },
		{ "1e308 + 1e308", "RB241 1-14 this always fails: the result does not fit a float" },
		{ "0 * -1", "0" },
		{ "p + 0.1%", "{\"percent\":0.5}" },
		{ "p - 1%", "{\"percent\":-0.6}" },
		{ "p * 2", "{\"percent\":0.8}" },
		{ "2 * p", "{\"percent\":0.8}" },
		{ "p * 1.5", "{\"percent\":0.6}" },
		{ "p / 2", "{\"percent\":0.2}" },
		{ "p / 0", "! 1-6 division by zero" },
		{ "p / 0.1%", "4.0" },
		{ "p / 0%", "! 1-7 division by zero" },
		{ "p * p", "RB225 3-4 cannot multiply percent by percent" },
		{ "d + 1s", "{\"duration_ns\":1250000000}" },
		{ "d - 1s", "{\"duration_ns\":-750000000}" },
		{ "d * 4", "{\"duration_ns\":1000000000}" },
		{ "1.5 * d", "{\"duration_ns\":375000000}" },
		{ "d / 2", "{\"duration_ns\":125000000}" },
		{ "d / 0", "! 1-6 division by zero" },
		{ "1s / d", "4.0" },
		{ "1s / 0s", "RB241 1-8 this always fails: division by zero" },
		{ "d * d", "RB225 3-4 cannot multiply duration by duration" },
		{ "7ns / 2", "{\"duration_ns\":4}" },
		{ "5ns * 0.5", "{\"duration_ns\":3}" },
		{ "200000d * 2.0", "RB205 1-8 `200000d` cannot be held exactly" },
		{ "100000d + 100000d", "RB241 1-18 this always fails: the result does not fit a duration" },
		{ "z + 1KB", "{\"size\":2500}" },
		{ "z * 2", "{\"size\":3000}" },
		{ "z / 1KB", "1.5" },
		{ "z / 3s", "500.0" },
		{ "z / 0s", "! 1-7 division by zero" },
		{ "1GB / 250ms", "4000000000.0" },
		{ "10% * z", "{\"size\":150}" },
		{ "z * 10%", "{\"size\":150}" },
		{ "50% * d", "{\"duration_ns\":125000000}" },
		{ "d * 200%", "{\"duration_ns\":500000000}" },
		{ "t + 1d", "{\"time\":\"2026-11-22T02:03:04Z\"}" },
		{ "1d + t", "{\"time\":\"2026-11-22T02:03:04Z\"}" },
		{ "t - 1d", "{\"time\":\"2026-11-20T02:03:04Z\"}" },
		{ "t - t", "{\"duration_ns\":0}" },
		{ "t - time('2026-11-21T02:03:00Z')", "{\"duration_ns\":4000000000}" },
		{ "t + t", "RB225 3-4 cannot add time and time" },
		{ "1d - t", "RB225 4-5 cannot subtract time from duration" },
		{ "t * 2", "RB225 3-4 cannot multiply time by int" },
		{ "t + 5", "RB225 3-4 cannot add time and int" },
		{ "s + 'x'", "\"abcx\"" },
		{ "s + ''", "\"abc\"" },
		{ "s + st", "\"abcok\"" },
		{ "s + n", "RB225 3-4 cannot add string and int" },
		{ "n + s", "RB225 3-4 cannot add int and string" },
		{ "s - 'a'", "RB225 3-4 cannot subtract string from string" },
		{ "s * 3", "RB225 3-4 cannot multiply string by int" },
		{ "yes + 1", "RB225 5-6 cannot add bool and int" },
		{ "l + l", "RB225 3-4 cannot add list of int and list of int" },
		{ "m + m", "RB225 3-4 cannot add map of string and map of string" },
		{ "d + z", "RB225 3-4 cannot add duration and size" },
		{ "d + 5", "RB225 3-4 cannot add duration and int" },
		{ "p + 1", "RB225 3-4 cannot add percent and int" },
		{ "p + 0.5", "RB225 3-4 cannot add percent and float" },
		{ "d / z", "RB225 3-4 cannot divide duration by size" },
		{ "n + null", "RB223 5-9 null has no value to use here" },
		{ "on + 1", "RB223 1-3 `on` may be null" },
		{ "2 + 3 * 4", "14" },
		{ "(2 + 3) * 4", "20" },
		{ "10 - 3 - 2", "5" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_logic(void **state)
{
	static const struct row rows[] = {
		{ "yes and no", "false" },
		{ "yes or no", "true" },
		{ "not yes", "false" },
		{ "not not yes", "true" },
		{ "no and n / 0 > 1", "false" },
		{ "yes or n / 0 > 1", "true" },
		{ "yes and n / 0 > 1", "! 9-14 division by zero" },
		{ "yes and n", "RB224 9-10 what `and` takes must be bool, not int" },
		{ "s or yes", "RB224 1-2 what `or` takes must be bool, not string" },
		{ "not s", "RB224 5-6 what `not` takes must be bool, not string" },
		{ "not n", "RB224 5-6 what `not` takes must be bool, not int" },
		{ "ob and yes", "RB223 1-3 `ob` may be null" },
		{ "ob ?\? false", "true" },
		{ "no or no or yes", "true" },
		{ "if yes then 1 else 2", "1" },
		{ "if no then 1 else 2.5", "2.5" },
		{ "if yes then 1 else 2.5", "1.0" },
		{ "if yes then n else null", "5" },
		{ "if no then n else null", "null" },
		{ "if n > 3 then 'a' else 'b'", "\"a\"" },
		{ "if n then 1 else 2", "RB224 4-5 the condition must be bool, not int" },
		{ "if yes then 1 else 'a'", "RB232 20-23 `else` gives string, `then` gives int" },
		{ "if yes then l else []", "[3,1,2]" },
		{ "if no then l else []", "[]" },
		{ "if no then 1 else if yes then 2 else 3", "2" },
		{ "if yes then s else sec", "\"***\"" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_null(void **state)
{
	static const struct row rows[] = {
		{ "on ?\? 3", "3" },
		{ "oi ?\? 3", "7" },
		{ "n ?\? 3", "5" },
		{ "on ?\? on ?\? 4", "4" },
		{ "on ?\? null", "null" },
		{ "on ?\? 2.5", "2.5" },
		{ "on ?\? 'x'", "RB232 7-10 `?\?` gives string in place of int" },
		{ "os ?\? '' == ''", "true" },
		{ "null ?\? 5", "5" },
		{ "oi ?\? 0 > 5", "true" },
		{ "if on == null then 0 else on + 1", "0" },
		{ "if oi == null then 0 else oi + 1", "8" },
		{ "if oi != null then oi + 1 else 0", "8" },
		{ "if oi == null then oi + 1 else 0", "RB223 20-22 `oi` may be null" },
		{ "oi != null and oi > 5", "true" },
		{ "on == null or on > 5", "true" },
		{ "on != null or on > 5", "RB223 15-17 `on` may be null" },
		{ "not (oi == null) and oi > 5", "true" },
		{ "not (oi == null or n < 5) and oi + n > 11", "true" },
		{ "oi != null and n > 1 and oi > 6", "true" },
		{ "if on != null and oi != null then on + oi else 0", "0" },
		{ "rec.n == null or rec.n > 1", "true" },
		{ "rec.n > 1", "RB223 1-6 `rec.n` may be null" },
		{ "orec.n", "RB223 1-5 `orec` may be null" },
		{ "orec?.n", "null" },
		{ "orec?.item", "null" },
		{ "orec?.item ?\? 'none'", "\"none\"" },
		{ "orec == null", "true" },
		{ "orec?.zz", "RB221 7-9 `orec` has no member `zz`" },
		{ "l.all(x => x != null and x > 0)", "true" },
		{ "ln.all(x => x == null or x > 0)", "true" },
		{ "ln.all(x => x > 0)", "RB223 13-14 `x` may be null" },
		{ "oi != null and ln.any(oi => oi > 1)", "RB223 29-31 `oi` may be null" },
		{ "steps.build.n == null", "true" },
		{ "steps.build.n > 3", "RB223 1-14 `steps.build.n` may be null" },
		{ "steps.build.n != null and steps.build.n > 3", "false" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_members_and_names(void **state)
{
	static const struct row rows[] = {
		{ "rec.item", "\"x\"" },
		{ "rec.status == 'ok'", "true" },
		{ "rec['item']", "\"x\"" },
		{ "rec['zz']", "! 1-10 there is no key 'zz'" },
		{ "rec.nope", "RB221 5-9 `rec` has no member `nope`" },
		{ "rec?.nope", "RB221 6-10 `rec` has no member `nope`" },
		{ "m.a", "\"1\"" },
		{ "m['a']", "\"1\"" },
		{ "m.zz", "! 1-5 there is no `zz` here; `?.zz` would give null" },
		{ "m['zz']", "! 1-8 there is no key 'zz'" },
		{ "m?.zz", "null" },
		{ "m?.zz ?\? 'd'", "\"d\"" },
		{ "m?.a ?\? 'd'", "\"1\"" },
		{ "each[0].n ?\? 0", "4" },
		{ "each.map(e => e.status)", "[\"ok\",\"failed\"]" },
		{ "s.x", "RB230 3-4 string has no members" },
		{ "n.x", "RB230 3-4 int has no members" },
		{ "s.len", "RB230 3-6 string has no members" },
		{ "d.len", "RB230 3-6 duration has no members" },
		{ "steps", "RB222 1-6 `steps` is not a value, only its members are" },
		{ "steps.build", "RB222 1-12 `steps.build` is not a value, only its members are" },
		{ "steps.build == null", "RB222 1-12 `steps.build` is not a value, only its members are" },
		{ "steps.biuld.n", "RB221 7-12 `steps` has no member `biuld`" },
		{ "steps.build.nn", "RB221 13-15 `steps.build` has no member `nn`" },
		{ "steps.build.status == 'ok'", "true" },
		{ "steps?.build?.n ?\? 1", "1" },
		{ "len", "RB220 1-4 unknown name `len`" },
		{ "nn", "RB220 1-3 unknown name `nn`" },
		{ "production", "RB220 1-11 unknown name `production`" },
		{ "env.HOME", "RB220 1-4 unknown name `env`" },
		{ "later", "RB236 1-6 `later` runs later" },
		{ "later + 1", "RB236 1-6 `later` runs later" },
		{ "later.x.y", "RB236 1-6 `later` runs later" },
		{ "lie", "null" },
		{ "lie + 1", "! 1-4 this is null, not an int" },
		{ "lie > 3", "! 1-4 this is null, not an int" },
		{ "lie == 3", "! 1-4 this is null, not an int" },
		{ "lie == null", "true" },
		{ "cut", "! 1-4 this output is longer than its limit and was cut, so it cannot be used" },
		{ "cut == 'long'", "! 1-4 this output is longer than its limit and was cut, so it cannot be used" },
		{ "cut == null", "! 1-4 this output is longer than its limit and was cut, so it cannot be used" },
		{ "len(cut)", "! 5-8 this output is longer than its limit and was cut, so it cannot be used" },
		{ "[]", "[]" },
		{ "[1]", "[1]" },
		{ "[1, 2.5]", "[1.0,2.5]" },
		{ "[1, null]", "[1,null]" },
		{ "[1, 'a']", "RB233 5-8 a list of int cannot hold string" },
		{ "['a', st]", "[\"a\",\"ok\"]" },
		{ "[[1], [2, 3]]", "[[1],[2,3]]" },
		{ "[[1], ['a']]", "RB233 7-12 a list of list of int cannot hold list of string" },
		{ "[n, on]", "[5,null]" },
		{ "l[0]", "3" },
		{ "l[-1]", "2" },
		{ "l[3]", "! 1-5 there is no item 3 in a list of 3" },
		{ "l[-4]", "! 1-6 there is no item -4 in a list of 3" },
		{ "l[1.0]", "RB231 3-6 the index of a list must be int, not float" },
		{ "l['a']", "RB231 3-6 the index of a list must be int, not string" },
		{ "l[on]", "RB223 3-5 `on` may be null" },
		{ "l[j.n]", "RB231 3-6 the index of a list must be int, not JSON" },
		{ "n[0]", "RB231 1-2 int cannot be indexed" },
		{ "s[0]", "RB231 1-2 string cannot be indexed" },
		{ "null", "null" },
		{ "null + 1", "RB223 1-5 null has no value to use here" },
		{ "'abc' matches '^a.c$'", "true" },
		{ "s matches 'B'", "false" },
		{ "s matches '(?i)B'", "true" },
		{ "s matches s", "RB238 11-12 a pattern must be constant text" },
		{ "s matches 'a' + 'b'", "true" },
		{ "s matches '(a'", "RB237 11-15 invalid pattern: missing closing parenthesis" },
		{ "s matches '[z-a]'", "RB237 15-16 invalid pattern: range out of order in character class" },
		{ "s matches ''", "true" },
		{ "n matches 'a'", "RB225 3-10 `matches` needs text on its left, not int" },
		{ "os matches 'a'", "RB223 1-3 `os` may be null" },
		{ "\"a\\n\" matches '^a$'", "false" },
		{ "\"a\\nb\" matches '^b'", "false" },
		{ "\"a\\nb\" matches '(?m)^b$'", "true" },
		{ "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' matches '^(a+)+$'", "RB241 1-58 this always fails: the pattern needs more than 1000000 steps on this text; nested repeats such as (a+)+ do that" },
		{ "'日本' matches '^..$'", "true" },
		{ "s matches '(*LIMIT_MATCH=5)a'", "RB237 12-13 invalid pattern: verbs such as (*UTF) are not allowed at the start" },
		{ "x => x", "RB210 3-5 `x => ...` stands only as an argument" },
		{ "filter(l, 3)", "RB240 11-12 filter() needs `x => ...` here" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_unknown(void **state)
{
	static const struct row rows[] = {
		{ "u", "{\"unknown\":\"steps.a.n\"}" },
		{ "u + 1", "{\"unknown\":\"steps.a.n\"}" },
		{ "1 + u", "{\"unknown\":\"steps.a.n\"}" },
		{ "u > 3", "{\"unknown\":\"steps.a.n\"}" },
		{ "u == u", "{\"unknown\":\"steps.a.n\"}" },
		{ "u == null", "{\"unknown\":\"steps.a.n\"}" },
		{ "u > 3 and no", "false" },
		{ "no and u > 3", "false" },
		{ "u > 3 and yes", "{\"unknown\":\"steps.a.n\"}" },
		{ "u > 3 or yes", "true" },
		{ "yes or u > 3", "true" },
		{ "u > 3 or no", "{\"unknown\":\"steps.a.n\"}" },
		{ "ub and n / 0 > 1", "{\"unknown\":\"steps.a.ok\"}" },
		{ "ub or n / 0 > 1", "{\"unknown\":\"steps.a.ok\"}" },
		{ "ub and yes and no", "false" },
		{ "not ub", "{\"unknown\":\"steps.a.ok\"}" },
		{ "ub and no or yes", "true" },
		{ "if ub then 1 else 2", "{\"unknown\":\"steps.a.ok\"}" },
		{ "if ub then 1 else 1", "1" },
		{ "if ub then n / 0 else 1", "{\"unknown\":\"steps.a.ok\"}" },
		{ "if ub then u else u", "{\"unknown\":\"steps.a.ok\"}" },
		{ "us + 'x'", "{\"unknown\":\"steps.a.tag\"}" },
		{ "us matches 'x'", "{\"unknown\":\"steps.a.tag\"}" },
		{ "us ?\? 'x'", "{\"unknown\":\"steps.a.tag\"}" },
		{ "u in l", "{\"unknown\":\"steps.a.n\"}" },
		{ "1 in lu", "true" },
		{ "2 in lu", "{\"unknown\":\"steps.b.n\"}" },
		{ "2 not in lu", "{\"unknown\":\"steps.b.n\"}" },
		{ "u in []", "false" },
		{ "3 in [u, 3]", "true" },
		{ "l[u]", "{\"unknown\":\"steps.a.n\"}" },
		{ "lu[0]", "1" },
		{ "lu[1]", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu == [1, 2, 3]", "{\"unknown\":\"steps.b.n\"}" },
		{ "l == [u]", "{\"unknown\":\"steps.a.n\"}" },
		{ "-u", "{\"unknown\":\"steps.a.n\"}" },
		{ "len(us)", "{\"unknown\":\"steps.a.tag\"}" },
		{ "len(lu)", "3" },
		{ "first(lu)", "1" },
		{ "sum(lu)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.map(x => x + 1)", "[2,{\"unknown\":\"steps.b.n\"},4]" },
		{ "lu.filter(x => x > 1)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.any(x => x > 2)", "true" },
		{ "lu.any(x => x > 5)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.all(x => x > 2)", "false" },
		{ "lu.all(x => x > 0)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.none(x => x > 2)", "false" },
		{ "lu.none(x => x > 5)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.count(x => x > 2)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.sort_by(x => x)", "{\"unknown\":\"steps.b.n\"}" },
		{ "lu.join(',')", "{\"unknown\":\"steps.b.n\"}" },
		{ "show(u)", "{\"unknown\":\"steps.a.n\"}" },
		{ "show(lu)", "{\"unknown\":\"steps.b.n\"}" },
		{ "str(u)", "{\"unknown\":\"steps.a.n\"}" },
		{ "to_json(lu)", "{\"unknown\":\"steps.b.n\"}" },
		{ "format('{}', u)", "{\"unknown\":\"steps.a.n\"}" },
		{ "ub == true", "{\"unknown\":\"steps.a.ok\"}" },
		{ "[u]", "[{\"unknown\":\"steps.a.n\"}]" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

static void rows_secret(void **state)
{
	static const struct row rows[] = {
		{ "sec", "\"***\"" },
		{ "sec == 'hunter2'", "true" },
		{ "sec != 'x'", "true" },
		{ "sec matches 'h'", "true" },
		{ "sec + 'x'", "\"***\"" },
		{ "'x' + sec", "\"***\"" },
		{ "len(sec)", "\"***\"" },
		{ "upper(sec)", "\"***\"" },
		{ "show(sec)", "\"***\"" },
		{ "to_json(sec)", "\"***\"" },
		{ "to_json([sec])", "\"***\"" },
		{ "str(sec)", "\"***\"" },
		{ "format('{}!', sec)", "\"***\"" },
		{ "b64(sec)", "\"***\"" },
		{ "join([sec, 'a'], ',')", "\"***\"" },
		{ "sec.starts_with('h')", "true" },
		{ "sec in ['a', 'hunter2']", "true" },
		{ "if yes then sec else 'x'", "\"***\"" },
		{ "[sec]", "[\"***\"]" },
		{ "[sec][0]", "\"***\"" },
		{ "['a', sec].first()", "\"***\"" },
		{ "secret('x')", "\"***\"" },
		{ "secret('x') == 'x'", "true" },
		{ "secret('a') + 'b'", "\"***\"" },
		{ "secret(n) + 1", "\"***\"" },
		{ "secret(n) > 3", "true" },
		{ "if secret(yes) then 1 else 2", "\"***\"" },
		{ "[sec].map(x => x + '1')", "\"***\"" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

/* A node costs fuel each time; the limit is an error, never an answer. */
static void test_fuel(void **state)
{
	static const struct row rows[] = {
		{ "range(300000).all(x => x >= 0)", "! 24-25 the expression needs more than 1,000,000 steps" },
		{ "range(200000).all(x => x >= 0)", "true" },
		{ "ub or range(300000).all(x => x >= 0)", "! 35-36 the expression needs more than 1,000,000 steps" },
		{ "range(99999999999)", "! 1-19 the expression needs more than 1,000,000 steps" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

/* Doubling text: the bytes run out long before the memory does. */
static void test_bytes(void **state)
{
	static const struct row rows[] = {
		{ "range(60).map(x => 'y').join(pad('x', 10000)).len()", "590060" },
		{ "range(6000).map(x => 'y').join(pad('x', 10000)).len()",
		  "! 1-48 the expression produces more than 16 MiB" },
		{ "replace(pad('', 10000), ' ', pad('', 10000)).len()",
		  "! 1-45 the expression produces more than 16 MiB" },
		{ "range(5000).map(x => s + pad('', 9999)).len()", "! 22-39 the expression produces more than 16 MiB" },
	};

	(void)state;
	bench_rows(rows, sizeof rows / sizeof rows[0]);
}

/* A hostile text under an innocent pattern costs a bounded number of steps, wherever it starts to match. */
static void test_regex_over_a_long_text(void **state)
{
	struct bench b;
	struct buf text;

	(void)state;
	bench_init(&b);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_addz(&text, "aaaaaaaaaaaaaaaaaaab");
	b.names[b.count++] = (struct name){ "long", &type_string, value_str_copy(&b.arena, buf_str(&text)), NULL };
	buf_release(&text);
	assert_string_equal(bench_run(&b, "long matches '(a+)+[cd]'"),
			    "! 1-25 the pattern needs more than 1000000 steps on this text; nested repeats such as (a+)+ do that");
	assert_string_equal(bench_run(&b, "long matches 'ba{19}b$'"), "true");
	assert_string_equal(bench_run(&b, "long matches 'a{20}'"), "false");
	bench_release(&b);
}

/* The names of `runbook eval --context`. */
static void test_scope_of_data(void **state)
{
	static const struct row rows[] = {
		{ "errors > 1%", "true" },
		{ "errors > 0.01", "RB214 8-9 cannot compare percent with float" },
		{ "svc.port + 1", "81" },
		{ "svc.prot", "! 1-9 there is no `prot` here; `?.prot` would give null" },
		{ "svc?.prot ?\? 'x'", "\"x\"" },
		{ "svc.name.upper()", "\"API\"" },
		{ "hosts.map(h => h.n).sum()", "3" },
		{ "odd.map(h => int(h.n)).sum()", "3" },
		{ "odd[1].n == 2", "true" },
		{ "gap.filter(g => g != null).len()", "2" },
		{ "sum(gap)", "4" },
		{ "mix[1] == 'a'", "true" },
		{ "none == null", "true" },
		{ "none ?\? 3", "3" },
		{ "len([])", "0" },
		{ "empty.len()", "0" },
		{ "context.svc.port", "80" },
		{ "keys(context).len()", "9" },
		{ "when > time('2026-01-01T00:00:00Z')", "true" },
		{ "erors", "RB220 1-6 unknown name `erors`" },
	};
	static const char json[] =
		"{\"errors\":{\"percent\":2},\"svc\":{\"port\":80,\"name\":\"api\"},\"hosts\":[{\"n\":1},{\"n\":2}],"
		"\"odd\":[{\"n\":1},{\"n\":2,\"m\":3}],\"gap\":[1,null,3],\"mix\":[1,\"a\"],\"none\":null,\"empty\":[],"
		"\"when\":{\"time\":\"2026-11-21T02:00:00Z\"}}";
	struct scope_data data;
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct eval_env env;
		struct eval_error err;
		const struct code *c;

		bench_init(&b);
		scope_data_init(&data, &b.arena, bench_json(&b, json));
		b.scope = data.scope;
		env = scope_data_env(&data, &b.arena);
		c = bench_compile(&b, rows[i].expr, NULL);
		if (c)
			bench_outcome(&b, code_eval(c, &env, &err), &err);
		else
			bench_complaint(&b);
		if (strcmp(b.line, rows[i].gives))
			fail_msg("%s gives %s, expected %s", rows[i].expr, b.line, rows[i].gives);
		bench_release(&b);
	}
}

/* Values keep their secret through every operation that shows something of them. */
static void test_secret_flag(void **state)
{
	static const char *const tainted[] = {
		"sec", "sec + 'x'", "'x' + sec", "upper(sec)", "len(sec)", "show(sec)", "str(sec)", "to_json([sec])",
		"format('{}', sec)", "if yes then sec else s", "if no then sec else s", "[s, sec][1]", "sha256(sec)",
		"join([s, sec], ',')", "secret(n) + 1", "-secret(n)", "[sec].first()", "b64(s + sec)", "ls.join(sec)",
	};
	static const char *const plain[] = { "sec == 'a'", "sec matches 'a'", "sec in ls", "contains(sec, 'a')", "[sec].len() > 0",
					     "secret(n) > 3", "s" };
	struct bench b;

	(void)state;
	bench_init(&b);
	for (size_t i = 0; i < sizeof tainted / sizeof tainted[0] + sizeof plain / sizeof plain[0]; i++) {
		bool secret = i < sizeof tainted / sizeof tainted[0];
		const char *text = secret ? tainted[i] : plain[i - sizeof tainted / sizeof tainted[0]];
		const struct code *c = bench_compile(&b, text, NULL);
		struct eval_env env = bench_env(&b);
		struct eval_error err;
		struct value v;

		assert_non_null(c);
		v = code_eval(c, &env, &err);
		assert_false(err.set);
		if (value_has_flag(v, VALUE_SECRET) != secret || type_tainted(code_type(c)) != secret)
			fail_msg("%s: secret is %d", text, !secret);
	}
	bench_release(&b);
}

/* The secret's own text is in the value, though no printer shows it. */
static void test_secret_text_is_whole(void **state)
{
	struct bench b;
	struct eval_error err;
	struct eval_env env;

	(void)state;
	bench_init(&b);
	env = bench_env(&b);
	assert_string_equal(code_eval(bench_compile(&b, "to_json([sec])", NULL), &env, &err).s, "[\"hunter2\"]");
	assert_string_equal(code_eval(bench_compile(&b, "show(sec)", NULL), &env, &err).s, "hunter2");
	assert_string_equal(code_eval(bench_compile(&b, "format('{}!', sec)", NULL), &env, &err).s, "hunter2!");
	bench_release(&b);
}

/* No error text quotes a secret. */
static void test_secret_errors(void **state)
{
	static const char *const failing[] = {
		"int(sec)", "json(sec)", "duration(sec)", "time(sec)", "bool(sec)", "weekday(t, sec)", "format_time(t, s, sec)",
		"duration(n, sec)", "size(n, sec)", "m[sec]", "j[sec]", "percent(sec)", "float(sec + '1')", "format(sec, n)",
		"split(s, secret(''))", "int(secret('hunter2'))", "[1][len(sec)]",
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++) {
		bench_init(&b);
		bench_run(&b, failing[i]);
		if (b.line[0] != '!' || strstr(b.line, "hunter2"))
			fail_msg("%s: %s", failing[i], b.line);
		bench_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_compare),
		cmocka_unit_test(rows_any),
		cmocka_unit_test(rows_in),
		cmocka_unit_test(rows_arithmetic),
		cmocka_unit_test(rows_logic),
		cmocka_unit_test(rows_null),
		cmocka_unit_test(rows_members_and_names),
		cmocka_unit_test(rows_unknown),
		cmocka_unit_test(rows_secret),
		cmocka_unit_test(test_fuel),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_regex_over_a_long_text),
		cmocka_unit_test(test_scope_of_data),
		cmocka_unit_test(test_secret_flag),
		cmocka_unit_test(test_secret_text_is_whole),
		cmocka_unit_test(test_secret_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
