/*
 * fuzz_spec: any bytes as the name of a runbook. What is accepted is made of
 * slices of the text, leads nowhere outside of a repository, has no password and
 * no control characters; a fault has code 401 and points into the text; versions
 * are ordered.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "value/spec.h"
#include "value/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void inside(struct str part, struct str text)
{
	must(!part.n || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void check_spec(struct arena *a, struct str text)
{
	struct fault f;
	struct spec s;
	struct str shown = spec_shown(a, text);

	must(shown.n == text.n);
	if (!spec_parse(a, text, &s, &f)) {
		must(f.code == 401 && f.text.n && f.from <= f.to && f.to <= text.n);
		return;
	}
	inside(s.repo, text);
	inside(s.path, text);
	inside(s.version, text);
	must(s.path.n > 0 && utf8_valid(text));
	for (size_t i = 0; i < text.n; i++)
		must((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f);
	must(!s.version.n || !spec_bad_version(s.version));
	if (s.kind != SPEC_GIT)
		return;
	must(!spec_bad_path(s.path) && s.path.p[0] != '/');
	must(str_starts(s.repo, STR("https://")) ? str_find(str_slice(s.repo, 0, s.repo.n), STR("@")) != 8 : true);
	must(str_eq(shown, text)); /* nothing in it that must not be shown */
}

/* Both halves of the text as versions: the order is one. */
static void check_versions(struct str text)
{
	struct version a, b;
	int c;

	if (!version_parse(str_slice(text, 0, text.n / 2), &a) || !version_parse(str_slice(text, text.n / 2, text.n), &b))
		return;
	c = version_cmp(&a, &b);
	must((c > 0) - (c < 0) == -((version_cmp(&b, &a) > 0) - (version_cmp(&b, &a) < 0)));
	must(version_cmp(&a, &a) == 0 && version_serves(&a, &a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n + 1);
	struct arena a;

	must(copy);
	memcpy(copy, data, n);
	copy[n] = 0;
	arena_init(&a);
	check_spec(&a, (struct str){ copy, n });
	check_versions((struct str){ copy, n });
	arena_release(&a);
	free(copy);
	return 0;
}
