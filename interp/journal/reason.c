#include "journal/reason.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "journal/owned.h"

/* reason: see reason.h. */

enum { FILE_MAX = 32 << 10 }; /* escapes of JSON make a text six times as long at most */

static const char *path_of(struct arena *a, const char *run_dir, pid_t sender)
{
	return arena_printf(a, "%s/cancel.%d.json", run_dir, (int)sender).p;
}

int reason_leave(const char *run_dir, const struct reason *r)
{
	struct arena a;
	struct jsonw w;
	struct buf b;
	int err;

	arena_init(&a);
	buf_init(&b, FILE_MAX);
	jsonw_init(&w, &b);
	jsonw_open(&w, '{');
	jsonw_kint(&w, "v", 1);
	jsonw_kstr(&w, "by", r->by);
	jsonw_kstr(&w, "why", r->why);
	jsonw_close(&w, '}');
	buf_addc(&b, '\n');
	err = file_write_atomic(path_of(&a, run_dir, getpid()), buf_str(&b), 0644, 0); /* root's is read by the runner's account */
	buf_release(&b);
	arena_release(&a);
	return err;
}

bool reason_withdraw(const char *run_dir)
{
	struct arena a;
	bool was;

	arena_init(&a);
	was = !unlink(path_of(&a, run_dir, getpid()));
	arena_release(&a);
	return was;
}

bool reason_take(struct arena *a, const char *run_dir, pid_t sender, uid_t uid, struct reason *out)
{
	struct owned file;
	struct str why;
	const char *path;

	if (sender <= 0)
		return false; /* the terminal, or a process that cannot be seen from here */
	path = path_of(a, run_dir, sender);
	if (!owned_read(a, path, FILE_MAX, &file, &why) || file.uid != (int64_t)uid)
		return false;
	(void)unlink(path);
	out->by = owned_text(&file, "by");
	out->why = owned_text(&file, "why");
	return out->by.n && out->by.n <= REASON_BY_MAX && out->why.n <= REASON_WHY_MAX;
}
