/*
 * zone: reads TZif files (RFC 8536) from the system's zone folder, bounded and
 * without trust: every count is checked against the file's length before use.
 */
#include "value/zone.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"

enum { ZONE_BYTES_MAX = 256 << 10, HEADER = 44 };

struct tzif {
	struct str file;
	size_t at;          /* start of the data behind the header */
	int wide;           /* bytes of a transition time: 4 or 8 */
	uint32_t utc_count, std_count, leap_count, time_count, type_count, char_count;
};

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;
	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int64_t be64(const char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static size_t data_size(const struct tzif *t)
{
	return (size_t)t->time_count * (size_t)(t->wide + 1) + (size_t)t->type_count * 6 + t->char_count +
	       (size_t)t->leap_count * (size_t)(t->wide + 4) + t->std_count + t->utc_count;
}

static bool header(struct tzif *t, size_t at, int wide)
{
	if (t->file.n < HEADER || at > t->file.n - HEADER || memcmp(t->file.p + at, "TZif", 4))
		return false;
	const char *p = t->file.p + at + 20;
	t->utc_count = be32(p);
	t->std_count = be32(p + 4);
	t->leap_count = be32(p + 8);
	t->time_count = be32(p + 12);
	t->type_count = be32(p + 16);
	t->char_count = be32(p + 20);
	t->wide = wide;
	t->at = at + HEADER;
	uint32_t most = ZONE_BYTES_MAX;
	if (t->utc_count > most || t->std_count > most || t->leap_count > most || t->time_count > most ||
	    t->type_count > 256 || t->char_count > most)
		return false;
	return data_size(t) <= t->file.n - t->at;
}

static bool type_at(const struct tzif *t, uint32_t index, struct zone_local *out)
{
	const char *types = t->file.p + t->at + (size_t)t->time_count * (size_t)(t->wide + 1);
	const char *names = types + (size_t)t->type_count * 6;
	if (index >= t->type_count)
		return false;
	const char *p = types + (size_t)index * 6;
	uint32_t name = (unsigned char)p[5];
	out->offset = (int32_t)be32(p);
	if (name >= t->char_count || out->offset < -93600 || out->offset > 93600)
		return false;
	size_t n = strnlen(names + name, t->char_count - name);
	if (n >= sizeof(out->name))
		return false;
	memcpy(out->name, names + name, n);
	out->name[n] = 0;
	return true;
}

static int64_t time_at(const struct tzif *t, uint32_t i)
{
	const char *p = t->file.p + t->at + (size_t)i * (size_t)t->wide;
	return t->wide == 8 ? be64(p) : (int64_t)(int32_t)be32(p);
}

/* The rule between two newlines behind the data; empty if there is none. */
static struct str footer(const struct tzif *t)
{
	struct str rest = str_slice(t->file, t->at + data_size(t), t->file.n);
	if (t->wide != 8 || rest.n < 2 || rest.p[0] != '\n' || rest.p[rest.n - 1] != '\n')
		return STR("");
	return str_slice(rest, 1, rest.n - 1);
}

static bool lookup(const struct tzif *t, int64_t seconds, struct zone_local *out)
{
	struct str rule = footer(t);
	uint32_t low = 0, high = t->time_count; /* transitions before low are not after seconds */
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (time_at(t, mid) <= seconds)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == t->time_count && rule.n)
		return zone_posix(rule, seconds, out);
	if (!low)
		return type_at(t, 0, out);
	const char *types = t->file.p + t->at + (size_t)t->time_count * (size_t)t->wide;
	return type_at(t, (unsigned char)types[low - 1], out);
}

/* Area/Place names only: no way out of the zone folder. */
static bool name_is_safe(struct str tz)
{
	if (!tz.n || tz.n > 64 || tz.p[0] == '/' || tz.p[tz.n - 1] == '/')
		return false;
	for (size_t i = 0; i < tz.n; i++) {
		char c = tz.p[i];
		bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!word && c != '_' && c != '-' && c != '+' && c != '/')
			return false;
	}
	return true;
}

bool zone_at(struct str tz, int64_t seconds, struct zone_local *out)
{
	struct tzif t = { .at = 0 };
	struct arena a;
	char path[128];
	bool ok;

	*out = (struct zone_local){ 0, "UTC" };
	if (str_eqz(tz, "UTC"))
		return true;
	if (!name_is_safe(tz))
		return false;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/" STR_FMT, STR_ARG(tz));
	arena_init(&a);
	ok = file_read(&a, path, ZONE_BYTES_MAX, &t.file) == 0 && header(&t, 0, 4);
	if (ok && t.file.p[4] >= '2')
		ok = header(&t, t.at + data_size(&t), 8);
	ok = ok && !t.leap_count && lookup(&t, seconds, out);
	arena_release(&a);
	return ok;
}
