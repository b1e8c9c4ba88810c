#include "cli/telemetry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/command.h"
#include "host/clock.h"
#include "host/http.h"
#include "host/loop.h"
#include "report/fold.h"
#include "report/traces.h"
#include "value/json.h"
#include "value/units.h"

/*
 * telemetry: the variables of OpenTelemetry's specification, and OTLP/HTTP with JSON.
 * Those of traces win over those of all signals. Nothing is sent to a default address:
 * a runbook must not knock at ports that nobody named.
 */

static const int64_t ms = 1000000, second = 1000000000;
/* Who waits for the run waits for this, too: so it is less than OpenTelemetry's ten seconds. */
enum { HEADERS = 32, ATTRIBUTES = 64, PATIENCE_MS = 2000, AGAIN_MS = 250 };

static const char *of(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static const char *of_traces(const char *traces, const char *all)
{
	return of(traces) ? of(traces) : of(all);
}

/* --- what the variables say ------------------------------------------------------------- */

/* %41 -> A; NULL bytes and line breaks stay out. */
static struct str decoded(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char hex[3] = { 0 }, *end;
		char c = s.p[i];

		if (c == '%' && i + 2 < s.n) {
			memcpy(hex, s.p + i + 1, 2);
			c = (char)strtol(hex, &end, 16);
			if (*end)
				c = '%';
			else
				i += 2;
		}
		if (c && c != '\r' && c != '\n')
			p[n++] = c;
	}
	return (struct str){ p, n };
}

/* name=value,name=value; false at what is none. */
static bool pairs(struct arena *a, const char *text, struct trace_attribute *list, uint32_t max, uint32_t *n)
{
	struct str rest = str_of(text);

	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		struct str one = str_slice(rest, 0, comma ? (size_t)(comma - rest.p) : rest.n), name;
		ptrdiff_t eq = str_find(one, STR("="));

		rest = str_slice(rest, one.n + 1, rest.n);
		if (!str_trim(one).n)
			continue;
		name = eq > 0 ? str_trim(str_slice(one, 0, (size_t)eq)) : STR("");
		if (!name.n || *n == max)
			return false;
		list[*n].name = decoded(a, name);
		list[*n].value = decoded(a, str_trim(str_slice(one, (size_t)eq + 1, one.n)));
		if (!utf8_valid(list[*n].name) || !utf8_valid(list[*n].value))
			return false;
		++*n;
	}
	return true;
}

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strcasestr(at, word)); at += n)
		if ((at == list || at[-1] == ',' || at[-1] == ' ') && (!at[n] || at[n] == ',' || at[n] == ' '))
			return true;
	return false;
}

struct telemetry {
	struct cli *c;
	struct str url;
	struct trace_attribute headers[HEADERS]; uint32_t header_count;
	struct trace_attribute resource[ATTRIBUTES]; uint32_t resource_count;
	int64_t until;            /* clock_boot */
	struct loop *loop;
	struct http *http;
	bool done, again;
	int64_t wait;             /* again: after how long */
	struct str why;           /* it could not be sent, or not all of it was taken */
};

/* Where to; empty: nowhere. */
static struct str address(struct arena *a)
{
	const char *own = of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), *all = of("OTEL_EXPORTER_OTLP_ENDPOINT");

	if (own)
		return str_trim(str_of(own));
	if (!all)
		return STR("");
	return arena_printf(a, "%s%sv1/traces", all, all[strlen(all) - 1] == '/' ? "" : "/");
}

static bool wanted(const struct report *r)
{
	const char *off = of("OTEL_SDK_DISABLED"), *exporter = of("OTEL_TRACES_EXPORTER"), *sampler = of("OTEL_TRACES_SAMPLER");
	struct str trace, span;
	bool sampled = true;

	if ((off && !strcasecmp(off, "true")) || (exporter && !listed(exporter, "otlp")))
		return false;
	if (sampler && !strcmp(sampler, "always_off"))
		return false;
	/* By default a trace whose parent is not recorded is not either. */
	if (traces_parent(r->traceparent, &trace, &span, &sampled) && !sampled)
		return sampler && !strcmp(sampler, "always_on");
	return !sampler || strcmp(sampler, "parentbased_always_off") || r->traceparent.n;
}

int64_t telemetry_patience(const char *timeout)
{
	int64_t n;

	if (!timeout || !unit_parse_int(str_of(timeout), &n) || n <= 0 || n > PATIENCE_MS)
		n = PATIENCE_MS;
	return n * ms;
}

/* False: said why. */
static bool configure(struct telemetry *t)
{
	struct arena *a = &t->c->arena;
	const char *headers = of_traces("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS");
	const char *protocol = of_traces("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
	const char *name = of("OTEL_SERVICE_NAME"), *attributes = of("OTEL_RESOURCE_ATTRIBUTES");

	if (protocol && !strcmp(protocol, "grpc")) {
		cli_error("the trace was not sent: OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and runbook speaks http/json only");
		return false;
	}
	if (headers && !pairs(a, headers, t->headers, HEADERS - 1, &t->header_count)) {
		cli_error("the trace was not sent: OTEL_EXPORTER_OTLP_HEADERS is no list name=value,name=value");
		return false;
	}
	if (name)
		t->resource[t->resource_count++] = (struct trace_attribute){ STR("service.name"), str_of(name) };
	if (attributes && !pairs(a, attributes, t->resource, ATTRIBUTES, &t->resource_count)) {
		cli_error("OTEL_RESOURCE_ATTRIBUTES is no list name=value,name=value: it is left out");
		t->resource_count = name ? 1 : 0; /* all or nothing, as the specification says */
	}
	for (uint32_t i = 1, n = t->resource_count; name && i < n; i++)
		if (str_eqz(t->resource[i].name, "service.name")) /* OTEL_SERVICE_NAME wins */
			t->resource[i] = t->resource[--t->resource_count], i = n;
	return true;
}

/* --- sending ------------------------------------------------------------------------------ */

static int64_t retry_after(const struct http_result *r)
{
	int64_t n;

	for (size_t i = 0; i < r->header_count; i++)
		if (str_eqz(r->headers[i].name, "retry-after") && unit_parse_int(r->headers[i].value, &n) && n >= 0 && n < 3600)
			return n * second;
	return AGAIN_MS * ms;
}

/* {"partialSuccess":{"rejectedSpans":"2","errorMessage":"..."}} */
static void take_partial(struct telemetry *t, struct str body)
{
	struct json_error je;
	const struct value *partial, *why;
	struct value v;

	if (!json_parse(&t->c->arena, body, &v, &je) || v.kind != V_MAP)
		return;
	partial = value_get(v, STR("partialSuccess"));
	why = partial && partial->kind == V_MAP ? value_get(*partial, STR("errorMessage")) : NULL;
	if (why && why->kind == V_STRING && why->n)
		t->why = arena_printf(&t->c->arena, "not all of it was taken: " STR_FMT, STR_ARG(str_slice(value_text(*why), 0, 200)));
}

static void on_done(void *arg, const struct http_result *r)
{
	struct telemetry *t = arg;
	bool busy = r->status == 429 || r->status == 502 || r->status == 503 || r->status == 504;

	t->done = true;
	t->again = !r->stopped && !r->hopeless && !r->timeout && (!r->answered || busy);
	t->wait = retry_after(r);
	t->why = STR("");
	if (!r->answered)
		t->why = arena_str(&t->c->arena, r->error.p, r->error.n);
	else if (r->status < 200 || r->status > 299)
		t->why = arena_printf(&t->c->arena, "HTTP status %d", r->status);
	else
		take_partial(t, r->body);
}

static void wait_until(struct telemetry *t, int64_t at)
{
	int64_t left = at - clock_boot();

	while (left > 0 && loop_turn(t->loop, left) >= 0)
		left = at - clock_boot();
}

static bool send_one(void *arg, struct str json)
{
	struct telemetry *t = arg;
	struct http_header *headers = mem_array(t->header_count + 1u, sizeof(*headers));
	const char *ca = of_traces("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE");
	struct http_spec s = { .method = STR("POST"), .url = t->url, .body = json, .has_body = true, .headers = headers,
			       .max_body = 64 << 10, .ca_file = str_of(ca), .on_done = on_done, .arg = t };

	headers[s.header_count++] = (struct http_header){ STR("Content-Type"), STR("application/json") };
	for (uint32_t i = 0; i < t->header_count; i++)
		headers[s.header_count++] = (struct http_header){ t->headers[i].name, t->headers[i].value };
	do {
		s.timeout = t->until - clock_boot();
		if (s.timeout <= 0) {
			t->why = t->why.n ? t->why : STR("timeout");
			break;
		}
		t->done = t->again = false;
		(void)http_start(t->http, &s);
		while (!t->done && loop_turn(t->loop, second) >= 0)
			continue;
		if (t->again && t->wait < t->until - clock_boot())
			wait_until(t, clock_boot() + t->wait);
		else
			t->again = false;
	} while (t->again);
	mem_free(headers);
	return !t->why.n;
}

static void send_all(struct telemetry *t, const struct report *r)
{
	const char *error = NULL;
	int err;

	t->loop = loop_new(&err);
	if (!t->loop) {
		cli_error("the trace was not sent: %s", strerror(err));
		return;
	}
	t->http = http_new(t->loop, "runbook/" RUNBOOK_VERSION, &error);
	if (!t->http)
		t->why = str_of(error);
	else if (traces_make(r, t->resource, t->resource_count, send_one, t) < 0 && !t->why.n)
		t->why = STR("it is too long");
	if (t->why.n)
		cli_error("the trace was not sent: " STR_FMT "; `runbook report " STR_FMT " -f otlp` prints it", STR_ARG(t->why), STR_ARG(r->run));
	http_free(t->http);
	loop_free(t->loop);
}

void telemetry_send(struct cli *c, struct str dir)
{
	const char *timeout = of_traces("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
	struct telemetry t = { .c = c, .until = clock_boot() + telemetry_patience(timeout) };
	struct report r;

	t.url = address(&c->arena);
	if (!t.url.n || !report_read(&c->arena, arena_printf(&c->arena, STR_FMT "/journal.jsonl", STR_ARG(dir)).p, false, &r) ||
	    !wanted(&r) || !configure(&t))
		return;
	send_all(&t, &r);
}

void telemetry_put_parent(struct jsonw *w)
{
	struct str parent = str_of(of("TRACEPARENT")), trace, span;
	bool sampled;

	if (traces_parent(parent, &trace, &span, &sampled))
		jsonw_kstr(w, "traceparent", parent);
}
