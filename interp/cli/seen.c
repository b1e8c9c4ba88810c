#include "cli/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/visible.h"
#include "cli/command.h"
#include "journal/output.h"

/* seen: a short text file that is searched from its start. */

enum { SEEN_MAX = 16 << 20, FIELDS = 4 };

struct line { struct str field[FIELDS]; };

static const char *object_of(const struct git_found *found)
{
	return found->tag_object.hex[0] ? found->tag_object.hex : found->commit.hex;
}

static bool next_line(struct str all, size_t *at, struct line *out)
{
	while (*at < all.n) {
		struct str rest = str_slice(all, *at, all.n);
		ptrdiff_t end = str_find(rest, STR("\n"));
		size_t n = 0, from = 0;

		rest = str_slice(rest, 0, end < 0 ? rest.n : (size_t)end);
		*at += rest.n + 1;
		*out = (struct line){ 0 };
		for (size_t i = 0; i <= rest.n && n < FIELDS; i++)
			if (i == rest.n || rest.p[i] == '\t') {
				out->field[n++] = str_slice(rest, from, i);
				from = i + 1;
			}
		if (n == FIELDS)
			return true;
	}
	return false;
}

/* The line of the tag, if it was seen. */
static bool find(struct cli *c, const char *state, struct str repository, struct str tag, struct line *out)
{
	char key[65];
	struct str all;
	size_t at = 0;

	digest_hex(repository, key);
	if (file_read(&c->arena, arena_printf(&c->arena, "%s/tags", state).p, SEEN_MAX, &all))
		return false;
	while (next_line(all, &at, out))
		if (str_eqz(out->field[0], key) && str_eq(out->field[1], tag))
			return true;
	return false;
}

bool seen_check(struct cli *c, const char *state, struct str repository, const struct git_found *found, struct fault *f)
{
	struct line was;

	if (!found->tag.n || !find(c, state, repository, found->tag, &was) || str_eqz(was.field[2], object_of(found)))
		return true;
	fault_set(f, &c->arena, 410, "the tag `" STR_FMT "` of " STR_FMT " was moved: it stood for commit " STR_FMT " when it was last run, now for %s",
		  STR_ARG(found->tag), STR_ARG(repository), STR_ARG(was.field[3]), found->commit.hex);
	return fault_help(f, &c->arena, "ask who moved it; name the commit that you mean (@COMMIT), or take its line out of %s/tags", state);
}

int seen_add(struct cli *c, const char *state, struct str repository, const struct git_found *found)
{
	struct line was;
	char key[65];
	struct buf b;
	int fd, err;

	if (!found->tag.n || find(c, state, repository, found->tag, &was))
		return 0;
	digest_hex(repository, key);
	buf_init(&b, 64 << 10);
	buf_printf(&b, "%s\t" STR_FMT "\t%s\t%s\t", key, STR_ARG(found->tag), object_of(found), found->commit.hex);
	visible_add(&b, repository);
	buf_addc(&b, '\n');
	fd = open(arena_printf(&c->arena, "%s/tags", state).p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	err = fd < 0 ? errno : flock(fd, LOCK_EX) ? errno : file_write_all(fd, b.p, b.len);
	if (fd >= 0)
		(void)close(fd);
	buf_release(&b);
	return err;
}
