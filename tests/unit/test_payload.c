/* payload and mailbox: what services get, to the byte where it matters. */
#include "run/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "syntax/runbook.h"
#include "value/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct notice plain = {
	.title = { "Deploy", 6 }, .text = { "one\ntwo", 7 }, .level = LEVEL_ERROR, .incident = { "run1/act/x", 10 }, .runbook = { "shop", 4 },
	.run = { "run1", 4 }, .step = { "act/x", 5 }, .status = { "running", 7 }, .wall = INT64_C(1700000000) * 1000000000,
};

static void test_mailbox(void **state)
{
	static const struct { const char *text, *name, *address; } good[] = {
		{ "a@b", "", "a@b" }, { " ops@example.org ", "", "ops@example.org" }, { "<ops@example.org>", "", "ops@example.org" },
		{ "Ops Team <o.p-s+1@mail.example.org>", "Ops Team", "o.p-s+1@mail.example.org" }, { "\"Kim, K\" <k@x.kr>", "Kim, K", "k@x.kr" },
		{ "런북 <rb@example.org>", "런북", "rb@example.org" },
	};
	static const char *const bad[] = {
		"", "ops", "@example.org", "ops@", "a@b@c", "a b@c", "a@b c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a@b..c", "a@.b", "a@b.",
		"a@[127.0.0.1]", "\"a b\"@c", "a@b>", "x <a@b> y", "a@b\r\nRCPT TO:<c@d>", "x\r\nBcc: c@d <a@b>", "한글@example.org", "a@한글",
		"a<b <c@d>", "x\xff <a@b>", "a@b, c@d",
	};
	char longest[400];
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (mailbox_parse(str_of(good[i].text), &m))
			fail_msg("%s: %s", good[i].text, mailbox_parse(str_of(good[i].text), &m));
		assert_true(str_eqz(m.name, good[i].name));
		assert_true(str_eqz(m.address, good[i].address));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!mailbox_parse(str_of(bad[i]), &m))
			fail_msg("taken: %s", bad[i]);
	assert_null(mailbox_parse(STR("Kim <kim@mail.example.org>"), &m));
	assert_true(str_eqz(mailbox_domain(m), "mail.example.org"));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 64, "@b", 3);
	assert_null(mailbox_parse(str_of(longest), &m));
	memcpy(longest + 64, "a@b", 4);
	assert_non_null(mailbox_parse(str_of(longest), &m));
	assert_non_null(mailbox_parse((struct str){ "a\0b@c", 5 }, &m));
}

static void test_server(void **state)
{
	static const struct { const char *text, *host; int port; } good[] = {
		{ "localhost", "localhost", 0 }, { "smtp.example.org:587", "smtp.example.org", 587 }, { "127.0.0.1:1", "127.0.0.1", 1 },
		{ "[::1]", "[::1]", 0 }, { "[::1]:65535", "[::1]", 65535 },
	};
	static const char *const bad[] = { "", ":25", "a:", "a:0", "a:65536", "a:99999999999", "a:2x", "smtp://a", "a/b", "a b", "a@b", "[::1", "[]", "[::1]x", "::1", "a:1:2" };
	struct str host;
	int port;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_null(mail_server_parse(str_of(good[i].text), &host, &port));
		assert_true(str_eqz(host, good[i].host));
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!mail_server_parse(str_of(bad[i]), &host, &port))
			fail_msg("taken: %s", bad[i]);
}

struct made { struct arena a; struct buf b; struct value v; };

static void parse(struct made *m)
{
	struct json_error je;

	if (m->b.full || !json_parse(&m->a, buf_str(&m->b), &m->v, &je))
		fail_msg("no JSON: %.300s", m->b.p);
}

static void made_init(struct made *m)
{
	arena_init(&m->a);
	buf_init(&m->b, 8 << 20);
}

static void made_release(struct made *m)
{
	arena_release(&m->a);
	buf_release(&m->b);
}

static struct str at(struct value v, const char *name)
{
	const struct value *m = v.kind == V_MAP ? value_get(v, str_of(name)) : NULL;

	return m && m->kind == V_STRING ? value_text(*m) : STR("(none)");
}

static void test_pagerduty(void **state)
{
	static const char *const severities[] = { "info", "warning", "error", "critical" };
	struct str digest;
	struct notice n = plain;
	char key[300];
	struct made m;

	(void)state;
	memset(key, 'k', sizeof(key));
	made_init(&m);
	for (uint8_t level = LEVEL_INFO; level <= LEVEL_CRITICAL; level++) {
		n.level = level;
		buf_clear(&m.b);
		payload_pagerduty(&n, STR("KEY"), &m.b);
		parse(&m);
		assert_true(str_eqz(at(m.v, "routing_key"), "KEY"));
		assert_true(str_eqz(at(m.v, "event_action"), "trigger"));
		assert_true(str_eqz(at(m.v, "dedup_key"), "run1/act/x"));
		assert_true(str_eqz(at(*value_get(m.v, STR("payload")), "severity"), severities[level]));
		assert_true(str_eqz(at(*value_get(m.v, STR("payload")), "summary"), "Deploy"));
		assert_true(str_eqz(at(*value_get(m.v, STR("payload")), "timestamp"), "2023-11-14T22:13:20Z"));
	}
	n.event = EVENT_RESOLVED;
	n.incident = (struct str){ key, 255 };
	buf_clear(&m.b);
	payload_pagerduty(&n, STR("KEY"), &m.b);
	parse(&m);
	assert_true(str_eqz(at(m.v, "event_action"), "resolve"));
	assert_int_equal(at(m.v, "dedup_key").n, 255);
	assert_null(value_get(m.v, STR("payload")));
	n.incident.n = 256; /* more than the service takes: a digest, the same each time */
	for (int i = 0; i < 2; i++) {
		buf_clear(&m.b);
		payload_pagerduty(&n, STR("KEY"), &m.b);
		parse(&m);
		assert_int_equal(at(m.v, "dedup_key").n, 64);
		assert_true(!i || str_eq(digest, at(m.v, "dedup_key")));
		digest = at(m.v, "dedup_key");
	}
	made_release(&m);
}

static void test_title(void **state)
{
	struct notice n = plain;

	(void)state;
	assert_true(str_eqz(payload_title(&n), "Deploy"));
	n.title = STR(" ");
	assert_true(str_eqz(payload_title(&n), "one"));
	n.text = STR("\n\n  first \r\nsecond");
	assert_true(str_eqz(payload_title(&n), "first"));
	n.text = STR("\n");
	assert_true(str_eqz(payload_title(&n), "shop"));
	assert_true(str_eqz(payload_cut(STR("한글"), 5), "한"));
	assert_true(str_eqz(payload_cut(STR("한글"), 6), "한글"));
	assert_true(str_eqz(payload_cut(STR("한글"), 2), ""));
}

static void test_slack(void **state)
{
	struct notice n = plain;
	const struct value *blocks;
	size_t bytes = 0;
	struct made m;
	char *text = malloc(40000);

	(void)state;
	made_init(&m);
	for (int i = 0; i < 40000; i++)
		text[i] = "<&x>\n"[i % 5];
	n.text = (struct str){ text, 40000 };
	n.title = STR("a & b <!channel>");
	payload_slack(&n, &m.b);
	parse(&m);
	assert_true(str_eqz(at(m.v, "text"), "a &amp; b &lt;!channel&gt;"));
	blocks = value_get(value_get(m.v, STR("attachments"))->list[0], STR("blocks"));
	assert_int_equal(blocks->n, 12); /* ten of the text, that it is cut, the context */
	for (uint32_t i = 0; i < 10; i++) {
		struct str s = at(*value_get(blocks->list[i], STR("text")), "text");

		assert_true(s.n <= 3000 && s.n > 2900);
		assert_true(str_starts(s, STR("&lt;&amp;x&gt;\n")) && str_ends(s, STR("&gt;\n"))); /* at lines */
		bytes += s.n;
	}
	assert_true(bytes < 40000 / 5 * 15);
	n.text = (struct str){ text, 6000 * 5 / 15 };
	text[1] = 'y';
	buf_clear(&m.b);
	payload_slack(&n, &m.b);
	parse(&m);
	blocks = value_get(value_get(m.v, STR("attachments"))->list[0], STR("blocks"));
	assert_int_equal(blocks->n, 3);
	n.event = EVENT_RESOLVED;
	n.text = n.title;
	buf_clear(&m.b);
	payload_slack(&n, &m.b);
	parse(&m);
	assert_true(str_eqz(at(value_get(m.v, STR("attachments"))->list[0], "color"), "#2eb886"));
	assert_int_equal(value_get(value_get(m.v, STR("attachments"))->list[0], STR("blocks"))->n, 1); /* not said twice */
	free(text);
	made_release(&m);
}

static bool contains(const struct made *m, const char *text)
{
	return str_find(buf_str(&m->b), str_of(text)) >= 0;
}

static void test_mail(void **state)
{
	struct notice n = plain;
	struct mailbox from, to[2];
	char id[80];
	struct made m;

	(void)state;
	made_init(&m);
	assert_null(mailbox_parse(STR("Run \"Book\" <rb@example.org>"), &from));
	assert_null(mailbox_parse(STR("kim@example.org"), &to[0]));
	assert_null(mailbox_parse(STR("이 <lee@example.org>"), &to[1]));
	payload_mail(&n, from, to, 2, &m.b);
	assert_true(contains(&m, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: \"Run \\\"Book\\\"\"\r\n <rb@example.org>\r\n"
				 "To: kim@example.org,\r\n =?UTF-8?B?7J20?=\r\n <lee@example.org>\r\nSubject: [error] Deploy\r\nMessage-ID: <"));
	assert_true(contains(&m, "References: <run1@example.org>\r\n"));
	assert_true(contains(&m, "\r\n\r\none\r\ntwo\r\n"));
	snprintf(id, sizeof(id), "%.60s", strstr(m.b.p, "Message-ID: "));
	buf_clear(&m.b);
	payload_mail(&n, from, to, 2, &m.b);
	assert_non_null(strstr(m.b.p, id)); /* sent twice, it is the same mail */
	n.wall += 1000000;
	buf_clear(&m.b);
	payload_mail(&n, from, to, 2, &m.b);
	assert_null(strstr(m.b.p, id));

	n.title = STR("a\r\nBcc: x@y\n\tz\x7f");
	n.level = LEVEL_INFO;
	n.text = STR("x = y \n\t\nlast\rCR\r\nend ");
	buf_clear(&m.b);
	payload_mail(&n, from, to, 1, &m.b);
	assert_true(contains(&m, "Subject: [info] a  Bcc: x@y  z \r\n"));
	assert_true(strstr(m.b.p, "\nBcc") > strstr(m.b.p, "\r\n\r\n")); /* in the HTML, not in the head */
	assert_false(contains(&m, "Importance"));
	assert_true(contains(&m, "\r\n\r\nx =3D y=20\r\n=09\r\nlast=0DCR\r\nend=20\r\n\r\n--=20\r\n"));
	made_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox), cmocka_unit_test(test_server), cmocka_unit_test(test_title), cmocka_unit_test(test_pagerduty),
		cmocka_unit_test(test_slack), cmocka_unit_test(test_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
