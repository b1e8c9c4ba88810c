#include "host/curl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* curl: one row for each function of struct curl. */

static const struct { const char *name; size_t at; } rows[] = {
#define ROW(name, field) { "curl_" name, offsetof(struct curl, field) }
	ROW("global_init_mem", global_init_mem), ROW("global_cleanup", global_cleanup),
	ROW("easy_init", easy_init), ROW("easy_cleanup", easy_cleanup), ROW("easy_reset", easy_reset),
	ROW("easy_setopt", easy_setopt),
	ROW("easy_getinfo", easy_getinfo), ROW("easy_strerror", easy_strerror),
	ROW("slist_append", slist_append), ROW("slist_free_all", slist_free_all),
	ROW("multi_init", multi_init), ROW("multi_cleanup", multi_cleanup), ROW("multi_setopt", multi_setopt),
	ROW("multi_add_handle", multi_add_handle), ROW("multi_remove_handle", multi_remove_handle),
	ROW("multi_perform", multi_perform), ROW("multi_poll", multi_poll), ROW("multi_wakeup", multi_wakeup),
	ROW("multi_info_read", multi_info_read), ROW("multi_strerror", multi_strerror),
	ROW("url", url), ROW("url_cleanup", url_cleanup), ROW("url_set", url_set),
#undef ROW
};

const char *curl_load(struct curl *c)
{
	/* Lazily: resolving every name of its thirty libraries takes as long as two hundred requests. */
	void *lib = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);

	if (!lib)
		return "libcurl.so.4 is not installed (Debian: apt install libcurl4)";
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		void *f = dlsym(lib, rows[i].name);

		if (!f)
			return "libcurl.so.4 is too old: 7.85 or later is needed";
		memcpy((char *)c + rows[i].at, &f, sizeof(f));
	}
	return NULL;
}
