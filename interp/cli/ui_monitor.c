#include "cli/ui_state.h"

#include <string.h>
#include "base/mem.h"
#include "base/visible.h"
#include "value/json.h"
#include "value/units.h"

/*
 * ui_monitor: what the monitors of a run see, from their records: a word when
 * something changes (healthy, no data, firing, recovered), and for live lines
 * how each one stands. A sample that says the same again is no change.
 */

enum { KEY_BYTES = 128, SHORT = 200 };

struct ui_monitor {
	char key[KEY_BYTES], figures[SHORT], why[SHORT], rule[SHORT]; /* safe to show; rule: the one that fired first */
	uint64_t firing, on_failed; /* by rule; on_failed: it fired by a sample that failed */
	int64_t since, fired, sampled, told; /* us of the run; told: number of the last record of a rule */
	bool used, failing, shown; /* shown: it was sampled while the phase that is open is open */
};
struct ui_monitors { struct ui_monitor list[UI_MONITORS]; };

static void keep(char out[SHORT], struct str text)
{
	struct buf b;
	size_t n;

	buf_init(&b, 8 * SHORT);
	visible_add(&b, str_slice(text, 0, SHORT - 1));
	for (n = b.len < SHORT - 1 ? b.len : SHORT - 1; n && n < b.len && ((unsigned char)b.p[n] & 0xc0) == 0x80;)
		n--; /* cut at a code point */
	memcpy(out, b.p ? b.p : "", n);
	out[n] = 0;
	buf_release(&b);
}

static struct ui_monitor *find(struct ui *u, struct str key)
{
	struct ui_monitors *all = u->monitors;

	if (!all)
		all = u->monitors = mem_alloc(sizeof(*all));
	for (int i = 0; i < UI_MONITORS; i++) {
		struct ui_monitor *m = &all->list[i];

		if (m->used && str_eqz(key, m->key))
			return m;
		if (m->used || key.n >= KEY_BYTES)
			continue;
		memcpy(m->key, key.p, key.n);
		m->used = true;
		return m;
	}
	return NULL;
}

static void put_figure(struct buf *b, struct str name, struct value v)
{
	buf_printf(b, "%s" STR_FMT " ", b->len ? ", " : "", STR_ARG(name));
	if (v.kind == V_DURATION)
		unit_show_duration(b, v.i);
	else
		value_show(v, b);
}

static void take_figures(struct ui *u, struct ui_monitor *m, const struct record *r)
{
	struct str values = record_raw(r, "values"), out = record_raw(r, "out");
	struct json_error je;
	struct value v;
	struct buf b;

	buf_init(&b, 8192);
	if (values.n && json_parse_members(&u->arena, values, 1, &v, &je) && v.kind == V_MAP)
		for (uint32_t i = 0; i < v.n; i++)
			put_figure(&b, v.map[i].key, v.map[i].value);
	else if (out.n && json_parse_typed(&u->arena, out, &v, &je))
		put_figure(&b, STR("out"), v);
	keep(m->figures, buf_str(&b));
	buf_release(&b);
}

static void put_since(struct buf *out, const char *before, int64_t us)
{
	buf_addz(out, before);
	ui_took(out, us < 1000000 ? us : us / 1000000 * 1000000);
}

static const char *sampled(struct ui *u, struct ui_monitor *m, const struct record *r, struct buf *say)
{
	bool first = !m->sampled, failed = record_raw(r, "error").n > 0;
	int64_t since = m->since;

	m->sampled = r->m;
	m->shown = true;
	if (failed) {
		keep(m->why, record_text(r, &u->arena, "error"));
		if (m->failing)
			return NULL;
		m->failing = true;
		m->since = r->m;
		buf_addz(say, m->why);
		return "no data";
	}
	take_figures(u, m, r);
	if (!first && !m->failing)
		return NULL;
	m->failing = false;
	m->since = r->m;
	if (m->firing && !(m->firing & ~m->on_failed))
		return NULL; /* the end of that rule comes next */
	buf_addz(say, m->figures[0] ? m->figures : "a good sample");
	if (!first)
		put_since(say, ", after no data for ", r->m - since);
	return first ? "watching" : m->firing ? "data again" : "recovered";
}

static uint64_t bit_of(const struct record *r)
{
	return (uint64_t)1 << (record_int(r, "rule", 1) & 63);
}

static const char *fired(struct ui *u, struct ui_monitor *m, const struct record *r, struct buf *say)
{
	struct str then = record_text(r, &u->arena, "then");
	uint64_t bit = bit_of(r);

	if (!m->firing) {
		m->fired = r->m;
		keep(m->rule, record_text(r, &u->arena, "when"));
	}
	m->firing |= bit;
	m->on_failed = m->failing ? m->on_failed | bit : m->on_failed & ~bit;
	m->told = r->n;
	visible_add(say, str_slice(record_text(r, &u->arena, "text"), 0, 600));
	buf_addz(say, str_eqz(then, "rollback") ? ": rolling back" : str_eqz(then, "pause") ? ": pausing" : "");
	return "firing";
}

static const char *calmed(struct ui *u, struct ui_monitor *m, const struct record *r, struct buf *say)
{
	m->firing &= ~bit_of(r);
	buf_addz(say, "no more: ");
	visible_add(say, str_slice(record_text(r, &u->arena, "when"), 0, 300));
	if (!m->failing && m->figures[0])
		buf_printf(say, " (%s)", m->figures);
	if (m->firing)
		return "still fires";
	put_since(say, ", after ", r->m - m->fired);
	if (!m->failing)
		m->since = r->m;
	return "recovered";
}

const char *ui_monitor_record(struct ui *u, const struct record *r, struct buf *say)
{
	struct ui_monitor *m;

	if (str_eqz(r->t, "phase.close") || str_eqz(r->t, "comp.plan")) {
		for (int i = 0; u->monitors && i < UI_MONITORS; i++)
			u->monitors->list[i].shown = false;
		return NULL;
	}
	if (!str_eqz(r->t, "sample") && !str_starts(r->t, STR("rule")))
		return NULL;
	m = find(u, r->k);
	if (!m)
		return NULL; /* too many to follow: their rules are issues and shown as such */
	return str_eqz(r->t, "sample") ? sampled(u, m, r, say) : str_eqz(r->t, "rule") ? fired(u, m, r, say) : calmed(u, m, r, say);
}

bool ui_monitor_told(struct ui *u, const struct record *r)
{
	struct ui_monitor *m = str_starts(r->k, STR("monitors/")) ? find(u, r->k) : NULL;

	return m && m->told && r->n == m->told + 1;
}

bool ui_monitor_live(const struct ui *u, int i, int64_t now, struct buf *out)
{
	const struct ui_monitor *m = u->monitors && i < UI_MONITORS ? &u->monitors->list[i] : NULL;

	if (!m || !m->used || !m->shown)
		return false;
	put_since(out, "  ~~~ ", now - (m->firing ? m->fired : m->since));
	buf_printf(out, "  %s  ", m->key);
	if (m->firing)
		buf_printf(out, "FIRING %s%s", m->rule, m->failing || m->figures[0] ? ": " : "");
	else
		buf_addz(out, m->failing ? "" : "healthy");
	if (m->failing)
		buf_printf(out, "no data: %s", m->why);
	else if (m->figures[0])
		buf_printf(out, "%s%s", m->firing ? "" : ": ", m->figures);
	if (now - m->sampled >= 10000000)
		put_since(out, "  sampled before ", now - m->sampled);
	return true;
}

void ui_monitors_free(struct ui *u)
{
	mem_free(u->monitors);
}
