#include "host/user.h"

#include <pwd.h>
#include <string.h>
#include "base/arena.h"
#include "base/file.h"

/* user: a line of the file is name:password:uid:... */

enum { PASSWD_MAX = 1 << 20 };

/* Takes the text up to the next colon off the line. */
static struct str field(struct str *line)
{
	const char *colon = memchr(line->p, ':', line->n);
	size_t n = colon ? (size_t)(colon - line->p) : line->n;
	struct str f = { line->p, n };

	*line = str_slice(*line, n + 1, line->n);
	return f;
}

static struct str in_file(struct arena *a, struct str uid)
{
	struct str text;

	if (file_read(a, "/etc/passwd", PASSWD_MAX, &text))
		return STR("");
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? (size_t)(nl - text.p) : text.n;
		struct str line = { text.p, n }, name = field(&line);

		(void)field(&line); /* the password */
		if (name.n && str_eq(field(&line), uid))
			return arena_str(a, name.p, name.n);
		text = str_slice(text, n + 1, text.n);
	}
	return STR("");
}

struct str user_of(struct arena *a, unsigned uid)
{
	struct str name = in_file(a, arena_printf(a, "%u", uid));
	struct passwd *pw = name.n ? NULL : getpwuid(uid);

	return pw ? arena_str(a, pw->pw_name, strlen(pw->pw_name)) : name;
}
