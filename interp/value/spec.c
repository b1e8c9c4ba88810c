#include "value/spec.h"

#include <string.h>
#include "base/arena.h"

/* spec: reads the text that names a runbook. */

static bool control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* C1 controls and what turns the direction of text would make a name look like another one. */
static bool deceptive(struct str s)
{
	for (size_t at = 0; at < s.n;) {
		uint32_t c = utf8_next(s, &at);

		if ((c >= 0x80 && c <= 0x9f) || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069))
			return true;
	}
	return false;
}

static const char *bad_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (control(s.p[i]))
			return "it has a control character";
	if (!utf8_valid(s))
		return "it is not UTF-8";
	return deceptive(s) ? "it has characters that change how it is shown" : NULL;
}

/* `.git` however it may be spelled on file systems that fold case. */
static bool is_dot_git(struct str s)
{
	static const char name[] = ".git";

	if (s.n != 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if ((s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] - 'A' + 'a' : s.p[i]) != name[i])
			return false;
	return true;
}

const char *spec_bad_path(struct str path)
{
	const char *why = bad_text(path);
	size_t from = 0, depth = 0;

	if (why)
		return why;
	for (size_t i = 0; i <= path.n; i++) {
		struct str part;

		if (i < path.n && path.p[i] == '\\')
			return "it has a backslash";
		if (i < path.n && path.p[i] != '/')
			continue;
		part = str_slice(path, from, i);
		if (!part.n)
			return from ? "it has an empty part" : path.n ? "it begins with `/`" : "it is empty";
		if (str_eqz(part, ".") || str_eqz(part, ".."))
			return "`.` and `..` may not stand in it";
		if (is_dot_git(part))
			return "it leads into `.git`";
		from = i + 1;
		if (++depth > SPEC_DEPTH_MAX)
			return "it has more than 32 parts";
	}
	return NULL;
}

/* git-check-ref-format(1), and what a shell or git could take for something else. */
const char *spec_bad_version(struct str v)
{
	const char *why = bad_text(v);

	if (why)
		return why;
	if (!v.n)
		return "it is empty";
	if (v.n > SPEC_VERSION_MAX)
		return "it is longer than 255 bytes";
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i], next = i + 1 < v.n ? v.p[i + 1] : 0;

		if (memchr(" ~^:?*[\\", c, 8))
			return "it has a character that no tag can have";
		if ((c == '.' && (next == '.' || next == '/')) || (c == '/' && (next == '/' || next == '.')) || (c == '@' && next == '{'))
			return "no tag can have this name";
	}
	if (v.p[0] == '-' || v.p[0] == '/' || v.p[0] == '.' || v.p[v.n - 1] == '/' || v.p[v.n - 1] == '.' || str_ends(v, STR(".lock")))
		return "no tag can have this name";
	return NULL;
}

bool spec_is_id(struct str v, size_t digits)
{
	if (v.n != digits)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!((v.p[i] >= '0' && v.p[i] <= '9') || (v.p[i] >= 'a' && v.p[i] <= 'f')))
			return false;
	return true;
}

static size_t after_last(struct str s, char c)
{
	size_t i = s.n;

	while (i && s.p[i - 1] != c)
		i--;
	return i;
}

/* Where the version begins (behind its `@`), or 0. */
static size_t version_at(struct str s)
{
	size_t slash = after_last(s, '/'), at = after_last(s, '@');

	if (at > slash)
		return at;
	for (size_t i = s.n; i-- > 0;) {
		struct str before = str_slice(s, 0, i);

		if (s.p[i] == '@' && (str_ends(before, STR(".yml")) || str_ends(before, STR(".yaml"))))
			return i + 1;
	}
	return 0;
}

static bool part_fault(struct fault *f, struct arena *a, const struct spec *s, struct str part, const char *what, const char *why)
{
	if (f->code)
		return false;
	f->from = part.n ? (uint32_t)(part.p - s->text.p) : 0;
	f->to = part.n ? f->from + (uint32_t)part.n : 0;
	return fault_set(f, a, 401, "the %s `" STR_FMT "` is refused: %s", what, STR_ARG(part), why);
}

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static const char *bad_host(struct str host)
{
	size_t n = host.n;

	if (!n)
		return "a host is missing";
	if (host.p[0] == '-')
		return "a host cannot begin with `-`";
	while (n && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	if (n && n < host.n && host.p[n - 1] == ':')
		n--; /* a port */
	else
		n = host.n;
	if (host.p[0] == '[' && host.p[n - 1] == ']') {
		for (size_t i = 1; i + 1 < n; i++)
			if (!host_char(host.p[i]) && host.p[i] != ':')
				return "this is no IPv6 address";
		return n > 2 ? NULL : "this is no IPv6 address";
	}
	for (size_t i = 0; i < n; i++)
		if (!host_char(host.p[i]))
			return "a host has only letters, digits, `.`, `-` and `_`";
	return n ? NULL : "a host is missing";
}

static const char *bad_url(struct str rest, bool https, bool ssh)
{
	ptrdiff_t slash = str_find(rest, STR("/"));
	struct str host = str_slice(rest, 0, slash < 0 ? rest.n : (size_t)slash);
	struct str path = str_slice(rest, host.n, rest.n);
	size_t at = after_last(host, '@');

	if (path.n < 2)
		return "the path of a repository is missing";
	for (size_t i = 0; i < path.n; i++)
		if (memchr(" \\?#\"'`$&;|<>*", path.p[i], 15))
			return "a character in it has no place in the path of a repository";
	if (str_find(path, STR("/../")) >= 0 || str_ends(path, STR("/..")))
		return "`..` may not stand in it";
	if (at && https)
		return "credentials do not belong in a source, where they would be stored and shown";
	if (at && ssh) {
		for (size_t i = 0; i + 1 < at; i++)
			if (!host_char(host.p[i]))
				return "only a user's name may stand before the `@`";
		if (at == 1 || host.p[0] == '-')
			return "only a user's name may stand before the `@`";
	}
	if (!https && !ssh)
		return host.n ? "it must have three slashes: git+file:///folder" : NULL;
	return bad_host(str_slice(host, at, host.n));
}

struct str spec_shown(struct arena *a, struct str text)
{
	ptrdiff_t scheme = str_find(text, STR("://"));
	size_t from = scheme < 0 ? text.n : (size_t)scheme + 3, at = 0, end = from;
	char *out = arena_alloc(a, text.n + 1);

	memcpy(out, text.p, text.n);
	for (; end < text.n && text.p[end] != '/'; end++)
		if (text.p[end] == '@')
			at = end;
	if (!str_starts(text, STR("git+")))
		at = 0;
	if (at && str_starts(text, STR("git+ssh://"))) /* a user's name is no secret, what follows a colon is */
		while (from < at && text.p[from] != ':')
			from++;
	for (size_t i = from; i < at; i++)
		out[i] = '*';
	return (struct str){ out, text.n };
}

static bool parse_git(struct arena *a, struct spec *s, struct fault *f)
{
	struct str url = str_slice(s->text, 4, s->text.n), rest;
	bool https = str_starts(url, STR("https://")), ssh = str_starts(url, STR("ssh://")), file = str_starts(url, STR("file://"));
	size_t scheme = https ? 8 : ssh ? 6 : 7, at;
	const char *why;
	ptrdiff_t gap;

	s->kind = SPEC_GIT;
	if (!https && !ssh && !file) {
		fault_set(f, a, 401, "`" STR_FMT "` is not a source that can be fetched", STR_ARG(spec_shown(a, s->text)));
		return fault_help(f, a, "git+https://, git+ssh:// and git+file:// are");
	}
	rest = str_slice(url, scheme, url.n);
	gap = str_find(rest, STR("//"));
	if (gap < 0) {
		fault_set(f, a, 401, "`" STR_FMT "` does not say which file of the repository is meant", STR_ARG(spec_shown(a, s->text)));
		return fault_help(f, a, "write `//` between repository and file: git+https://host/repository//deploy.yml@v1.4.0");
	}
	s->repo = str_slice(url, 0, scheme + (size_t)gap);
	s->path = str_slice(rest, (size_t)gap + 2, rest.n);
	at = version_at(s->path);
	if (at) {
		s->version = str_slice(s->path, at, s->path.n);
		s->path = str_slice(s->path, 0, at - 1);
	}
	why = bad_url(str_slice(s->repo, scheme, s->repo.n), https, ssh);
	if (why) /* not shown: it may hold a password */
		return fault_set(f, a, 401, "the repository's address is refused: %s", why);
	why = spec_bad_path(s->path);
	return why ? part_fault(f, a, s, s->path, "path", why) : true;
}

static bool parse_std(struct spec *s)
{
	size_t at = version_at(s->text);
	struct str name = at ? str_slice(s->text, 4, at - 1) : str_slice(s->text, 4, s->text.n);

	for (size_t i = 0; i < name.n; i++)
		if ((!host_char(name.p[i]) && name.p[i] != '/') || name.p[i] == '.')
			return false;
	if (!name.n || name.p[0] == '/' || name.p[name.n - 1] == '/')
		return false;
	s->kind = SPEC_STD;
	s->path = name;
	s->version = at ? str_slice(s->text, at, s->text.n) : STR("");
	return true;
}

bool spec_parse(struct arena *a, struct str text, struct spec *out, struct fault *f)
{
	const char *why = bad_text(text);
	size_t at;

	*out = (struct spec){ .text = text };
	*f = (struct fault){ 0 };
	if (why || text.n > SPEC_MAX || !text.n)
		return fault_set(f, a, 401, "the name of a runbook is refused: %s", why ? why : text.n ? "it is longer than 4096 bytes" : "it is empty");
	if (str_starts(text, STR("git+"))) {
		if (!parse_git(a, out, f))
			return false;
	} else if (!str_starts(text, STR("std/")) || !parse_std(out)) {
		at = version_at(text);
		out->kind = SPEC_FILE;
		out->path = at ? str_slice(text, 0, at - 1) : text;
		out->version = at ? str_slice(text, at, text.n) : STR("");
		if (!out->path.n)
			return fault_set(f, a, 401, "no file is named before the `@`");
	}
	if (!out->version.n)
		return str_ends(text, STR("@")) ? fault_set(f, a, 401, "a version is missing behind the `@`") : true;
	why = spec_bad_version(out->version);
	return why ? part_fault(f, a, out, out->version, "version", why) : true;
}
