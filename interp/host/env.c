#include "host/env.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"

/* env: filters environ(7) by a fixed list and patterns. */

static const struct str fixed[] = {
	STR("PATH"), STR("HOME"), STR("USER"), STR("LOGNAME"), STR("SHELL"), STR("LANG"), STR("LC_*"), STR("LANGUAGE"),
	STR("TZ"), STR("TMPDIR"), STR("SSH_AUTH_SOCK"),
	STR("http_proxy"), STR("https_proxy"), STR("ftp_proxy"), STR("no_proxy"), STR("all_proxy"),
	STR("HTTP_PROXY"), STR("HTTPS_PROXY"), STR("FTP_PROXY"), STR("NO_PROXY"), STR("ALL_PROXY"),
	STR("SSL_CERT_FILE"), STR("SSL_CERT_DIR"), STR("CURL_CA_BUNDLE"), STR("REQUESTS_CA_BUNDLE"), STR("NODE_EXTRA_CA_CERTS"),
	STR("GIT_SSL_CAINFO"),
	STR("TRACEPARENT"), STR("TRACESTATE"), STR("BAGGAGE"),
};

/* Does a name match a pattern: the name itself, or a prefix and `*`? */
static bool matches(struct str pattern, struct str name)
{
	if (pattern.n > 1 && name.n && pattern.p[0] != name.p[0]) /* nearly always */
		return false;
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return str_starts(name, str_slice(pattern, 0, pattern.n - 1));
	return str_eq(pattern, name);
}

static bool any(const struct str *patterns, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (matches(patterns[i], name))
			return true;
	return false;
}

static bool named(const struct str *names, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

const char *const *env_base(struct arena *a, const struct str *inherit, uint32_t inherit_count,
			    const struct str *drop, uint32_t drop_count)
{
	size_t all = 0, n = 0;
	const char **list;

	while (environ && environ[all])
		all++;
	list = arena_array(a, all + 1, sizeof(*list));
	for (size_t i = 0; i < all; i++) {
		const char *eq = strchr(environ[i], '=');
		struct str name;

		if (!eq || eq == environ[i])
			continue;
		name = (struct str){ environ[i], (size_t)(eq - environ[i]) };
		if (named(drop, drop_count, name))
			continue;
		if (any(fixed, sizeof(fixed) / sizeof(*fixed), name) || any(inherit, inherit_count, name))
			list[n++] = arena_str(a, environ[i], strlen(environ[i])).p;
	}
	return list;
}

const char *env_get(struct arena *a, struct str name)
{
	if (!name.n || memchr(name.p, '=', name.n) || memchr(name.p, 0, name.n))
		return NULL;
	return getenv(arena_str(a, name.p, name.n).p);
}
